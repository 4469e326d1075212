"""The checks of style and types: the one list of them, which pre-commit and CI run too."""

import os
import subprocess

import pytest

from deploy.base.paths import KIT, VENV

CHECKS = [
    ["ruff", "check", "."],
    ["ruff", "format", "--check", "."],
    ["mypy"],
    ["yamllint", "--strict", "."],
    ["ansible-lint", "--strict", "--offline"],
]


@pytest.mark.parametrize("command", CHECKS, ids=" ".join)
def test_check_is_clean(command):
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(command, cwd=KIT, capture_output=True, text=True, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
