"""What becomes of releases that are no longer current: they are kept warm, stopped later, removed."""

import re
import shutil
from contextlib import suppress
from pathlib import Path

from . import systemd
from .files import remove
from .layout import ID, Application
from .plan import Plan

DRAIN_SECONDS = 10
"""After which Nginx has no connection left to a release that isn't current: it keeps idle ones for 5 s."""

MADE = re.compile(rf"\..*|{ID.pattern}(-\d+\.\d+(-again)?|\.tar\.gz)?")
"""What runs call releases, virtualenvs, archives, and what isn't complete yet; a copy that a person made is theirs."""


def sweep(application: Application, plan: Plan) -> None:
    """Stop the releases that a run which was cut off has left running; not the current one, the one before, or this."""
    (application.root / "shared" / "reloading").unlink(missing_ok=True)
    before = application.previous
    is_retiring = systemd.is_active(f"{application.unit}-retire-{before}.timer")
    if before is not None and before not in (application.current, plan.id) and not is_retiring:
        _retire_later(application, plan, before)
    for release in systemd.installed_releases(application):
        is_draining = systemd.is_active(f"{application.unit}-drain-{release}.timer")
        if not is_draining and release not in (application.current, application.previous, plan.id):
            _stop_later(application, "drain", release, DRAIN_SECONDS)


def retire(application: Application, plan: Plan) -> None:
    """Have the release before stop once it needn't be warm, and remove what nobody will go back to."""
    sweep(application, plan)
    before = application.previous
    if before is not None and before != application.current:
        _retire_later(application, plan, before)
    with suppress(OSError):  # a file that can't be removed must not fail a good release
        prune(application, plan)


def stop(application: Application, release: str) -> None:
    """Stop a release that isn't current; its folder stays."""
    if release != application.current:
        systemd.stop(application, release)


def cancel_stop(application: Application, release: str) -> None:
    """Keep a release running that was due to stop."""
    for kind in ("drain", "retire"):
        for suffix in ("timer", "service"):
            systemd.systemctl("stop", f"{application.unit}-{kind}-{release}.{suffix}", check=False)


def prune(application: Application, plan: Plan) -> None:
    """Remove all but the newest releases; never the current one, the one before it, the last good one, or this one."""
    releases = application.releases()
    good = [release for release in releases if application.is_good(release) and release != application.current]
    kept = {application.current, application.previous, plan.id, *releases[-plan.kept :], *good[-1:]}
    for release in set(releases) - kept:
        systemd.uninstall(application, release)
        remove(application.folder(release))
    remaining = application.releases()
    used = {
        "releases": set(remaining),
        "virtualenvs": {(application.folder(release) / ".venv").readlink().parent.name for release in remaining},
        "archives": {Path(application.plan(release).archive).name for release in remaining},
    }
    for folder, names in used.items():
        for entry in (application.root / folder).glob("*"):
            if entry.name not in names and MADE.fullmatch(entry.name):
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _retire_later(application: Application, plan: Plan, release: str) -> None:
    seconds = max(DRAIN_SECONDS, plan.warm_seconds, plan.watch_seconds)
    _stop_later(application, "retire", release, seconds)


def _stop_later(application: Application, kind: str, release: str, seconds: float) -> None:
    state = systemd.active_state(application.service(release))
    if state == "active":
        systemd.run_after(application, application.root / "current", f"{kind}-{release}", seconds, "stop", release)
    elif state in ("activating", "failed"):  # it keeps crashing
        stop(application, release)
