"""Counts that a server's processes share: each adds to a row of its own, and any of them can sum up the rows."""

import mmap
import os
import threading
from collections.abc import Sequence

ROWS = 64
BYTES = 8


class Counts:
    """How often something happened, by its name; made before the workers are forked.

    Args:
        names: of what is counted.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._memory = memoryview(mmap.mmap(-1, ROWS * len(names) * BYTES)).cast("Q")
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Count one more."""
        with self._lock:
            self._memory[os.getpid() % ROWS * len(self._places) + self._places[name]] += 1

    def totals(self) -> dict[str, int]:
        """Return what has been counted since the start: name → how often, without zeros."""
        sums = {name: sum(self._memory[place :: len(self._places)]) for name, place in self._places.items()}
        return {name: total for name, total in sums.items() if total}
