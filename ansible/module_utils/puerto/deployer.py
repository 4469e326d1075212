"""Releases, rollbacks, and what watches over them: all that changes what visitors get."""

from contextlib import suppress

from . import build, content, gates, steps, systemd
from .deployment import Course
from .layout import Failure
from .lock import Lock, Log

BEFORE = ("prepare", "build", "check", "start", "prove")
OWN = ("start", "prove", "verify")
"""Steps whose failure says something of the release itself."""


def release(application, plan, who, wanted=steps.NAMES):
    """Do the wanted steps of a release; return what was found.

    Raises:
        Failure: a gate refused it: the site is answered by what answered it before.
    """
    with Lock(application).working(f"{who['who']} on {who['from']}") as note:
        course = Course(application, plan, who, note)
        steps.sweep(application, plan)
        if wanted[0] == steps.NAMES[0] and steps.is_done(application, plan):
            return course.report | {"changed": False}
        with course.prober:
            try:
                _before(course, wanted)
                _after(course, wanted)
            except Failure as fault:
                _refuse(course, str(fault))
                raise Failure(_with_last_lines(course, str(fault))) from fault
        if "retire" in wanted:
            course.record("release", "good")
            steps.mark(application, plan["id"], "good")  # last: what is good needn't be done again
    return course.report | {"changed": True}


def abandon(application, plan, who, reason):
    """End a release whose hook failed: the site is answered by what answered it before."""
    with Lock(application).working(f"{who['who']} on {who['from']}"):
        _refuse(Course(application, plan, who), reason)


def _before(course, wanted):
    application, plan = course.application, course.plan
    do = {"build": build.build, "check": steps.check, "start": steps.start}
    for name in (each for each in BEFORE if each in wanted):
        with course.step(name):
            if name == "prepare":
                course.mended(build.prepare(application, plan))
            elif name == "prove":
                course.gates += gates.prove(application, plan, plan["id"])
            else:
                do[name](application, plan)


def _after(course, wanted):
    application, plan = course.application, course.plan
    if "switch" in wanted:
        if "start" not in wanted:
            with course.step("start"):  # others may have stopped it while a hook ran
                is_cold = steps.start(application, plan)
            if is_cold:
                with course.step("prove"):
                    course.gates += gates.prove(application, plan, plan["id"])
        with course.step("switch"):
            steps.switch(application, plan)
    if "verify" in wanted:
        with course.step("verify"):
            course.verify()
    if "retire" in wanted:
        with course.step("retire"):
            steps.retire(application, plan)
            _watch(application, plan)


def _refuse(course, reason, what="release"):
    """Leave, or make, the site as it was; write down why."""
    application, release = course.application, course.plan["id"]
    was_current = course.before == release
    is_own_fault = next(reversed(course.seconds), None) in OWN
    if application.current != release:
        steps.stop(application, release)
    elif is_own_fault or not was_current:
        try:
            _leave(course)
        except Exception as fault:
            reason = f"{reason}\nand on the way back: {fault}"
    course.lines = systemd.last_lines(application, release)
    with suppress(OSError):  # on a full disk the site matters more than the record
        whole = f"{reason}\n{course.lines}".strip()
        if is_own_fault or not was_current:
            steps.mark(application, release, "bad", whole)
        course.record(what, "bad", whole)
        steps.prune(application, course.plan)


def _leave(course):
    """Give the site back to the release before; to one that no longer runs only if it passes its gates."""
    application, release = course.application, course.plan["id"]
    to = course.before if course.before != release else application.last_good
    if to:
        plan = application.plan(to)
        if steps.start(application, plan) or course.before == release:
            gates.prove(application, plan, to)
        steps.switch(application, plan, back=True)
        steps.sweep(application, plan)


def _with_last_lines(course, reason):
    release, current = course.plan["id"], course.application.current
    if current in (None, release):
        ending = f"\nThe site is left to release {release}." if current else ""
    else:
        ending = f"\nThe site is {'still ' * (current == course.before)}answered by release {current}."
    return f"{reason}{ending}" + (f"\nThe last lines of {release}:\n{course.lines}" if course.lines else "")


def _watch(application, plan):
    if plan["watch_seconds"] and application.previous and application.previous != plan["id"]:
        folder = application.folder(plan["id"])
        systemd.later(application, folder, "watch", 0, "watch", plan["id"], str(plan["watch_seconds"]))


def rollback(application, who, wanted=""):
    """Go back to the last good release, or to a named one; through its gates where it doesn't run any more.

    Raises:
        Failure: there is none, or it failed: the site is answered by what answered it before.
    """
    with Lock(application).working(f"{who['who']} on {who['from']}") as note:
        course = Course(application, application.plan(target(application, wanted)), who, note)
        reason, was_good = f"rolled back by {who['who']}", course.before and application.is_good(course.before)
        with course.prober:
            try:
                _go_back(course, reason)
            except Failure as fault:
                _refuse(course, str(fault), "rollback")
                if was_good and application.current == course.before:
                    steps.mark(application, course.before, "good")
                raise Failure(_with_last_lines(course, str(fault))) from fault
        steps.retire(application, course.plan)
        course.record("rollback", "good", reason)
        steps.mark(application, course.plan["id"], "good")
    return course.report | {"changed": True}


def _go_back(course, reason):
    application, plan = course.application, course.plan
    with course.step("check"):
        if (application.folder(plan["id"]) / content.RECORD).exists():  # those of before can't be compared
            course.mended(build.mend(application, plan))
        systemd.install(application, plan["id"], plan["unit_text"])
    with course.step("start"):
        is_cold = steps.start(application, plan)
    if is_cold:
        with course.step("prove"):
            course.gates += gates.prove(application, plan, plan["id"])
    with course.step("switch"):
        if course.before:  # first: who is cut off here, and tries again, mustn't come back to it
            steps.mark(application, course.before, "bad", reason)
        steps.switch(application, plan, back=True)
    with course.step("verify"):
        course.verify()


def target(application, wanted=""):
    """Return the release that a rollback goes to: the one asked for, else the last good one that isn't current.

    Raises:
        Failure: there is none.
    """
    current, releases = application.current, application.releases()
    if wanted:
        found = [each for each in releases if each.startswith(wanted)]
        if len(found) != 1:
            raise Failure(f"there is no release {wanted}; there are: {', '.join(releases) or 'none'}")
        if found[0] == current:
            raise Failure(f"{current} is the current release already")
        return found[0]
    if not application.last_good:
        raise Failure("there is no other good release to go back to")
    return application.last_good


def boot(application):
    """Start the current release, and none else, after a reboot."""
    release = application.current
    if release is None:
        raise Failure(f"{application.root / 'current'}: leads to no release")
    systemd.name_active(application, release)
    systemd.systemctl("start", "--no-block", application.service(release))


def maintenance(application, wanted, who):
    """Show visitors the page that says so, or the site again; return whether that changed it."""
    flag = application.root / "shared" / "maintenance"
    if flag.exists() == wanted:
        return False
    if wanted:
        flag.parent.mkdir(exist_ok=True)
        flag.touch()
    else:
        flag.unlink()
    Log(application).add(what="maintenance", result="on" if wanted else "off", who=who["who"], where=who["from"])
    return True
