"""Names that no field has: refused with the closest field, or the first few named."""

import difflib
import heapq
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

from app.faults import Fault
from app.fields.parts import NAME_CHARACTERS
from app.languages import N_

UNKNOWN_NAMED = 10
"""How many unknown names of a row get a sentence, and how many of a request get the closest field."""

COMPARED = 8
"""How many fields difflib compares a name with: those that share the most letter pairs with it."""

COMPARED_CHARACTERS = 100
"""Of names, that difflib compares."""

SIMILARITY = 0.6
"""How similar a column must be to one that a table lacks to be named beside it, 0 to 1 (difflib's own)."""

UNKNOWN = N_("is not a field of this model")
UNKNOWN_CLOSEST = N_("is not a field of this model; the closest is “%(closest)s”")


class UnknownNames:
    """Finds the closest of known names to each unknown one: for the first few of a request only, since it takes time.

    Args:
        known: the names.
    """

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known
        self._faults: dict[str, Fault] = {}

    @cached_property
    def _pairs(self) -> dict[str, frozenset[str]]:
        return {name: _letter_pairs(name) for name in self._known}

    def fault(self, name: str) -> Fault:
        """Return why a name is refused."""
        name = name[:NAME_CHARACTERS]
        if name not in self._faults:
            if len(self._faults) >= UNKNOWN_NAMED:
                return Fault(UNKNOWN)
            self._faults[name] = Fault(UNKNOWN_CLOSEST, {"closest": self.closest(name)})
        return self._faults[name]

    def closest(self, name: str) -> str:
        """Return the known name that is most like another."""
        return self._most_like(name, 0.0)

    def similar(self, name: str) -> str:
        """Return the known name that another may be a spelling of; empty where none is."""
        return self._most_like(name, SIMILARITY)

    def _most_like(self, name: str, similarity: float) -> str:
        pairs = _letter_pairs(name)
        likely = heapq.nlargest(COMPARED, self._pairs, key=lambda other: len(pairs & self._pairs[other]))
        names = {other[:COMPARED_CHARACTERS].casefold(): other for other in likely}
        matches = difflib.get_close_matches(name[:COMPARED_CHARACTERS].casefold(), names, 1, similarity)
        return names[matches[0]] if matches else ""


def _letter_pairs(name: str) -> frozenset[str]:
    """Return a name's letters and pairs of neighbouring letters."""
    letters = name.casefold()
    return frozenset(letters) | frozenset(map("".join, pairwise(letters)))
