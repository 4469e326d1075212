"""Releases, rollbacks, and what watches over them: all that changes what visitors get."""

import time
from contextlib import contextmanager, suppress

from . import gates, steps, systemd
from .folders import Failure
from .prober import Prober
from .record import Lock, Log

BEFORE = ("prepare", "build", "check", "start", "prove")
AFTER = ("switch", "verify", "retire")


class Course:
    """A release on its way: what was done, how long it took, what was found.

    Args:
        application: whose.
        plan: of the release; see `steps.identified`.
        who: deploys it: ``{"who", "from"}``.
        note: told of each step.
    """

    def __init__(self, application, plan, who, note=None):
        self.application, self.plan, self.who, self._note = application, plan, who, note
        self.seconds, self.gates, self.downtime = {}, [], {}
        self.before = application.current

    @contextmanager
    def step(self, name):
        """Do a step; its name goes before what fails in it."""
        began = time.monotonic()
        if self._note:
            self._note(name)
        try:
            yield
        except (Failure, OSError) as fault:
            raise Failure(f"{name}: {fault}") from fault
        finally:
            self.seconds[name] = round(time.monotonic() - began, 2)

    @property
    def report(self):
        """What is told of it."""
        return {"id": self.plan["id"], "from_release": self.before, "seconds": self.seconds, "downtime": self.downtime,
                "gates": [[gate.name, gate.found] for gate in self.gates]}  # fmt: skip


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
        systemd.systemctl("stop", f"{application.unit}-watch.service", check=False)
        with Prober(application, plan["server_names"][0], course.before) as prober:
            try:
                _before(course, wanted)
                _after(course, wanted)
            except Failure as fault:
                _refuse(course, str(fault))
                raise Failure(_with_last_lines(course, str(fault))) from fault
        course.downtime = prober.found
        if "retire" in wanted:
            told(application, "release", course, "good")
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
                anew = bool(getattr(steps, name)(application, plan)) or anew


def _after(course, wanted):
    application, plan = course.application, course.plan
    if "switch" in wanted:
        with course.step("switch"):
            steps.switch(application, plan)
    if "verify" in wanted:
        with course.step("verify"):
            course.gates += gates.verify(application, plan, plan["id"])
    if "retire" in wanted:
        with course.step("retire"):
            steps.mark(application, plan["id"], "good")
            steps.retire(application, plan)
            _watch(application, plan)


def _refuse(course, reason):
    """Leave, or make, the site as it was."""
    application, release = course.application, course.plan["id"]
    if course.before and course.before != release and application.current == release:
        steps.switch(application, application.plan(course.before), back=True)
        steps.sweep(application, application.plan(course.before))
    elif application.current != release:
        steps.stop(application, release)
    course.lines = systemd.last_lines(application, release)
    with suppress(OSError):  # on a full disk the site matters more than the record
        whole = f"{reason}\n{course.lines}".strip()
        steps.mark(application, release, "bad", whole)
        told(application, "release", course, "bad", whole)


def _with_last_lines(course, reason):
    ending = f"\nThe site is still answered by release {course.before}." if course.before else ""
    return f"{reason}{ending}" + (f"\nThe last lines of {course.plan['id']}:\n{course.lines}" if course.lines else "")


def told(application, what, course, result, reason=""):
    """Write a line of the record."""
    said = {key: value for key, value in course.downtime.items() if key != "samples"}
    Log(application).add(what=what, id=course.plan["id"], before=course.before, who=course.who["who"],
                         where=course.who["from"], result=result, reason=reason, seconds=course.seconds, downtime=said,
                         manifest=course.plan.get("manifest", {}))  # fmt: skip


def _watch(application, plan):
    if plan["watch_seconds"] and application.previous and application.previous != plan["id"]:
        folder = application.folder(plan["id"])
        systemd.later(application, folder, "watch", 0, "watch", plan["id"], str(plan["watch_seconds"]))


def rollback(application, who, wanted="", reason=""):
    """Go back to the last good release, or to a named one; through its gates where it doesn't run any more.

    Raises:
        Failure: there is none, or it failed: nothing was switched then.
    """
    with Lock(application).working(f"{who['who']} on {who['from']}") as note:
        before = application.current
        course = Course(application, application.plan(target(application, wanted)), who, note)
        with Prober(application, course.plan["server_names"][0], before) as prober:
            try:
                _go_back(course)
            except Failure as fault:
                _refuse(course, str(fault))
                raise Failure(_with_last_lines(course, str(fault))) from fault
        course.downtime = prober.found
        said = reason or f"rolled back by {who['who']}"
        steps.mark(application, before, "bad", said)
        steps.retire(application, course.plan)
        told(application, "rollback", course, "good", said)
    return course.report | {"changed": True}


def _go_back(course):
    application, plan = course.application, course.plan
    with course.step("check"):
        systemd.systemctl("stop", f"{application.unit}-watch.service", check=False)
        systemd.install(application, plan["id"], plan["unit_text"])
    if not systemd.is_active(application.service(plan["id"])):
        with course.step("start"):
            steps.start(application, plan)
        with course.step("prove"):
            course.gates += gates.prove(application, plan, plan["id"])
    else:
        with course.step("start"):
            steps.keep(application, plan["id"])
    with course.step("switch"):
        steps.switch(application, plan, back=True)
    with course.step("verify"):
        course.gates += gates.verify(application, plan, plan["id"])


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
    good = [each for each in releases if each != current and application.verdict(each).get("verdict") == "good"]
    if not good:
        raise Failure("there is no other good release to go back to")
    return max(good, key=lambda each: application.verdict(each)["at"])


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
