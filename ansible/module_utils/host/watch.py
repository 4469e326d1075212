"""The first minute of a release: where it falls, the host itself goes back to the one before."""

import time

from . import asking, gates, steps, systemd
from .folders import Failure
from .record import Lock
from .releases import Course, told

PAUSE = 0.25
MISSES = 3


def watch(application, release, seconds):
    """Look at a new release for some seconds; go back where it falls, and say why."""
    deadline, plan, misses = time.monotonic() + seconds, application.plan(release), 0
    while time.monotonic() < deadline and application.current == release:
        try:
            gates.unharmed(application, release)
            answer = asking.ask(application.socket(release), plan["server_names"][0], "/health", seconds=5)
            misses = 0 if answer.status == 200 else misses + 1
            if misses == MISSES:
                raise Failure("health: no answer, several times")
        except Failure as fault:
            _turn_back(application, plan, release, str(fault))
            return
        time.sleep(PAUSE)


def _turn_back(application, plan, release, reason):
    who = {"who": "the watch", "from": "this host"}
    lines = systemd.last_lines(application, release)
    with Lock(application).working("the watch"):
        before = application.previous
        if application.current != release or not before or not systemd.is_active(application.service(before)):
            return
        course = Course(application, application.plan(before), who)
        steps.switch(application, course.plan, back=True)
        steps.mark(application, release, "bad", f"{reason}\n{lines}")
        steps.keep(application, before)
        steps.sweep(application, course.plan)
        told(application, "switched back", course, "good", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is answered by {before} again")
