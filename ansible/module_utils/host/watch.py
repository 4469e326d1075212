"""The first minute of a release: where it falls, the host itself goes back to the one before."""

import time

from . import asking, gates, steps, systemd
from .course import Course
from .folders import Failure
from .record import Lock

PAUSE = 0.25
MISSES = 3


def watch(application, release, seconds):
    """Look at a new release for some seconds; go back where it falls, and say why."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and application.current == release:
        if _fault(application, release) and _turn_back(application, release):
            return
        time.sleep(PAUSE)


def _fault(application, release):
    """Return what is wrong with a release, in words; a question that isn't answered is asked again."""
    name = application.plan(release)["server_names"][0]
    for _ in range(MISSES):
        try:
            gates.unharmed(application, release)
        except Failure as fault:
            return str(fault)
        if asking.ask(application.socket(release), name, "/health", seconds=5).status == 200:
            return ""
        time.sleep(PAUSE)
    return "health: no answer, several times"


def end(application, release):
    """Wait until the watch over a release is over.

    Raises:
        Failure: the release fell, and was gone back from.
    """
    while systemd.is_active(f"{application.unit}-watch.service"):
        time.sleep(PAUSE)
    found = application.verdict(release)
    if found.get("verdict") == "bad":
        answers = f"The site is answered by release {application.current}."
        raise Failure(f"release {release} was good, and fell: {found['reason']}\n{answers}")


def _turn_back(application, release):
    """Go back, unless another run did, or mended it, while this one waited; return whether that was done."""
    with Lock(application).working("the watch"):
        before = application.previous
        if application.current != release or before in (None, release) or not (reason := _fault(application, release)):
            return False
        course = Course(application, application.plan(before), {"who": "the watch", "from": "this host"})
        steps.mark(application, release, "bad", f"{reason}\n{systemd.last_lines(application, release)}")
        steps.start(application, course.plan)
        steps.switch(application, course.plan, back=True)
        steps.sweep(application, course.plan)
        course.record("switched back", "good", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is answered by {before} again")
    return True
