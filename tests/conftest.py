"""Which tests run in parallel: those of a group share a process and its hosts; one that measures runs alone."""

import fcntl
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy.base.paths import state
from tests.run import FULL

GROUPS = {
    "Debian 12": r"tests/site/.*\bdebian12\b",
    "Debian 13": r"tests/site/.*\bdebian13\b",
    "power cuts, Debian 12": r"site/test_power_cuts.*\[12\]",
    "power cuts, Debian 13": r"site/test_power_cuts.*\[13\]",
    "own model": r"site/test_own_model",
    "application": r"tests/unit/app/",
    "hostile models": r"tests/models/test_hostile",
    "engines": r"tests/models/test_engines",
    **{f"strangers, part {part}": rf"models/test_strangers.*\[{part}\]" for part in range(2)},
}
"""Group → a pattern of tests; a test belongs to the first that matches. They start in this order, the longest first."""


class GroupScheduling(LoadScopeScheduling):
    """Gives a process a whole group, and the next when it is done. (xdist's own groups need an older pytest.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """Return the group of a test: of `GROUPS`, or its file."""
    return next((name for name, pattern in GROUPS.items() if re.search(pattern, nodeid)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long groups come first; in each, first the tests that need what others change, last those that measure.

    The long tests aren't collected but in a full run: pytest counts them as deselected.
    """
    left_out = [item for item in items if item.get_closest_marker("long") and not FULL]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    order = {name: place for place, name in enumerate(GROUPS)}
    items.sort(key=lambda item: (order.get(group(item.nodeid), len(order)), _rank(item)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    if "tests/host/" in item.nodeid:  # run by a test whose turn it is, which another may be waiting for to end
        return (yield)
    with _turn(exclusive=_measures(item)):
        return (yield)


def _rank(item: pytest.Item) -> int:
    fixtures = getattr(item, "fixturenames", ())
    if "fresh" in fixtures and "hosts" not in fixtures:
        return 0
    return 1 if "untouched" in fixtures else 3 if _measures(item) else 2


def _measures(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@contextmanager
def _turn(*, exclusive: bool) -> Iterator[None]:
    """Hold the run's lock, shared or exclusive; a test that waits for it holds the queue, so that none overtakes it."""
    with state("test", "door.lock").open("a") as queue, state("test", "room.lock").open("a") as run:
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(run, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        fcntl.flock(queue, fcntl.LOCK_UN)
        yield
