"""What the current release consists of, compared with what was written down of it when it was made."""

import shlex

from deploy.base.paths import KIT

PROGRAM = KIT / "ansible" / "module_utils" / "puerto" / "content.py"


def test_release_and_its_virtualenv_are_as_they_were_made(host, values):
    """By this checkout's program: the host's own may have been edited too."""
    current = f"{values['app_root']}/current"
    virtualenv = f"$(dirname $(readlink --canonicalize {current}/.venv))"
    edits = host.check_output(f"/usr/bin/python3 -c {shlex.quote(PROGRAM.read_text())} {current} {virtualenv}")
    assert not edits, f"edited on the host, which the next up mends: {'; '.join(edits.splitlines())}"
