"""Releases and rollbacks: all that changes which release visitors are answered by."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from . import build, cleanup, content, drift, gates, steps, systemd, virtualenv
from .deployment import Deployment
from .errors import HostError
from .layout import Application
from .lock import Lock
from .plan import Operator, Plan

OWN = ("start", "probe", "verify")
"""Steps whose failure says something of the release itself."""


def release(
    application: Application, plan: Plan, operator: Operator, wanted: Sequence[str] = steps.NAMES
) -> dict[str, Any]:
    """Do the wanted steps of a release; return its report.

    Raises:
        HostError: a gate refused it: the site is answered by what answered it before.
    """
    with Lock(application).exclusive(str(operator)) as note:
        deployment = Deployment(application, plan, operator, note)
        cleanup.sweep(application, plan)
        if wanted[0] == steps.NAMES[0] and drift.is_done(application, plan):
            return deployment.report | {"changed": False}
        with deployment.prober:
            try:
                _do_steps(deployment, wanted)
            except HostError as fault:
                _abort(deployment, str(fault))
                raise HostError(_with_last_lines(deployment, str(fault))) from fault
        if "retire" in wanted:
            deployment.record("release", "good")
            steps.mark(application, plan.id, "good")  # last: what is good needn't be done again
    return deployment.report | {"changed": True}


def abandon(application: Application, plan: Plan, operator: Operator, reason: str) -> None:
    """End a release whose hook failed: the site is answered by what answered it before."""
    with Lock(application).exclusive(str(operator)):
        _abort(Deployment(application, plan, operator), reason)


def rollback(application: Application, operator: Operator, prefix: str = "") -> dict[str, Any]:
    """Go back to the last good release, or to a named one; through its gates where it doesn't run any more.

    Raises:
        HostError: there is none, or it failed: the site is answered by what answered it before.
    """
    with Lock(application).exclusive(str(operator)) as note:
        plan = application.plan(rollback_target(application, prefix))
        deployment = Deployment(application, plan, operator, note)
        reason = f"rolled back by {operator.name}"
        was_good = deployment.before is not None and application.is_good(deployment.before)
        with deployment.prober:
            try:
                _switch_back(deployment, reason)
            except HostError as fault:
                _abort(deployment, str(fault), "rollback")
                if was_good and deployment.before and application.current == deployment.before:
                    steps.mark(application, deployment.before, "good")
                raise HostError(_with_last_lines(deployment, str(fault))) from fault
        cleanup.retire(application, plan)
        deployment.record("rollback", "good", reason)
        steps.mark(application, plan.id, "good")
    return deployment.report | {"changed": True}


def rollback_target(application: Application, prefix: str = "") -> str:
    """Return the release that a rollback goes to: the one asked for, else the last good one that isn't current.

    Args:
        prefix: the first digits of the one asked for.

    Raises:
        HostError: there is none.
    """
    current, releases = application.current, application.releases()
    if prefix:
        matching = [release for release in releases if release.startswith(prefix)]
        if len(matching) != 1:
            raise HostError(f"there is no release {prefix}; there are: {', '.join(releases) or 'none'}")
        if matching[0] == current:
            raise HostError(f"{current} is the current release already")
        return matching[0]
    if not application.last_good:
        raise HostError("there is no other good release to go back to")
    return application.last_good


def boot(application: Application) -> None:
    """Start the current release, and none else, after a reboot."""
    release = application.current
    if release is None:
        raise HostError(f"{application.root / 'current'}: leads to no release")
    systemd.name_active(application, release)
    systemd.systemctl("start", "--no-block", application.service(release))


def _do_steps(deployment: Deployment, wanted: Sequence[str]) -> None:
    application, plan = deployment.application, deployment.plan
    step_of: dict[str, Callable[[], object]] = {
        "prepare": lambda: deployment.add_mended(build.prepare(application, plan)),
        "build": lambda: virtualenv.build(application, plan),
        "check": lambda: steps.check(application, plan),
        "start": lambda: steps.start(application, plan),
        "probe": deployment.probe,
        "switch": lambda: steps.switch(application, plan),
        "verify": deployment.verify,
        "retire": lambda: _retire(application, plan),
    }
    if wanted[0] == "switch":
        _start(deployment)  # others may have stopped it while a hook ran
    for name in wanted:
        with deployment.step(name):
            step_of[name]()


def _start(deployment: Deployment) -> None:
    """Start a release that passed its gates before; where it doesn't run any more, it must pass them again."""
    with deployment.step("start"):
        is_cold = steps.start(deployment.application, deployment.plan)
    if is_cold:
        with deployment.step("probe"):
            deployment.probe()


def _retire(application: Application, plan: Plan) -> None:
    cleanup.retire(application, plan)
    if plan.watch_seconds and application.previous and application.previous != plan.id:
        folder = application.folder(plan.id)
        systemd.run_after(application, folder, "watch", 0, "watch", plan.id, str(plan.watch_seconds))


def _switch_back(deployment: Deployment, reason: str) -> None:
    application, plan = deployment.application, deployment.plan
    with deployment.step("check"):
        if (application.folder(plan.id) / content.RECORD).exists():  # those of before can't be compared
            deployment.add_mended(build.mend(application, plan))
        systemd.install(application, plan.id, plan.unit_text)
    _start(deployment)
    with deployment.step("switch"):
        if deployment.before:  # first: who is cut off here, and tries again, mustn't come back to it
            steps.mark(application, deployment.before, "bad", reason)
        steps.switch_back(application, plan)
    with deployment.step("verify"):
        deployment.verify()


def _abort(deployment: Deployment, reason: str, what: str = "release") -> None:
    """Leave, or make, the site as it was; write down why."""
    application, release = deployment.application, deployment.plan.id
    was_current = deployment.before == release
    is_own_fault = next(reversed(deployment.seconds), None) in OWN
    if application.current != release:
        cleanup.stop(application, release)
    elif is_own_fault or not was_current:
        try:
            _restore_previous(deployment)
        except Exception as fault:
            reason = f"{reason}\nand on the way back: {fault}"
    deployment.last_lines = systemd.last_lines(application, release)
    with suppress(OSError):  # on a full disk the site matters more than the history
        whole = f"{reason}\n{deployment.last_lines}".strip()
        if is_own_fault or not was_current:
            steps.mark(application, release, "bad", whole)
        deployment.record(what, "bad", whole)
        cleanup.prune(application, deployment.plan)


def _restore_previous(deployment: Deployment) -> None:
    """Give the site back to the release before; to one that no longer runs only if it passes its gates."""
    application, release = deployment.application, deployment.plan.id
    before = deployment.before if deployment.before != release else application.last_good
    if before:
        plan = application.plan(before)
        if steps.start(application, plan) or deployment.before == release:
            gates.probe(application, plan)
        steps.switch_back(application, plan)
        cleanup.sweep(application, plan)


def _with_last_lines(deployment: Deployment, reason: str) -> str:
    release, current = deployment.plan.id, deployment.application.current
    if current in (None, release):
        ending = f"\nThe site is left to release {release}." if current else ""
    else:
        ending = f"\nThe site is {'still ' * (current == deployment.before)}answered by release {current}."
    return f"{reason}{ending}" + (
        f"\nThe last lines of {release}:\n{deployment.last_lines}" if deployment.last_lines else ""
    )
