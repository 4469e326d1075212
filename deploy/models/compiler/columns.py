"""Fields of a contract on their way into a graph: not transformed yet, so still as the table has them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from app.contract import Contract
from app.values import Value
from deploy.models.compiler.graph import Tensor, Unsupported


@dataclass(frozen=True)
class Columns:
    """Some of the contract's fields, not transformed yet.

    Attributes:
        places: of the fields in the contract.
        arrange: turns whole rows, (n, all fields), into what a transformer of these columns takes.
    """

    contract: Contract
    places: tuple[int, ...]
    arrange: Callable[[Sequence[Sequence[Value]]], Any]

    def subset(self, selection: Any) -> "Columns":
        """Return those that a ColumnTransformer's branch takes."""
        names = [self.contract.fields[place].name for place in self.places]
        places = np.array(self.places)[_positions(selection, names)]
        return replace(
            self,
            places=tuple(places.tolist()),
            arrange=lambda rows: _safe_indexing(self.arrange(rows), selection, axis=1),
        )

    def values(self, place: int) -> list[Value] | None:
        """Return all that a field can be, a missing value last; None for a number."""
        field = self.contract.fields[place]
        values = field.countable()
        return [*values, None] if values is not None and field.missing else values

    @property
    def are_countable(self) -> bool:
        """Whether there are fields, and of each the values can be counted."""
        return bool(self.places) and all(self.values(place) is not None for place in self.places)


Block = Columns | Tensor
"""What a transformer is given: fields as they are, or numbers that another transformer made."""


def _positions(selection: Any, names: list[str]) -> Any:
    if isinstance(selection, str):
        raise Unsupported("a transformer of one column as texts")
    if isinstance(selection, slice):
        if isinstance(selection.start or selection.stop, str):
            raise Unsupported("columns chosen from one name to another")
        return selection
    listed = np.asarray(selection)
    if listed.dtype.kind in "OUT":
        return np.array([names.index(name) for name in listed], dtype=int)
    return np.flatnonzero(listed) if listed.dtype == bool else listed.astype(int)
