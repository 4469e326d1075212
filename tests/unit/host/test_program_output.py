"""What other programs print, cut down to what a person needs."""

import pytest
from puerto.program_output import last_lines, package_error, plain

HASHES = " ".join(f"--hash=sha256:{number:064x}" for number in range(60))
UNREACHABLE = f"""Creating a virtualenv for this project
Successfully created virtual environment!
Looking in indexes: https://index.invalid/simple
WARNING: Retrying (Retry(total=1, connect=None, read=None)) after connection broken by 'NameResolutionError("no")': /a/
WARNING: Retrying (Retry(total=0, connect=None, read=None)) after connection broken by 'NameResolutionError("no")': /a/
ERROR: Could not find a version that satisfies the requirement a==0.8.0 (from versions: none)
ERROR: No matching distribution found for a==0.8.0
ERROR: Couldn't install package(s): a==0.8.0; python_version >= '3.10' {HASHES}, b==6.10.1 {HASHES}
{HASHES}, ...
Package installation failed...
"""
TAMPERED = f"""Collecting a==1
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    a==1 from https://index.example/a.whl (from -r /dev/stdin (line 1)):
        Expected sha256 {1:064x}
             Got        {2:064x}
"""


@pytest.mark.parametrize(
    ("output", "error"),
    [
        (
            UNREACHABLE,
            """Looking in indexes: https://index.invalid/simple
WARNING: connection broken by 'NameResolutionError("no")': /a/
ERROR: Could not find a version that satisfies the requirement a==0.8.0 (from versions: none)
ERROR: No matching distribution found for a==0.8.0""",
        ),
        (
            TAMPERED,
            f"""ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
a==1 from https://index.example/a.whl (from -r /dev/stdin (line 1)):
Expected sha256 {1:064x}""",
        ),
        (
            f"ERROR: Hashes are required, but they are missing from some requirements.\n    a==1 {HASHES}\n",
            "ERROR: Hashes are required, but they are missing from some requirements.\na==1",
        ),
        ("\x1b[31m\x1b[1mERROR:\x1b[0m the lock is broken\n\x1b[0m\n", "ERROR: the lock is broken"),
        ("Reading lists\nW: old\nE: Unable to locate package x\n", "W: old\nE: Unable to locate package x"),
        ("cp: error writing '/x': No space left on device\n", "cp: error writing '/x': No space left on device"),
        ("OSError: [Errno 28] No space left on device\n", "OSError: [Errno 28] No space left on device"),
        ("one\ntwo\nthree\nKilled\n", "two\nthree\nKilled"),
        ("", ""),
    ],
)
def test_error_of_a_package_manager(output, error):
    assert package_error(output) == error


def test_colours_and_what_else_a_terminal_obeys_are_left_out():
    assert plain("\x1b]0;title\x07\x1b[1;31mred\x1b[0m\x1b(B \x08é\r\n") == "red é"


def test_last_lines_repeat_nothing():
    log = "nginx: [emerg] bind() failed\n" * 5 + "\n\x1b[0m\nnginx: [emerg] still could not bind()\n"
    assert last_lines(log) == "nginx: [emerg] bind() failed\nnginx: [emerg] still could not bind()"
    assert len(last_lines("x" * 5000)) < 1000
