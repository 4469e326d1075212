"""sudo's password, where Ansible would look for it: it is in nothing that pytest prints."""

import functools
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "ANSIBLE_BECOME_PASSWORD_FILE"
OPTIONS = ("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass")
"""Names that an inventory may give it, the first that is there."""


def without_passwords(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a host's values without sudo's password."""
    return {name: value for name, value in values.items() if name not in OPTIONS}


def password(values: Mapping[str, Any], file: str | None) -> str:
    """Return a host's password for sudo; empty if there is none."""
    own = next((str(values[name]) for name in OPTIONS if values.get(name)), "")
    return own or (_content(Path(file)) if file else "")


@functools.cache
def _content(file: Path) -> str:
    """Return what a file holds, or prints if it can be executed; a pipe can be read once."""
    path = file.expanduser()
    if path.is_file() and os.access(path, os.X_OK):
        return subprocess.run([path], check=True, capture_output=True, text=True).stdout.strip("\r\n")
    return path.read_text().strip("\r\n")
