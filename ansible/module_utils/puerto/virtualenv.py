"""The virtualenv of a Pipfile.lock, which releases with the same lock share."""

import subprocess
from pathlib import Path

from . import content
from .errors import HostError
from .files import replace_symlink
from .layout import Application
from .plan import Plan
from .program_output import package_error

COMPLETE = "complete"
"""The file that marks a virtualenv's folder as complete."""


def build(application: Application, plan: Plan) -> None:
    """Make the virtualenv, or keep the existing one; only then have the release use it.

    One that was edited on the host stays, since running processes still import from it; another is made beside it.
    """
    release, names = application.folder(plan.id), _names(plan)
    target = (release / ".venv").readlink() if (release / ".venv").is_symlink() else None
    name = next((name for name in names if _is_unedited(application.root / name)), "")
    if not name:
        name = next(name for name in names if link_target(name) != target or not _is_complete(application.root / name))
        _make(plan, release, application.root / name)
    if not (application.root / name / content.RECORD).exists():  # it is new, or older than records are
        content.write_record(application.root / name)
    if target != link_target(name):
        replace_symlink(release / ".venv", link_target(name))  # another Debian has another Python


def is_intact(application: Application, plan: Plan) -> bool:
    """Return whether a release has its virtualenv, complete and unedited.

    Raises:
        OSError: it has none.
    """
    target = (application.folder(plan.id) / ".venv").readlink()
    name = next((name for name in _names(plan) if link_target(name) == target), "")
    return bool(name) and _is_unedited(application.root / name)


def link_target(name: str) -> Path:
    """Return what a release's .venv points to, relative to the release's folder."""
    return Path("../..") / name / ".venv"


def _names(plan: Plan) -> tuple[str, str]:
    """Return the folders where the virtualenv of a plan may be."""
    return plan.virtualenv, f"{plan.virtualenv}-again"


def _make(plan: Plan, release: Path, folder: Path) -> None:
    arguments = ("virtualenv.sh", plan.pipenv, str(release), str(folder), COMPLETE)
    command = ["sh", "-c", plan.virtualenv_program, *arguments]
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode:
        raise HostError(package_error(result.stdout) or f"it ended with status {result.returncode}", result.stdout)


def _is_unedited(folder: Path) -> bool:
    """Return whether a virtualenv is complete and unedited; one that is older than records are passes as it is."""
    has_record = (folder / content.RECORD).exists()
    return _is_complete(folder) and not (has_record and content.differences(folder, reads_all=False))


def _is_complete(folder: Path) -> bool:
    return (folder / COMPLETE).exists()
