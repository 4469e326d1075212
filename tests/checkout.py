"""Copies of this checkout, as a clone would be, with this one's tools: for tests that write into their project."""

import shutil
import subprocess
from pathlib import Path

from deploy.base.paths import KIT, VENV


def copied(target: Path) -> Path:
    """Copy what git tracks, and what it doesn't ignore, to a new folder; return that."""
    shutil.rmtree(target, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=KIT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, output.split("\0")):
        if (KIT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(KIT / name, target / name)
    (target / ".venv").symlink_to(VENV)
    return target
