"""The program that lies in each release on its host, started as units and people start it."""

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
    """A release's folder, with nothing but its program and what it was made from."""
    folder = tmp_path / "releases" / "0123456789ab"
    shutil.copytree(PROGRAMS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "plan.json").write_text(json.dumps({"unit": "flask_app"}))
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-B", "-m", *words], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["puerto", "host"])
def test_program_answers_to_its_name_and_the_one_that_it_had(release, name):
    helps = run(release, name, "--help")
    assert helps.stdout.startswith("usage: python3 -m puerto ")
    assert "boot" in helps.stdout
    booted = run(release, name, "boot")
    assert booted.returncode == 1
    assert booted.stderr == f"{release.parents[1]}/current: leads to no release\n"
