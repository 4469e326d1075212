"""Releases, rollbacks, and what watches over them: all that changes what visitors get."""

from contextlib import suppress

from . import gates, making, steps, systemd
from .course import Course
from .folders import Failure
from .record import Lock, Log

BEFORE = ("prepare", "build", "check", "start", "prove")
MADE = {"prepare": making.prepare, "build": making.build, "check": steps.check}
"""Step → what does it, and returns whether anything was changed that a release is started with."""


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
    anew = False
    for name in (each for each in BEFORE if each in wanted):
        with course.step(name):
            if name == "start":
                steps.start(application, plan, anew)
            elif name == "prove":
                course.gates += gates.prove(application, plan, plan["id"])
            else:
                anew = MADE[name](application, plan) or anew


def _after(course, wanted):
    application, plan = course.application, course.plan
    if "switch" in wanted:
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
    if application.current != release:
        steps.stop(application, release)
    else:
        try:
            _leave(course)
        except Exception as fault:
            reason = f"{reason}\nand on the way back: {fault}"
    course.lines = systemd.last_lines(application, release)
    with suppress(OSError):  # on a full disk the site matters more than the record
        whole = f"{reason}\n{course.lines}".strip()
        steps.mark(application, release, "bad", whole)
        course.record(what, "bad", whole)
        steps.prune(application, course.plan)


def _leave(course):
    """Give the site back to the release before; to one that no longer runs only if it passes its gates."""
    application, release = course.application, course.plan["id"]
    to = course.before if course.before != release else application.previous
    if to not in (None, release):
        plan = application.plan(to)
        if steps.start(application, plan) or course.before == release:
            gates.prove(application, plan, to)
        steps.switch(application, plan, back=True)
        steps.sweep(application, plan)


def _with_last_lines(course, reason):
    release, current = course.plan["id"], course.application.current
    if current in (None, release):
        ending = "\nThere is no other release that could answer." if current else ""
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
        with course.prober:
            try:
                _go_back(course)
            except Failure as fault:
                _refuse(course, str(fault), "rollback")
                raise Failure(_with_last_lines(course, str(fault))) from fault
        reason = f"rolled back by {who['who']}"
        if course.before:
            steps.mark(application, course.before, "bad", reason)
        steps.retire(application, course.plan)
        course.record("rollback", "good", reason)
        steps.mark(application, course.plan["id"], "good")
    return course.report | {"changed": True}


def _go_back(course):
    application, plan = course.application, course.plan
    with course.step("check"):
        anew = systemd.install(application, plan["id"], plan["unit_text"])
    with course.step("start"):
        is_cold = steps.start(application, plan, anew)
    if is_cold:
        with course.step("prove"):
            course.gates += gates.prove(application, plan, plan["id"])
    with course.step("switch"):
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
    good = [each for each in releases if each != current and application.is_good(each)]
    if not good:
        raise Failure("there is no other good release to go back to")
    last = max(good, key=lambda each: application.verdict(each)["at"])
    return application.previous if application.previous in good else last


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
