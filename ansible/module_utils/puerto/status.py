"""What runs, since when, by whom, and what was deployed."""

from . import gates, http_client, systemd
from .lock import Lock, Log, now

SEARCHED = 1000
"""Lines of the record in which the current release's beginning is looked for."""


def status(application, count=5):
    """Return what runs, since when, by whom; all releases, the lock, and the last deploys."""
    current = application.current
    plan = application.plan(current) if current else {}
    unit = systemd.state(application.service(current)) if current else {}
    health = {}
    if current:
        answer = http_client.ask(application.socket(current), plan["server_names"][0], "/health", seconds=5)
        health = answer.json if answer.status == 200 else {"status": gates.told(answer)}
    deploys = Log(application).last(count)
    made = next(
        (each for each in Log(application).last(SEARCHED) if each.get("id") == current and each["result"] == "good"), {}
    )
    return {
        "release": current, "manifest": plan.get("manifest", {}), "since": made.get("at", ""),
        "by": made.get("who", ""),
        "unit": f"{application.unit}.service", "unit_state": unit.get("ActiveState", "unknown"), "health": health,
        "maintenance": application.in_maintenance, "lock": Lock(application).holder(), "deploys": deploys,
        "releases": [{"id": each, "made": application.plan(each)["at"], "current": each == current,
                      "running": systemd.is_active(application.service(each)), **_short(application.verdict(each))}
                     for each in application.releases()], "at": now(),
    }  # fmt: skip


def _short(verdict):
    return {"verdict": verdict.get("verdict", "unfinished"), "reason": verdict.get("reason", "").partition("\n")[0]}
