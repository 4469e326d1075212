"""What runs, since when, by whom, and what was deployed."""

from typing import Any

from . import certificates, refusals, systemd
from .history import History, now
from .http_client import fetch
from .layout import Application
from .lock import Lock
from .plan import Plan

SEARCHED = 1000
"""Lines of the history that are searched for when the current release became so."""


def host_status(application: Application, count: int = 5) -> dict[str, Any]:
    """Return what runs, since when, deployed by whom; all releases, the lock, and the last deploys."""
    current = application.current
    plan = application.plan(current) if current else None
    entry = _current_entry(application)
    return {
        "release": current,
        "manifest": plan.manifest if plan else {},
        "since": entry.get("at", ""),
        "by": entry.get("who", ""),
        "unit": f"{application.unit}.service",
        "unit_state": systemd.active_state(application.service(current)) if current else "unknown",
        "health": _health(application, plan) if plan else {},
        "https": certificates.summary(plan) if plan else {},
        "limits": refusals.summary(plan) if plan else {},
        "maintenance": application.in_maintenance,
        "lock": Lock(application).holder(),
        "deploys": History(application).last(count),
        "releases": [_release_entry(application, release) for release in application.releases()],
        "at": now(),
    }


def _current_entry(application: Application) -> dict[str, Any]:
    """Return the line of the history that tells when the current release became so; nothing if there is none."""
    entries = History(application).last(SEARCHED)
    current = application.current
    return next((entry for entry in entries if entry.get("id") == current and entry["result"] == "good"), {})


def _health(application: Application, plan: Plan) -> dict[str, Any]:
    response = fetch(application.socket(plan.id), plan.server_names[0], "/health", timeout=5)
    return dict(response.json) if response.status == 200 else {"status": str(response)}


def _release_entry(application: Application, release: str) -> dict[str, Any]:
    verdict = application.verdict(release)
    return {
        "id": release,
        "made": application.plan(release).at,
        "current": release == application.current,
        "running": systemd.is_active(application.service(release)),
        "verdict": verdict.get("verdict", "unfinished"),
        "reason": verdict.get("reason", "").partition("\n")[0],
    }
