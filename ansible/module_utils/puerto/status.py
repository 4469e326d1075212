"""What runs, since when, by whom, and what was deployed."""

from typing import Any

from . import systemd
from .history import History, now
from .http_client import fetch
from .layout import Application
from .lock import Lock
from .plan import Plan

SEARCHED = 1000
"""Lines of the history in which the current release's beginning is looked for."""


def status(application: Application, count: int = 5) -> dict[str, Any]:
    """Return what runs, since when, by whom; all releases, the lock, and the last deploys."""
    current = application.current
    plan = application.plan(current) if current else None
    unit = systemd.state(application.service(current)) if current else {}
    began = _beginning(application)
    return {
        "release": current, "manifest": plan.manifest if plan else {}, "since": began.get("at", ""),
        "by": began.get("who", ""),
        "unit": f"{application.unit}.service", "unit_state": unit.get("ActiveState", "unknown"),
        "health": _health(application, plan) if plan else {},
        "maintenance": application.in_maintenance, "lock": Lock(application).holder(),
        "deploys": History(application).last(count),
        "releases": [_release(application, release) for release in application.releases()], "at": now(),
    }  # fmt: skip


def _beginning(application: Application) -> dict[str, Any]:
    """Return the line of the history by which the current release became so; nothing where there is none."""
    entries = History(application).last(SEARCHED)
    current = application.current
    return next((entry for entry in entries if entry.get("id") == current and entry["result"] == "good"), {})


def _health(application: Application, plan: Plan) -> dict[str, Any]:
    response = fetch(application.socket(plan.id), plan.server_names[0], "/health", seconds=5)
    return dict(response.json) if response.status == 200 else {"status": str(response)}


def _release(application: Application, release: str) -> dict[str, Any]:
    verdict = application.verdict(release)
    return {"id": release, "made": application.plan(release).at, "current": release == application.current,
            "running": systemd.is_active(application.service(release)),
            "verdict": verdict.get("verdict", "unfinished"),
            "reason": verdict.get("reason", "").partition("\n")[0]}  # fmt: skip
