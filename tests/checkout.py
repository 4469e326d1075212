"""Copies of this checkout, as a clone has it, with this one's tools: for what writes into its project."""

import shutil
import subprocess
from pathlib import Path

from deploy.base.paths import KIT, VENV


def copied(to: Path) -> Path:
    """Copy what git knows, and what it would, to a new folder; return that."""
    shutil.rmtree(to, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=KIT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (KIT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(KIT / name, to / name)
    (to / ".venv").symlink_to(VENV)
    return to
