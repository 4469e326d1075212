"""The virtualenv of a Pipfile.lock, which releases of the same one share."""

import subprocess
from pathlib import Path

from . import content
from .errors import HostError
from .files import replace_symlink
from .layout import Application
from .plan import Plan

COMPLETE = "complete"
"""The file that says of a virtualenv's folder that it is whole."""


def build(application: Application, plan: Plan) -> None:
    """Make the virtualenv, or keep the one there is; only then have the release use it.

    One that was edited on the host stays, since what runs goes on importing from it; another is made beside it.
    """
    release, names = application.folder(plan.id), _names(plan)
    target = (release / ".venv").readlink() if (release / ".venv").is_symlink() else None
    name = next((name for name in names if _is_as_made(application.root / name)), "")
    if not name:
        name = next(name for name in names if link(name) != target or not _is_complete(application.root / name))
        _make(plan, release, application.root / name)
    if not (application.root / name / content.RECORD).exists():  # it is new, or of the time when there was none
        content.write_record(application.root / name)
    if target != link(name):
        replace_symlink(release / ".venv", link(name))  # another Debian has another Python


def is_whole(application: Application, plan: Plan) -> bool:
    """Return whether a release has its virtualenv, as that was made.

    Raises:
        OSError: it has none.
    """
    target = (application.folder(plan.id) / ".venv").readlink()
    name = next((name for name in _names(plan) if link(name) == target), "")
    return bool(name) and _is_as_made(application.root / name)


def link(name: str) -> Path:
    """Return where a release's .venv leads to, from the release's folder."""
    return Path("../..") / name / ".venv"


def _names(plan: Plan) -> tuple[str, str]:
    """Return the folders that the virtualenv of a plan may be in."""
    return plan.virtualenv, f"{plan.virtualenv}-again"


def _make(plan: Plan, release: Path, folder: Path) -> None:
    words = ("virtualenv.sh", plan.pipenv, str(release), str(folder), COMPLETE)
    command = ["sh", "-c", plan.virtualenv_program, *words]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise HostError((done.stderr or done.stdout).strip()[-1500:])


def _is_as_made(folder: Path) -> bool:
    """Return whether a virtualenv is as it was made; one of the time when that wasn't written down is believed."""
    is_compared = (folder / content.RECORD).exists()
    return _is_complete(folder) and not (is_compared and content.differences(folder, reads_all=False))


def _is_complete(folder: Path) -> bool:
    return (folder / COMPLETE).exists()
