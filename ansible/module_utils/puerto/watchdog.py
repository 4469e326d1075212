"""The first minute of a release: where it falls, the host itself goes back to the one before."""

import time

from . import gates, http_client, steps, systemd
from .deployment import Course
from .layout import Failure
from .lock import Lock

PAUSE = 0.25
MISSES = 3
WARM_SECONDS = 5
"""In which a release that runs must answer."""

RETRY_SECONDS = 3
"""Between looks once it is told that there is nothing to go back to; others may want to work meanwhile."""


def watch(application, release, seconds):
    """Look at a new release for some seconds; go back where it falls, and say why."""
    deadline, is_told = time.monotonic() + seconds, False
    while time.monotonic() < deadline and application.current == release:
        if _fault(application, release):
            is_told = _turn_back(application, release, is_told)
        time.sleep(RETRY_SECONDS if is_told else PAUSE)


def _fault(application, release):
    """Return what is wrong with a release, in words; a question that isn't answered is asked again."""
    name = application.plan(release)["server_names"][0]
    for _ in range(MISSES):
        try:
            gates.unharmed(application, release)
        except Failure as fault:
            return str(fault)
        if http_client.ask(application.socket(release), name, "/health", seconds=5).status == 200:
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
        is_left = application.current == release
        answers = f"The site is {'left to' if is_left else 'answered by'} release {application.current}."
        raise Failure(f"release {release} was good, and fell: {found['reason']}\n{answers}")


def _turn_back(application, release, is_told=False):
    """Go back, unless another run did, or mended it, while this one waited; stay where nothing answers that is there.

    Args:
        is_told: whether it was said before that there is nothing to go back to.

    Returns:
        Whether that is said by now.
    """
    with Lock(application).working("the watch"):
        before = application.previous
        if application.current != release or before in (None, release) or not (reason := _fault(application, release)):
            return is_told
        course = Course(application, application.plan(before), {"who": "the watch", "from": "this host"})
        whole = f"{reason}\n{systemd.last_lines(application, release)}"
        try:
            _must_answer(application, course.plan)
        except (Failure, OSError) as fault:
            if not is_told:
                _stay(course, release, f"{reason}; {before} can't take over: {fault}")
            return True
        steps.mark(application, release, "bad", whole)
        steps.switch(application, course.plan, back=True)
        steps.sweep(application, course.plan)
        course.record("switched back", "good", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is answered by {before} again")
    return is_told


def _must_answer(application, plan):
    """Start a release where it doesn't run, and ask it: what visitors get from it must be right.

    Raises:
        Failure: it doesn't answer, or wrongly.
    """
    release, name = plan["id"], plan["server_names"][0]
    is_cold = steps.start(application, plan)
    gates.health(application, plan if is_cold else plan | {"start_seconds": WARM_SECONDS}, release)
    gates.golden(application.socket(release), name, application, release)


def _stay(course, release, reason):
    """Leave the site to what falls: it answers now and then, and the release before doesn't at all.

    The watch goes on, and goes back as soon as that one answers.
    """
    application = course.application
    steps.mark(application, release, "bad", f"{reason}\n{systemd.last_lines(application, release)}")
    course.record("stayed", "bad", f"{release}: {reason}")
    print(f"{release}: {reason}; the site is left to {release}")
