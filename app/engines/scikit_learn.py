"""scikit-learn: the estimator as it was trained, called in the cheapest way that gives its predictions."""

import importlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator

from app.contract import Contract
from app.engines import EngineOutputs
from app.engines.targets import Targets
from app.values import Value

Input = Literal["numbers", "objects", "texts", "dicts", "frame"]
"""How an estimator takes its rows: array of float64 or of objects, list of texts or of dicts, pandas' DataFrame."""

OF_NUMPY = {"bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float32", "float64"}
"""Types of columns that arrays have too."""


class ScikitLearn:
    """An estimator, computed in the calling thread.

    Args:
        contract: the model's.
        estimator: fitted.
        container: what it takes its rows in.
        columns: field → pandas' name of its type, in the contract's order.
    """

    def __init__(self, contract: Contract, estimator: Any, container: Input, columns: dict[str, str]) -> None:
        self.estimator, self.container, self._columns = estimator, container, columns
        self._targets = Targets(contract, estimator)
        self.gives_probabilities = self._targets.gives_probabilities
        if container == "frame":
            importlib.import_module("pandas")  # now, rather than in the first request

    def compute(self, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
        """Return the outputs for rows, one or more, each with its values in the contract's order.

        Raises:
            PredictionError: one is not a label of the contract, or the targets are more or fewer than its.
        """
        return self._targets.compute(self.arranged(rows))

    def arranged(self, rows: Sequence[Sequence[Value]]) -> Any:
        """Return rows as the estimator takes them."""
        return arrange(rows, self.container, self._columns)


def single_threaded(estimator: Any) -> Any:
    """Return an estimator whose every part works in the calling thread: for one row, more threads only wait."""
    for part in _parts(estimator, set()):
        if getattr(part, "n_jobs", None) not in (None, 1):
            part.n_jobs = 1
    return estimator


def _parts(root: Any, visited: set[int]) -> Iterator[Any]:
    """Yield the estimators within an object, itself included."""
    if id(root) in visited:
        return
    visited.add(id(root))
    children: Iterable[Any] = ()
    if isinstance(root, BaseEstimator):
        yield root
        children = vars(root).values()
    elif isinstance(root, list | tuple):
        children = root
    elif isinstance(root, dict):
        children = root.values()
    for child in children:
        yield from _parts(child, visited)


def arrange(rows: Sequence[Sequence[Value]], container: Input, columns: dict[str, str]) -> Any:
    """Return rows as an estimator takes them; a missing value is NaN.

    Args:
        rows: (n, fields).
        container: what the estimator takes them in.
        columns: field → pandas' name of its type, in the rows' order.
    """
    if container == "texts":
        return [row[0] for row in rows]
    if container == "numbers":
        return np.array([[math.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
    filled = [[math.nan if value is None else value for value in row] for row in rows]
    if container == "dicts":
        return [dict(zip(columns, row, strict=True)) for row in filled]
    objects = np.empty((len(rows), len(columns)), dtype=object)
    objects[:] = filled
    return objects if container == "objects" else _frame(objects, columns)


def _fits(values: Any, kind: str) -> bool:
    """Tell whether a type holds values as they are: one of whole numbers would cut off decimals."""
    is_whole = kind.startswith(("int", "uint", "bool"))
    return not is_whole or all(value == value and value == int(value) for value in values)


def _frame(objects: Any, columns: dict[str, str]) -> Any:
    import pandas  # takes half a second and 40 MB: only for models that need it

    arrays: dict[str, Any] = {}
    for place, (name, kind) in enumerate(columns.items()):
        values = objects[:, place]
        if not _fits(values, kind):
            arrays[name] = pandas.Series(values, dtype=object).infer_objects()
        elif kind in OF_NUMPY:
            arrays[name] = values.astype(kind)  # pandas does the same, and ten times as much around it
        else:
            arrays[name] = pandas.Series(values, dtype=object).astype(kind)
    return pandas.DataFrame(arrays)
