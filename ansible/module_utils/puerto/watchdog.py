"""The first minute of a release: if it fails, the host itself goes back to the one before."""

import time

from . import cleanup, gates, steps, systemd
from .deployment import Deployment
from .errors import HostError
from .http_client import fetch
from .layout import Application
from .lock import Lock
from .plan import Operator, Plan

PAUSE = 0.25
MISSES = 3
WARM_SECONDS = 5
"""In which a release that runs must answer."""

RETRY_SECONDS = 3
"""Between looks once it was reported that there is nothing to go back to; others may want to work meanwhile."""

WATCHDOG = Operator("the watch", "this host")


def watch(application: Application, release: str, seconds: float) -> None:
    """Look at a new release for some seconds; if it fails, go back and say why."""
    deadline, is_reported = time.monotonic() + seconds, False
    while time.monotonic() < deadline and application.current == release:
        if _fault(application, release):
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
        is_left = application.current == release
        ending = f"The site is {'left to' if is_left else 'answered by'} release {application.current}."
        raise HostError(f"release {release} passed its gates and failed later: {verdict['reason']}\n{ending}")


def _fault(application: Application, release: str) -> str:
    """Return what is wrong with a release, in words; a request that isn't answered is sent again."""
    name = application.plan(release).server_names[0]
    for _ in range(MISSES):
        try:
            gates.check_unit(application, release)
        except HostError as fault:
            return str(fault)
        if fetch(application.socket(release), name, "/health", seconds=5).status == 200:
            return ""
        time.sleep(PAUSE)
    return "health: no answer, several times"


def _auto_rollback(application: Application, release: str, is_reported: bool) -> bool:
    """Go back, unless another run did, or repaired it, while this one waited; stay if the one before doesn't answer.

    Args:
        is_reported: whether it was reported before that there is nothing to go back to.

    Returns:
        Whether that is reported by now.
    """
    with Lock(application).exclusive(WATCHDOG.name):
        before = application.previous
        if application.current != release or before in (None, release) or not (reason := _fault(application, release)):
            return is_reported
        deployment = Deployment(application, application.plan(before), WATCHDOG)
        whole = f"{reason}\n{systemd.last_lines(application, release)}"
        try:
            _must_answer(application, deployment.plan)
        except (HostError, OSError) as fault:
            if not is_reported:
                _stay(deployment, release, f"{reason}; {before} can't take over: {fault}")
            return True
        steps.mark(application, release, "bad", whole)
        steps.switch_back(application, deployment.plan)
        cleanup.sweep(application, deployment.plan)
        deployment.record("switched back", "good", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is answered by {before} again")
    return is_reported


def _must_answer(application: Application, plan: Plan) -> None:
    """Start a release where it doesn't run, and ask it: what visitors get from it must be right.

    Raises:
        HostError: it doesn't answer, or wrongly.
    """
    is_cold = steps.start(application, plan)
    gates.check_health(application, plan, plan.start_seconds if is_cold else WARM_SECONDS)
    gates.check_golden_rows(application.socket(plan.id), plan.server_names[0], application, plan.id)


def _stay(deployment: Deployment, release: str, reason: str) -> None:
    """Leave the site to the failing release: it answers now and then, and the one before doesn't at all.

    The watch goes on, and goes back as soon as that one answers.
    """
    application = deployment.application
    steps.mark(application, release, "bad", f"{reason}\n{systemd.last_lines(application, release)}")
    deployment.record("stayed", "bad", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is left to {release}")
