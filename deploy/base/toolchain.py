"""What the commands need on this machine: ``.venv`` as Pipfile.lock has it, and Debian packages."""

import hashlib
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from deploy.base import ownership, variables
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import KIT, LOCK, MODELS, OWN_PACKAGES, PIPENV_LOCK, STATE, VENV, state
from deploy.base.program_output import package_error

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

NO_SANDBOX = "PUERTO_NO_SANDBOX"
"""A variable that, set to 1, opens model files without a sandbox: for machines that can't make one."""

OTHER_SYSTEM = "Install it with this machine's own package manager, then try again."
"""What to do where there is no apt-get."""

BROWSER = {"chromium-headless-shell": "chromium-headless-shell"}
"""Program → Debian package, for the browser tests: Chromium without windows, which starts in a third of the time."""

PIPENV_SETTINGS = {
    "PIPENV_VENV_IN_PROJECT": "1",
    "PIPENV_IGNORE_VIRTUALENVS": "1",
    "PIPENV_NOSPIN": "1",
    "PIP_COMPILE": "0",
    "PIP_USER": "0",  # pip's own settings may say otherwise
}

INDEX_ADVICE = "Is the package index reachable? pip's own settings apply: python3 -m pip config list"

UNITS = {"systemd-analyze": "systemd"}
"""Program → Debian package, for the tests of the units' templates. Those of Nginx's unpack it: it would listen here."""

_SEARCH_PATH = os.pathsep.join((*os.get_exec_path(), "/usr/sbin", "/sbin", "/usr/lib/podman", "/usr/libexec/podman"))


def for_models() -> dict[str, str]:
    """Return the programs that are needed to build this project's models."""
    return sandbox() if any(MODELS.glob("*/model.joblib")) else {}


def sandbox() -> dict[str, str]:
    """Return the programs that open a stranger's model file; none if the operator does without.

    Raises:
        DeployError: this system has no such sandbox.
    """
    if os.environ.get(NO_SANDBOX) == "1":
        return {}
    if platform.system() != "Linux":
        raise DeployError(
            f"a model's file is opened in a sandbox of Linux, which {platform.system()} lacks",
            "Do it on a Debian machine or in a container of one, or put a train.py in place of the file. Is the file "
            f"yours? Then open it without a sandbox: {NO_SANDBOX}=1 and the same command.",
        )
    return SANDBOX


def prepare(console: Console) -> None:
    """Make ``.venv`` hold what Pipfile.lock says; returns at once if it already does.

    A virtualenv that an interrupted run left is built again. pip's own settings (index, certificate, proxy) apply.

    Raises:
        DeployError: a package could not be installed.
    """
    if is_ready():
        return
    ownership.require(*(folder for folder in (VENV, STATE / "pipenv") if folder.exists()))
    with exclusive(state("toolchain.lock")):
        if is_ready():
            return
        if importlib.util.find_spec("ensurepip") is None:
            install(console, ["python3-venv"])
        with console.step("Install the packages of Pipfile.lock into .venv (once)"):
            _build(console)


def is_ready() -> bool:
    """Return whether ``.venv`` is complete, the one that Pipfile.lock asks for, and its Python one that may be run.

    That of a ``.venv`` which root made may lie in root's home.
    """
    return os.access(_marker(), os.R_OK) and os.access(VENV / "bin" / "python", os.X_OK)


def missing(programs: dict[str, str]) -> list[str]:
    """Return the Debian packages of those programs that this machine doesn't have."""
    return [programs[program] for program in missing_programs(programs)]


def missing_programs(programs: dict[str, str]) -> list[str]:
    """Return those programs that this machine doesn't have."""
    return [program for program in programs if not shutil.which(program, path=_SEARCH_PATH)]


def has_apt() -> bool:
    """Return whether this machine installs Debian's packages."""
    return shutil.which("apt-get") is not None


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
    if not has_apt():
        raise DeployError(f"this machine lacks what Debian's packages bring: {names}", OTHER_SYSTEM)
    environment = variables.inherited() | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = as_root(["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"])
    advice = f"Run by hand: apt-get update && apt-get install --no-install-recommends {names}"
    with console.step(f"Install {names}"):
        console.run([*apt, "update"], advice=advice, env=environment)
        console.run([*apt, "install", "-y", "--no-install-recommends", *packages], advice=advice, env=environment)


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


def pipenv(console: Console) -> Path:
    """Return the pipenv that writes and reads Pipfile.lock, in a virtualenv of its own; made where there is none."""
    folder = state("pipenv")
    program, marker = folder / "bin" / "pipenv", folder / f"complete-{_hash(PIPENV_LOCK.read_bytes())}"
    if not marker.exists():
        _fresh_virtualenv(console, folder)
        console.run(
            [folder / "bin" / "pip", "install", "--require-hashes", "--no-deps", "-r", PIPENV_LOCK],
            advice=INDEX_ADVICE,
            cause=package_error,
        )
        marker.touch()
    return program


def mark_ready() -> None:
    """Say that ``.venv`` holds what Pipfile.lock says now."""
    _marker().touch()


def _build(console: Console) -> None:
    program = pipenv(console)
    _fresh_virtualenv(console, VENV)
    console.run(
        [program, "sync", "--categories", f"packages dev-packages {OWN_PACKAGES}"],
        advice=INDEX_ADVICE,
        cwd=KIT,
        env=variables.inherited() | PIPENV_SETTINGS,
        cause=package_error,
    )
    _compile(console)
    mark_ready()


def _compile(console: Console) -> None:
    """Compile on all cores what pip compiles one file after another; as pip does, leave what can't be compiled."""
    compileall: list[str | Path] = [VENV / "bin" / "python", "-m", "compileall", "-q", "-j", "0"]
    with suppress(DeployError):
        console.run([*compileall, "-x", "site-packages/.*/tests/", VENV / "lib"])


def _fresh_virtualenv(console: Console, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    console.run([sys.executable, "-m", "venv", folder])


def _marker() -> Path:
    """The file that says that ``.venv`` is complete: written last, named after the lock files' content."""
    return VENV / f"complete-{_hash(LOCK.read_bytes() + PIPENV_LOCK.read_bytes())}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
