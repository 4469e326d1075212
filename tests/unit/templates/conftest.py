"""Debian's Nginx, to read what the templates make."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.base.locks import exclusive
from deploy.base.paths import state
from deploy.base.toolchain import as_root

PACKAGES = ("nginx", "nginx-common")


@pytest.fixture(scope="session")
def debian_nginx() -> Path:
    """A folder with Debian's Nginx and its configuration.

    Unpacked, which needs no root: installed, it would serve this machine's port 80.
    """
    folder = state("test", "nginx")
    with exclusive(state("test", "nginx.lock")):
        if not (folder / "complete").exists():
            folder.mkdir(exist_ok=True)
            _download(folder)
            for package in folder.glob("*.deb"):
                _must_run("dpkg-deb", "--extract", str(package), str(folder))
            (folder / "complete").touch()
    return folder


def _download(folder: Path) -> None:
    command = ["apt-get", "-qq", "download", *PACKAGES]
    if subprocess.run(command, cwd=folder, capture_output=True).returncode:  # a machine may have no package lists yet
        _must_run(*as_root(["apt-get", "-qq", "update"]))
        _must_run(*command, folder=folder)


def _must_run(*command: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
