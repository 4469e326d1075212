"""What the commands need on this machine: ``.venv`` as Pipfile.lock has it, and Debian packages."""

import hashlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import KIT, LOCK, MODELS, PIPENV_LOCK, VENV, state

TOOLS = {"ssh": "openssh-client"}
"""Program → Debian package, for any environment."""

REHEARSAL = {
    "podman": "podman",
    "runc": "runc",
    "netavark": "netavark",
    "iptables": "iptables",
    "nft": "nftables",
    "mmdebstrap": "mmdebstrap",
}
"""Program → Debian package, for hosts on this machine."""

SANDBOX = {"bwrap": "bubblewrap"}
"""Program → Debian package, for models that come as a stranger's file."""

BROWSER = {"chromium": "chromium"}
"""Program → Debian package, for the browser tests."""

UNITS = {"systemd-analyze": "systemd"}
"""Program → Debian package, for the tests of the units' templates. Those of Nginx's unpack it: it would listen here."""

_SEARCH_PATH = os.pathsep.join((*os.get_exec_path(), "/usr/sbin", "/sbin", "/usr/lib/podman", "/usr/libexec/podman"))


def for_models() -> dict[str, str]:
    """Return the programs that are needed to build this project's models."""
    return SANDBOX if any(MODELS.glob("*/model.joblib")) else {}


def prepare(console: Console) -> None:
    """Make ``.venv`` hold what Pipfile.lock says; returns at once if it already does.

    A virtualenv that an interrupted run left is built again. pip's own settings (index, certificate, proxy) apply.

    Raises:
        DeployError: a package could not be installed.
    """
    if is_ready():
        return
    with exclusive(state("toolchain.lock")):
        if is_ready():
            return
        if importlib.util.find_spec("ensurepip") is None:
            install(console, ["python3-venv"])
        with console.step("Install the packages of Pipfile.lock into .venv (once)"):
            _build(console)


def is_ready() -> bool:
    """Return whether ``.venv`` is complete and the one that Pipfile.lock asks for."""
    return _marker().exists() and (VENV / "bin" / "python").exists()


def missing(programs: dict[str, str]) -> list[str]:
    """Return the Debian packages of those programs that this machine doesn't have."""
    return [package for program, package in programs.items() if not shutil.which(program, path=_SEARCH_PATH)]


def require(console: Console, programs: dict[str, str]) -> None:
    """Install the Debian packages of the programs that are missing."""
    if packages := missing(programs):
        install(console, packages)


def install(console: Console, packages: Sequence[str]) -> None:
    """Install Debian packages.

    Raises:
        DeployError: this isn't Debian, the user may not install packages, or apt failed.
    """
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise DeployError(f"this machine lacks {names}", "Install them with its package manager, then try again.")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = as_root(["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"])
    advice = f"Run by hand: apt-get update && apt-get install --no-install-recommends {names}"
    with console.step(f"Install {names}"):
        console.run([*apt, "update"], advice=advice, env=environment)
        console.run([*apt, "install", "-y", "--no-install-recommends", *packages], advice=advice, env=environment)


def venv_environment() -> dict[str, str]:
    """Return the environment variables for a program of ``.venv``: its own folder first in ``PATH``."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path, "VIRTUAL_ENV": str(VENV)}


def as_root(command: Sequence[str | Path]) -> list[str]:
    """Return the command as root runs it: through sudo if this user isn't root.

    Raises:
        DeployError: neither root nor sudo.
    """
    arguments = [str(argument) for argument in command]
    if os.geteuid() == 0:
        return arguments
    if not shutil.which("sudo"):
        raise DeployError("this needs root, and sudo isn't installed", "Run it as root, or install sudo.")
    return ["sudo", *arguments]


def _build(console: Console) -> None:
    advice = "Is the package index reachable? pip's own settings apply: python3 -m pip config list"
    pipenv = state("pipenv")
    _fresh_virtualenv(console, pipenv)
    console.run([pipenv / "bin" / "pip", "install", "--require-hashes", "--no-deps", "-r", PIPENV_LOCK], advice=advice)
    _fresh_virtualenv(console, VENV)
    settings = {
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_NOSPIN": "1",
        "PIP_COMPILE": "0",
    }
    inherited = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")}
    console.run([pipenv / "bin" / "pipenv", "sync", "--dev"], advice=advice, cwd=KIT, env=inherited | settings)
    _compile(console)
    _marker().touch()


def _compile(console: Console) -> None:
    """Compile on all cores what pip compiles one file after another; as pip does, leave what can't be compiled."""
    compileall: list[str | Path] = [VENV / "bin" / "python", "-m", "compileall", "-q", "-j", "0"]
    with suppress(DeployError):
        console.run([*compileall, "-x", "site-packages/.*/tests/", VENV / "lib"])


def _fresh_virtualenv(console: Console, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    console.run([sys.executable, "-m", "venv", folder], advice="On Debian: apt-get install python3-venv")


def _marker() -> Path:
    """The file that says that ``.venv`` is complete: written last, named after the lock files' content."""
    locks = LOCK.read_bytes() + PIPENV_LOCK.read_bytes()
    return VENV / f"complete-{hashlib.sha256(locks).hexdigest()[:12]}"
