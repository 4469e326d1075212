"""The content of the current release, compared with the record that was made of it."""

import shlex

from deploy.base.paths import KIT

PROGRAM = KIT / "ansible" / "module_utils" / "puerto" / "content.py"


def test_release_and_its_virtualenv_are_as_they_were_made(host, values):
    """Compared by this checkout's program, since the host's own may have been edited too."""
    current = f"{values['app_root']}/current"
    virtualenv = f"$(dirname $(readlink --canonicalize {current}/.venv))"
    differences = host.check_output(f"/usr/bin/python3 -c {shlex.quote(PROGRAM.read_text())} {current} {virtualenv}")
    assert not differences, f"edited on the host; the next up restores it: {'; '.join(differences.splitlines())}"
