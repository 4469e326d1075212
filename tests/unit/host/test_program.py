"""The program that is part of each release on its host, run as units and people run it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.base.paths import KIT

PROGRAMS = KIT / "ansible" / "module_utils"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release's folder, with nothing in it but its program and its plan."""
    folder = tmp_path / "releases" / "0123456789ab"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "plan.json").write_text(json.dumps({"unit": "flask_app"}))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-B", "-m", *arguments], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["puerto", "host"])
def test_program_runs_by_its_name_and_by_its_former_one(release, name):
    usage = run(release, name, "--help").stdout
    assert usage.startswith("usage: python3 -m puerto ")
    assert "boot" in usage
    result = run(release, name, "boot")
    assert result.returncode == 1
    assert result.stderr == f"{release.parents[1]}/current: points to no release\n"
