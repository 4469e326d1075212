"""Who runs beside whom: tests of a group share a process and its hosts; who measures has the machine alone."""

import fcntl
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy.base.paths import state

GROUPS = {
    "Debian 12": r"tests/site/.*\bdebian12\b",
    "Debian 13": r"tests/site/.*\bdebian13\b",
    "unit": r"tests/unit/",
    **{f"strangers, part {part}": rf"models/test_strangers.*\[{part}\]" for part in range(2)},
    "power cuts, Debian 12": r"site/test_power_cuts.*\[12\]",
    "power cuts, Debian 13": r"site/test_power_cuts.*\[13\]",
    "own model": r"site/test_own_model",
    "others": "",
}
"""Group → the tests that are in none before; none needs another. They start in this order: the longest first."""


class ByGroup(LoadScopeScheduling):
    """Gives a process a group whole, and the next when it is done. (xdist's own groups need an older pytest.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """Return the group of a test."""
    return next(name for name, pattern in GROUPS.items() if re.search(pattern, nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup:
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long groups come first; in each, who needs what others change, and last who measures, when less runs beside."""
    order = list(GROUPS)
    items.sort(key=lambda item: (order.index(group(item.nodeid)), _turn_of(item)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    with _turn(alone=_measures(item)):
        return (yield)


def _turn_of(item: pytest.Item) -> int:
    fixtures = getattr(item, "fixturenames", ())
    if "fresh" in fixtures and "hosts" not in fixtures:
        return 0
    return 1 if "untouched" in fixtures else 3 if _measures(item) else 2


def _measures(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@contextmanager
def _turn(*, alone: bool) -> Iterator[None]:
    """Stay in the room with others, or alone; who waits for it stands in the door and lets none pass."""
    with state("test", "door.lock").open("a") as door, state("test", "room.lock").open("a") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
