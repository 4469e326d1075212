"""The steps of a release, each repeatable. See build.py for prepare, virtualenv.py for build, gates.py for probe."""

import json
from collections.abc import Collection, Sequence
from contextlib import suppress

from . import build, gates, nginx, systemd
from .cleanup import cancel_stop
from .errors import HostError
from .files import write
from .history import now
from .layout import Application
from .plan import Plan

NAMES = ("prepare", "build", "check", "start", "probe", "switch", "verify", "retire")

HOOKS = {"before_build": "build", "before_switch": "switch"}
"""Hook that an environment may have → the step before which it runs."""


def between(after: str, hooks: Collection[str]) -> tuple[str, ...]:
    """Return the steps that are done in one run of the program.

    Args:
        after: the hook that has run; empty at the beginning.
        hooks: those that the environment has: the steps end before the next of them.
    """
    first = NAMES.index(HOOKS[after]) if after else 0
    ends = [NAMES.index(HOOKS[hook]) for hook in hooks]
    return NAMES[first : min((end for end in ends if end > first), default=len(NAMES))]


def hook_after(step_names: Sequence[str]) -> str:
    """Return the hook that runs after these steps; empty if they are the last."""
    following = NAMES[NAMES.index(step_names[-1]) + 1 :]
    return next((hook for hook, step in HOOKS.items() if step in following[:1]), "")


def check(application: Application, plan: Plan) -> None:
    """Check the unit and the site."""
    nginx.check(application, plan)
    systemd.install(application, plan.id, plan.unit_text)


def start(application: Application, plan: Plan) -> bool:
    """Start the release beside the one that runs; leave it alone if it already runs what is on the disk.

    Returns:
        Whether it was started.

    Raises:
        HostError: it doesn't start.
    """
    unit = application.service(plan.id)
    cancel_stop(application, plan.id)
    is_running = systemd.is_active(unit) and _is_up_to_date(application, plan.id)
    if not is_running:
        if application.current == plan.id:
            _start_fallback(application)
        systemd.systemctl("stop", unit, check=False)
    systemd.systemctl("reset-failed", unit, check=False)  # past crashes don't count
    if not is_running:
        try:
            systemd.systemctl("start", unit)
        except HostError:
            raise HostError(f"{unit} doesn't start") from None
    return not is_running


def _is_up_to_date(application: Application, release: str) -> bool:
    try:
        return build.is_up_to_date(application, release)
    except OSError:
        return False


def _start_fallback(application: Application) -> None:
    """Have another good release answer, as Nginx's backup, while the current one restarts."""
    if other := application.last_good:
        with suppress(HostError, OSError):  # without it the restart is only more noticeable
            plan = application.plan(other)
            start(application, plan)
            gates.check_health(application, plan, plan.start_seconds)
            application.link("previous", other)


def switch(application: Application, plan: Plan) -> None:
    """Give the release the traffic: Nginx follows the link, which is replaced atomically.

    Raises:
        HostError: Nginx refuses its site; the traffic stays where it was.
    """
    before, is_loaded = application.current, _is_loaded(application, plan)
    if before and before != plan.id:
        application.link("previous", before)
    application.link("current", plan.id)
    if not is_loaded:
        try:
            _load(application, plan)
        except HostError:
            if before is None:
                nginx.unlink(application, plan)
                (application.root / "current").unlink()
            else:
                application.link("current", before)
                nginx.link(application, application.plan(before))
            raise
    systemd.link_alias(application, plan.id)


def switch_back(application: Application, plan: Plan) -> None:
    """Give the release the traffic, with no other to fall back on, whatever Nginx says.

    Raises:
        HostError: Nginx refuses its site; the release was switched to all the same.
    """
    is_loaded = _is_loaded(application, plan)
    application.link("current", plan.id)
    application.link("previous", plan.id)
    if not is_loaded:
        _load(application, plan)
    systemd.link_alias(application, plan.id)


def _is_loaded(application: Application, plan: Plan) -> bool:
    return nginx.is_linked(application, plan) and nginx.is_loaded(application, plan, _site_text(application, plan))


def _load(application: Application, plan: Plan) -> None:
    nginx.link(application, plan)
    nginx.load(application, plan, _site_text(application, plan))


def _site_text(application: Application, plan: Plan) -> str:
    return (application.folder(plan.id) / "site.conf").read_text(encoding="utf-8")


def mark(application: Application, release: str, verdict: str, reason: str = "") -> None:
    """Record what became of a release."""
    if application.folder(release).exists():
        text = json.dumps({"verdict": verdict, "reason": reason, "at": now()}, ensure_ascii=False) + "\n"
        write(application.folder(release) / "verdict.json", text, 0o640)
