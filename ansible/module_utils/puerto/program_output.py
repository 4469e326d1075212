"""What another program printed before it failed, made fit for a sentence; the whole goes into Ansible's output."""

import re
from itertools import chain, takewhile

CONTROL = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][0-9A-Z]|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f]"
)
"""Colours, titles of windows, and what else a terminal would obey."""

ERROR = re.compile(r"([\w.]*Error|ERROR|E|error|fatal): |.*(\[Errno \d+\]|No space left)")
"""How pip, pipenv, apt and Python begin the line that tells the error."""

CONTEXT = (re.compile(r"Looking in indexes: "), re.compile(r"(WARNING|W): "))
"""Where pip looked, and what went wrong before the error; the last line of each."""

HASH = re.compile(r"[\s\\]*--hash=\w+:\w+")
RETRY = re.compile(r"Retrying \(Retry\(.*?\)\) after ")
REPEATED = re.compile(r"ERROR: Couldn't install package")
"""Where pipenv lists all packages of a batch in which one failed."""

MOST_LINES, MOST_CHARACTERS = 3, 400


def plain(text: str) -> str:
    """Return a text without colours, and without blanks at its ends."""
    return CONTROL.sub("", text).strip()


def last_lines(text: str, count: int = MOST_LINES) -> str:
    """Return the last lines, without colours, blank lines and repetitions."""
    return "\n".join(_lines(text)[-count:])


def package_error(text: str) -> str:
    """Return why a package manager failed: its first error, the warning before it and the index, without hashes.

    Where nothing is marked as an error, these are its last lines.
    """
    lines = list(takewhile(lambda line: not REPEATED.match(line), _lines(HASH.sub("", text))))
    first = next((number for number, line in enumerate(lines) if ERROR.match(line)), None)
    if first is None:
        return last_lines("\n".join(lines))
    context = [[line for line in lines[:first] if pattern.match(line)][-1:] for pattern in CONTEXT]
    return RETRY.sub("", "\n".join([*chain(*context), *lines[first : first + MOST_LINES]]))


def _lines(text: str) -> list[str]:
    lines = map(plain, text.splitlines())
    return [line[:MOST_CHARACTERS] for line in dict.fromkeys(lines) if line]
