"""The watch over a new release: if it fails in its first minute, the host itself goes back to the one before."""

import time

from . import cleanup, gates, steps, systemd
from .deployment import Deployment
from .errors import HostError
from .http_client import fetch
from .layout import Application
from .lock import Lock
from .plan import Operator, Plan

PAUSE = 0.25
ATTEMPTS = 3
WARM_SECONDS = 5
"""In which a release that runs must answer."""

RETRY_SECONDS = 3
"""Between attempts to go back once the failure was reported; other runs may need the lock meanwhile."""

WATCHDOG = Operator("the watch", "this host")


def watch(application: Application, release: str, seconds: float) -> None:
    """Watch a new release for some seconds; if it fails, go back and report why."""
    deadline, is_reported = time.monotonic() + seconds, False
    while time.monotonic() < deadline and application.current == release:
        if _failure(application, release):
            is_reported = _auto_rollback(application, release, is_reported)
        time.sleep(RETRY_SECONDS if is_reported else PAUSE)


def wait_for_watch(application: Application, release: str) -> None:
    """Wait until the watch over a release is over.

    Raises:
        HostError: the release failed, and the site went back to the one before.
    """
    while systemd.is_active(f"{application.unit}-watch.service"):
        time.sleep(PAUSE)
    verdict = application.verdict(release)
    if verdict.get("verdict") == "bad":
        is_current = application.current == release
        ending = f"The site is {'left to' if is_current else 'answered by'} release {application.current}."
        raise HostError(f"release {release} passed its gates and failed later: {verdict['reason']}\n{ending}")


def _failure(application: Application, release: str) -> str:
    """Return what is wrong with a release; empty if nothing is. A request that isn't answered is sent again."""
    server_name = application.plan(release).server_names[0]
    for _ in range(ATTEMPTS):
        try:
            gates.check_unit(application, release)
        except HostError as fault:
            return str(fault)
        if fetch(application.socket(release), server_name, "/health", timeout=5).status == 200:
            return ""
        time.sleep(PAUSE)
    return f"health: no answer to {ATTEMPTS} requests"


def _auto_rollback(application: Application, release: str, is_reported: bool) -> bool:
    """Go back, unless another run has, or has repaired it, meanwhile; stay if the release before doesn't answer.

    Args:
        is_reported: whether it has been reported that the release before doesn't answer.

    Returns:
        Whether it has been by now.
    """
    with Lock(application).exclusive(WATCHDOG.name):
        before = application.previous
        if (
            application.current != release
            or before in (None, release)
            or not (reason := _failure(application, release))
        ):
            return is_reported
        deployment = Deployment(application, application.plan(before), WATCHDOG)
        log = systemd.last_lines(application, release)
        try:
            _must_answer(application, deployment.plan)
        except (HostError, OSError) as fault:
            if not is_reported:
                _stay(deployment, release, f"{reason}; {before} can't take over: {fault}")
            return True
        _switch_back(deployment, release, reason, log)
    print(f"{release}: {reason}; the site is answered by {before} again")
    return is_reported


def _switch_back(deployment: Deployment, release: str, reason: str, log: str) -> None:
    """Give the site to the release before, and record why, with the last lines that the failed one logged."""
    application, plan = deployment.application, deployment.plan
    steps.mark(application, release, "bad", f"{reason}\n{log}")
    steps.switch_back(application, plan)
    cleanup.sweep(application, plan)
    deployment.record("switched back", "good", f"{release}: {reason}")


def _must_answer(application: Application, plan: Plan) -> None:
    """Start a release if it doesn't run, and ask it: its answers must be right.

    Raises:
        HostError: it doesn't answer, or answers wrongly.
    """
    is_cold = steps.start(application, plan)
    gates.check_health(application, plan, plan.start_seconds if is_cold else WARM_SECONDS)
    gates.check_golden_rows(application.socket(plan.id), plan.server_names[0], application, plan.id)


def _stay(deployment: Deployment, release: str, reason: str) -> None:
    """Leave the site to the failing release: it may answer now and then; the one before doesn't at all.

    The watch goes on, and goes back as soon as that one answers.
    """
    application = deployment.application
    steps.mark(application, release, "bad", f"{reason}\n{systemd.last_lines(application, release)}")
    deployment.record("stayed", "bad", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is left to {release}")
