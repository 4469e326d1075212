"""Who runs beside whom: tests of a group share a process and its hosts; who measures has the machine alone."""

import fcntl
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deploy.project import state

GROUPS = ("releases", "site", "unit", "sandbox")
"""Those that take longest, which start first; the others follow as they are collected."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test a group, its folder's where it names none; the long ones first, who measures last in each."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, bool]:
    group = item.get_closest_marker("xdist_group").args[0]
    place = GROUPS.index(group) if group in GROUPS else len(GROUPS)
    return place, place < len(GROUPS) and bool(item.get_closest_marker("alone"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    with _turn(alone=bool(item.get_closest_marker("alone"))):
        return (yield)


@contextmanager
def _turn(*, alone: bool) -> Iterator[None]:
    """Stay in the room with others, or alone; who waits for it stands in the door and lets none pass."""
    with state("test", "door.lock").open("a") as door, state("test", "room.lock").open("a") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
