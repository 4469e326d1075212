"""Releases and rollbacks: all that changes which release answers visitors."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from . import build, cleanup, content, drift, gates, steps, systemd, virtualenv
from .deployment import Deployment
from .errors import HostError
from .layout import Application
from .lock import Lock
from .plan import Operator, Plan

STEPS_OF_THE_RELEASE = ("start", "probe", "verify")
"""Steps whose failure is the fault of the release itself, not of the host."""


def deploy(
    application: Application, plan: Plan, operator: Operator, step_names: Sequence[str] = steps.NAMES
) -> dict[str, Any]:
    """Do some steps of a release; return its report.

    Raises:
        HostError: a gate refused it; the site is answered by the release that answered it before.
    """
    with Lock(application).exclusive(str(operator)) as note_step:
        deployment = Deployment(application, plan, operator, note_step)
        cleanup.sweep(application, plan)
        if step_names[0] == steps.NAMES[0] and drift.is_deployed(application, plan):
            return deployment.report | {"changed": False}
        with deployment.downtime:
            try:
                _do_steps(deployment, step_names)
            except HostError as fault:
                _abort(deployment, str(fault))
                raise HostError(_failure_message(deployment, str(fault)), fault.output) from fault
        if "retire" in step_names:
            deployment.record("release", "good")
            steps.mark(application, plan.id, "good")  # last: the next run skips a good release
    return deployment.report | {"changed": True}


def abandon(application: Application, plan: Plan, operator: Operator, reason: str) -> None:
    """End a release whose hook failed; the site is answered by the release that answered it before."""
    with Lock(application).exclusive(str(operator)):
        _abort(Deployment(application, plan, operator), reason)


def rollback(application: Application, operator: Operator, prefix: str = "") -> dict[str, Any]:
    """Go back to the last good release, or to a named one; through its gates if it no longer runs.

    Args:
        prefix: the first digits of the named one; empty for the last good one.

    Raises:
        HostError: there is none, or it failed; the site is answered by the release that answered it before.
    """
    with Lock(application).exclusive(str(operator)) as note_step:
        plan = application.plan(rollback_target(application, prefix))
        deployment = Deployment(application, plan, operator, note_step)
        reason = f"rolled back by {operator.name}"
        was_good = deployment.before is not None and application.is_good(deployment.before)
        with deployment.downtime:
            try:
                _switch_back(deployment, reason)
            except HostError as fault:
                _abort(deployment, str(fault), "rollback")
                if was_good and deployment.before and application.current == deployment.before:
                    steps.mark(application, deployment.before, "good")
                raise HostError(_failure_message(deployment, str(fault)), fault.output) from fault
        cleanup.retire(application, plan)
        deployment.record("rollback", "good", reason)
        steps.mark(application, plan.id, "good")
    return deployment.report | {"changed": True}


def rollback_target(application: Application, prefix: str = "") -> str:
    """Return the release that a rollback goes to: the named one, else the last good one that isn't current.

    Args:
        prefix: the first digits of the named one.

    Raises:
        HostError: there is none, or more than one.
    """
    current, releases = application.current, application.releases()
    if prefix:
        matching = [release for release in releases if release.startswith(prefix)]
        if not matching:
            raise HostError(f"there is no release {prefix}; there are: {', '.join(releases) or 'none'}")
        if len(matching) > 1:
            raise HostError(f"{prefix} is the beginning of {' and '.join(matching)}: write more digits")
        if matching[0] == current:
            raise HostError(f"{current} is already the current release")
        return matching[0]
    if not application.last_good:
        raise HostError("there is no other good release to go back to")
    return application.last_good


def boot(application: Application) -> None:
    """Start the current release, and no other, after a reboot."""
    release = application.current
    if release is None:
        raise HostError(f"{application.root / 'current'}: points to no release")
    systemd.link_alias(application, release)
    systemd.systemctl("start", "--no-block", application.service(release))


def _do_steps(deployment: Deployment, step_names: Sequence[str]) -> None:
    application, plan = deployment.application, deployment.plan
    functions: dict[str, Callable[[], object]] = {
        "prepare": lambda: deployment.add_restored(build.prepare(application, plan)),
        "build": lambda: virtualenv.build(application, plan),
        "check": lambda: steps.check(application, plan),
        "start": lambda: steps.start(application, plan),
        "probe": deployment.probe,
        "switch": lambda: steps.switch(application, plan),
        "verify": deployment.verify,
        "retire": lambda: _retire(application, plan),
    }
    if step_names[0] == "switch":
        _start(deployment)  # another run may have stopped it while a hook ran
    for name in step_names:
        with deployment.step(name):
            functions[name]()


def _start(deployment: Deployment) -> None:
    """Start a release that passed its gates before; if it no longer runs, it must pass them again."""
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
        if (application.folder(plan.id) / content.RECORD).exists():  # older releases have no record to compare with
            deployment.add_restored(build.restore(application, plan))
        systemd.install(application, plan.id, plan.unit_text)
    _start(deployment)
    with deployment.step("switch"):
        if deployment.before:  # first: a rollback cut off here and run again must not return to it
            steps.mark(application, deployment.before, "bad", reason)
        steps.switch_back(application, plan)
    with deployment.step("verify"):
        deployment.verify()


def _abort(deployment: Deployment, reason: str, what: str = "release") -> None:
    """Leave the site as it was, or put it back; write down why."""
    application, release = deployment.application, deployment.plan.id
    was_current = deployment.before == release
    is_at_fault = next(reversed(deployment.seconds), None) in STEPS_OF_THE_RELEASE
    if application.current != release:
        cleanup.stop(application, release)
    elif is_at_fault or not was_current:
        try:
            _restore_previous(deployment)
        except Exception as fault:
            reason = f"{reason}\nand going back failed: {fault}"
    deployment.last_lines = systemd.last_lines(application, release) if is_at_fault else ""
    with suppress(OSError):  # if the disk is full, the site matters more than the history
        reason_and_log = f"{reason}\n{deployment.last_lines}".strip()
        if is_at_fault or not was_current:
            steps.mark(application, release, "bad", reason_and_log)
        deployment.record(what, "bad", reason_and_log)
        cleanup.prune(application, deployment.plan)


def _restore_previous(deployment: Deployment) -> None:
    """Give the site back to the release before; if that no longer runs, it must pass its gates first."""
    application, release = deployment.application, deployment.plan.id
    before = deployment.before if deployment.before != release else application.last_good
    if before:
        plan = application.plan(before)
        if steps.start(application, plan) or deployment.before == release:
            gates.probe(application, plan)
        steps.switch_back(application, plan)
        cleanup.sweep(application, plan)


def _failure_message(deployment: Deployment, reason: str) -> str:
    """Return why it failed, which release answers now, and the last lines that the failed one logged."""
    release, current = deployment.plan.id, deployment.application.current
    lines = [reason]
    if current == release:
        lines.append(f"The site is left to release {release}.")
    elif current:
        lines.append(f"The site is {'still ' * (current == deployment.before)}answered by release {current}.")
    if deployment.last_lines:
        lines += [f"The last lines of {release}:", deployment.last_lines]
    return "\n".join(lines)
