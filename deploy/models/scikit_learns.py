"""The scikit-learns of other minor versions: files that they wrote are opened in them. Installed once each, and kept.

A folder of packages takes precedence over those of ``.venv`` in the sandbox, and nowhere else: what is compiled there
answers as that version does, and the server needs none of it.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import distributions, version
from pathlib import Path

from deploy.base import variables
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import state, tool
from deploy.base.program_output import package_error
from deploy.models.sandbox.bubblewrap import Sandbox, open_sandbox
from deploy.models.sandbox.replies import Writers

NAME = "scikit-learn"
FIRST = (1, 2)
"""The oldest whose files are opened."""

CONTEMPORARIES = (
    ((1, 4, 2), ("numpy<2", "scipy<1.15", "pandas<3")),
    ((1, 9), ("numpy<2.4", "scipy<1.17", "pandas<3")),
)
"""Before a version → the releases of other packages that it doesn't know yet."""

RECORDED = ("joblib", "numpy", NAME)
"""Packages whose versions say what a model was made with."""

AVAILABLE = re.compile(r"requirement scikit-learn==\S* \(from versions: ([^)]*)\)")
"""How pip lists the versions that there are for this Python, where the one that was asked for isn't."""

_Numbers = tuple[int, ...]


class _Unavailable(Exception):
    """There is no such version for this Python: those that there are."""

    def __init__(self, versions: Sequence[str]) -> None:
        self.versions = versions


def of_files(sandbox: Sandbox, file: Path, *others: Path) -> Path | None:
    """Return the packages in which files must be opened; None: those of ``.venv``.

    Args:
        sandbox: in which the files can be read; it opens none.

    Raises:
        DeployError: they were written by several versions, or by one that can't be had.
    """
    found = sandbox.run("written_by", Writers, files=[*map(str, others)])[0].versions
    writers = {path: writer for path, writer in zip([file, *others], found, strict=True) if writer}
    if len({_minor(writer) for writer in writers.values()}) > 1:
        listed = ", ".join(f"{path} by {writer}" for path, writer in writers.items())
        raise DeployError(
            f"{file}: {NAME} of several versions wrote what belongs together: {listed}",
            f"Save them all with one, where they were trained, or again with {version(NAME)}, which runs here.",
        )
    return packages(file, next(iter(writers.values()), ""))


def packages(file: Path, writer: str) -> Path | None:
    """Return a folder with the scikit-learn that wrote a file, installed where it isn't yet; None: ours will do.

    Args:
        writer: its version; empty: unknown.

    Raises:
        DeployError: it can't be had.
    """
    if not writer or _minor(writer) == _minor(version(NAME)):
        return None
    if _minor(writer) < FIRST:
        oldest = ".".join(map(str, FIRST))
        raise DeployError(f"{file}: was made by {NAME} {writer}; files of {oldest} and later can be opened", _ways())
    try:
        return installed(writer)
    except _Unavailable as fault:
        return packages(file, _nearest(file, writer, fault.versions))


def installed(writer: str) -> Path:
    """Return the folder of a version, installed where it isn't yet.

    Raises:
        DeployError: pip couldn't; why.
        _Unavailable: there is no such version for this Python.
    """
    folder = state(NAME, f"{writer}-{sys.implementation.cache_tag}")
    with exclusive(state("locks", f"{NAME}-{writer}")):
        if not folder.is_dir():
            for leftover in folder.parent.glob(f".{folder.name}-*"):  # of a run that was killed
                shutil.rmtree(leftover)
            _install(writer, folder)
    return folder


def made_with(folder: Path | None) -> dict[str, str]:
    """Return package → version, of those with which a model's file is opened.

    Args:
        folder: of packages; None: those of ``.venv``.
    """
    path = [*map(str, filter(None, [folder])), *sys.path]
    return {name: next(iter(distributions(name=name, path=path))).version for name in RECORDED}


def uncompiled(file: Path, writer: str, why: str) -> DeployError:
    """Return that the server can't run a model, as it has another scikit-learn, and the ways that are left.

    Args:
        why: it has no graph.
    """
    reason = f"{file}: was made by {NAME} {writer}, and can be served only where it can be compiled; it can't: {why}"
    return DeployError(reason, _ways())


def _ways() -> str:
    ours = version(NAME)
    return f"Train it again with {ours} (pip install {NAME}=={ours}), and save it: the server runs that one."


def _nearest(file: Path, writer: str, available: Sequence[str]) -> str:
    """Return the version, of those that there are, that is at most a patch apart from another; the newest such."""
    releases = [name for name in available if re.fullmatch(r"[\d.]+", name) and _minor(name) >= FIRST]
    alike = [name for name in releases if _minor(name) == _minor(writer)]
    if alike and alike[-1] != writer:
        return alike[-1]
    python = ".".join(map(str, sys.version_info[:2]))
    listed = f"there are {releases[0]} to {releases[-1]}" if releases else "the index lists none"
    raise DeployError(f"{file}: was made by {NAME} {writer}, which Python {python} can't install: {listed}", _ways())


def _install(writer: str, folder: Path) -> None:
    """Install a scikit-learn, with what it needs, into a folder: beside it first, so that it is whole or not there.

    Raises:
        DeployError: pip couldn't; why.
        _Unavailable: there is no such version for this Python.
    """
    console = Console(NAME)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        draft = Path(scratch) / folder.name
        try:
            with console.step(f"Install {NAME} {writer}, which wrote the file (once)"):
                _run_pip(console, writer, draft)
                _require_usable(writer, draft)
        finally:
            console.close()
        draft.rename(folder)


def _require_usable(writer: str, folder: Path) -> None:
    """Import what was installed where files are opened: no hash vouches for it."""
    with open_sandbox(folder, packages=folder) as sandbox:
        try:
            sandbox.run("import_packages", Writers)
        except DeployError as fault:
            reason = fault.reason.replace(f"{folder}: ", "")
            raise DeployError(f"{NAME} {writer}, which wrote the file, doesn't work here: {reason}", _ways()) from fault


def _run_pip(console: Console, writer: str, to: Path) -> None:
    caps = next((caps for before, caps in CONTEMPORARIES if _numbers(writer) < before), ("numpy", "scipy", "pandas"))
    options = ["--target", str(to), "--only-binary", ":all:", "--disable-pip-version-check", "--no-input"]
    command = [tool("python"), "-m", "pip", "install", *options, f"{NAME}=={writer}", *caps]
    lines: list[str] = []

    def show(line: str) -> None:
        lines.append(line)
        if line.lstrip().startswith("Downloading "):
            console.running(f"Install {NAME} {writer}: {line.split()[1].rpartition('/')[2]}")

    environment = variables.inherited() | {"PIP_USER": "0"}  # pip's own settings may say otherwise
    if console.follow(command, show, env=environment) == 0:
        return
    if (listed := AVAILABLE.search("\n".join(lines))) and listed[1] != "none":
        raise _Unavailable(listed[1].split(", "))
    reason = f"{NAME} {writer}, which wrote the file, can't be installed: {package_error(chr(10).join(lines))}"
    raise DeployError(reason, "Is the package index reachable? pip's own settings apply: python3 -m pip config list")


def _minor(writer: str) -> _Numbers:
    return _numbers(writer)[:2]


def _numbers(writer: str) -> _Numbers:
    return tuple(int(number) for number in re.findall(r"\d+", re.split(r"[a-z]", writer)[0]))
