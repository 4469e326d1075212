"""Packages that a site's own models need (``model add --with``): a category of their own in Pipfile and lock.

What the kit itself runs isn't moved by them: it is locked as it was, and they are chosen to fit.
"""

import json
import re
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.base import files, ownership, toolchain, variables
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import LOCK, OWN_PACKAGES, PIPFILE, VENV, state
from deploy.base.program_output import package_error
from deploy.generate import requirements

REQUIREMENT = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*((?:(?:[=~<>!]=|[<>])[\w.*+!, =~<>]+)?)", re.ASCII
)
ADVICE = "Is it called so on the package index, and does it fit the versions in Pipfile.lock? pip's own settings apply."


@dataclass(frozen=True)
class Locked:
    """Packages that are installed here, and the files that will have them installed on servers.

    Attributes:
        pipfile: the Pipfile's new text.
        lock: the lock's new content.
        before: what Pipfile and lock had when they were read.
    """

    pipfile: str
    lock: dict[str, Any]
    before: list[bytes]

    @property
    def packages(self) -> dict[str, Any]:
        """What the site's models need beside the kit's packages: name → version and hashes."""
        return dict(self.lock[OWN_PACKAGES])

    def write(self) -> None:
        """Have servers install them from the next release on.

        Raises:
            DeployError: Pipfile or lock has been changed since.
        """
        if _content() != self.before:
            raise DeployError(
                f"{PIPFILE}: it or its lock was changed while the model was added, and doesn't name its packages yet",
                "Type the same line again, with --replace.",
            )
        files.replace(LOCK, json.dumps(self.lock, indent=4, sort_keys=True) + "\n")
        files.replace(PIPFILE, self.pipfile)
        toolchain.mark_ready()
        requirements.PAGE.write_text(requirements.text(), encoding="utf-8")
        listed = ", ".join(f"{name} {package['version'].removeprefix('==')}" for name, package in self.packages.items())
        print(f"The server gets besides: {listed}. Pipfile, Pipfile.lock and requirements.txt name them: commit them.")


@contextmanager
def added(wanted: Sequence[str]) -> Iterator[None]:
    """Have packages installed for what follows, and on servers once that has succeeded.

    Raises:
        DeployError: one can't be had.
    """
    if not wanted:
        yield
        return
    with exclusive(state("locks", "pipfile"), "another model add --with is in progress in this checkout"):
        locked = install(wanted)
        yield
        if locked:
            locked.write()


def install(wanted: Sequence[str]) -> Locked | None:
    """Lock packages and install them into ``.venv``; None if the Pipfile names all of them already.

    Nothing refers to them until `Locked.write` is called.

    Args:
        wanted: names, each perhaps with a version: ``imbalanced-learn``, ``imbalanced-learn==0.14.2``.

    Raises:
        DeployError: one isn't known, or doesn't fit what the kit runs.
    """
    ownership.require(PIPFILE.parent, *(file for file in (PIPFILE, LOCK, requirements.PAGE) if file.exists()))
    before = _content()
    pipfile = _with_packages(before[0].decode(), wanted)
    if pipfile == before[0].decode():
        return None
    console = Console("model")
    try:
        with tempfile.TemporaryDirectory(dir=state("locking", "pipfile").parent) as name:
            locked = Locked(pipfile, _lock(console, Path(name), pipfile), before)
            file = Path(name, "requirements.txt")
            file.write_text(requirements.lines(locked.packages), encoding="utf-8")
            with console.step(f"Install {', '.join(locked.packages)}"):
                pip: list[str | Path] = [VENV / "bin" / "python", "-m", "pip", "install"]
                _run(console, *pip, "--require-hashes", "--no-deps", "-r", file)
    finally:
        console.close()
    return locked


def _content() -> list[bytes]:
    return [PIPFILE.read_bytes(), LOCK.read_bytes()]


def _with_packages(pipfile: str, wanted: Sequence[str]) -> str:
    """Return the Pipfile's text with more packages in the category."""
    categories = tomllib.loads(pipfile)
    known = {requirements.canonical(name) for category in ("packages", OWN_PACKAGES) for name in categories[category]}
    chosen: dict[str, str] = {}
    for requirement in wanted:
        parts = REQUIREMENT.fullmatch(requirement.strip())
        if not parts:
            raise DeployError(f"--with {requirement}: is no package's name, nor name==version", status=2)
        name, version = parts.groups()
        if requirements.canonical(name) in known:
            if version:
                raise DeployError(
                    f"--with {requirement}: the Pipfile names {name} already", "Its line there decides.", 2
                )
        else:
            version = version.strip() or "*"
            if chosen.setdefault(requirements.canonical(name), version) != version:
                raise DeployError(f"--with {requirement}: {name} is given twice, in other words", "Give it once.", 2)
    head = re.search(rf"^\[{OWN_PACKAGES}\].*\n", pipfile, re.M)
    if not head:
        raise DeployError(f"{PIPFILE}: has no [{OWN_PACKAGES}]")
    lines = "".join(f'{name} = "{version}"\n' for name, version in chosen.items())
    return pipfile[: head.end()] + lines + pipfile[head.end() :]


def _lock(console: Console, folder: Path, pipfile: str) -> dict[str, Any]:
    """Return the content of a lock with the category's packages; all else is as it was."""
    (folder / "Pipfile").write_text(pipfile, encoding="utf-8")
    (folder / "Pipfile.lock").write_bytes(LOCK.read_bytes())
    program = toolchain.pipenv(console)
    with console.step(f"Choose versions for [{OWN_PACKAGES}]"):
        _run(console, program, "lock", "--categories", OWN_PACKAGES, cwd=folder)
    chosen = json.loads((folder / "Pipfile.lock").read_text(encoding="utf-8"))
    lock: dict[str, Any] = json.loads(LOCK.read_text(encoding="utf-8"))
    lock["_meta"]["hash"] = chosen["_meta"]["hash"]  # the Pipfile's
    lock[OWN_PACKAGES] = {}
    for name, package in chosen[OWN_PACKAGES].items():
        ours = lock["default"].get(name) or lock["develop"].get(name)
        if ours and ours["version"] != package["version"]:
            versions = f"{name} {package['version'].removeprefix('==')}; {ours['version'].removeprefix('==')} runs here"
            raise DeployError(
                f"[{OWN_PACKAGES}]: needs {versions}", "Another version of the package may fit: --with NAME==…"
            )
        if name not in lock["default"]:
            lock[OWN_PACKAGES][name] = {key: value for key, value in package.items() if key != "index"}
    return lock


def _run(console: Console, *command: str | Path, cwd: Path | None = None) -> None:
    environment = variables.inherited() | toolchain.PIPENV_SETTINGS
    console.run(command, advice=ADVICE, cwd=cwd, env=environment, cause=package_error)
