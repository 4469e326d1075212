"""scikit-learn: the estimator as it was trained, called in the cheapest way that gives its predictions."""

import importlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier
from sklearn.ensemble._forest import ForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import BaseDecisionTree

from app.contract import Classification, Contract
from app.engines import EngineOutputs, PredictionError
from app.engines.classes import classes_of
from app.values import Value

Input = Literal["numbers", "objects", "texts", "dicts", "frame"]
"""How an estimator takes its rows: array of float64 or of objects, list of texts or of dicts, pandas' DataFrame."""

MOST_PROBABLE = (BaggingClassifier, BaseDecisionTree, CalibratedClassifierCV, ForestClassifier)
"""Those whose ``predict`` is the first of the most probable labels of ``predict_proba``: one call gives both."""


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
        self._classifies = isinstance(contract.predicts, Classification)
        predicts = contract.predicts
        self._labels = [label.value for label in predicts.labels] if isinstance(predicts, Classification) else []
        self.gives_probabilities = self._classifies and hasattr(estimator, "predict_proba")
        self._order = _order(estimator, self._labels) if self._classifies else []
        self._has_one_call = self.gives_probabilities and _predicts_most_probable(estimator)
        if container == "frame":
            importlib.import_module("pandas")  # now, rather than in the first request

    def compute(self, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
        """Return the outputs for rows, one or more, each with its values in the contract's order.

        Raises:
            PredictionError: one is not a label of the contract.
        """
        samples = self.arranged(rows)
        if not self._classifies:
            values = np.asarray(self.estimator.predict(samples), dtype=float).reshape(len(rows))
            return EngineOutputs(values=values.tolist())
        if self._has_one_call:
            probabilities = np.asarray(self.estimator.predict_proba(samples), dtype=float)
            places = [self._order.index(place) for place in probabilities.argmax(axis=1).tolist()]
            return EngineOutputs(labels=places, probabilities=probabilities[:, self._order].tolist())
        labels = np.asarray(self.estimator.predict(samples)).reshape(len(rows)).tolist()
        places = [self._place(label) for label in labels]
        if not self.gives_probabilities:
            return EngineOutputs(labels=places)
        probabilities = np.asarray(self.estimator.predict_proba(samples), dtype=float)[:, self._order]
        return EngineOutputs(labels=places, probabilities=probabilities.tolist())

    def arranged(self, rows: Sequence[Sequence[Value]]) -> Any:
        """Return rows as the estimator takes them."""
        return arrange(rows, self.container, self._columns)

    def _place(self, label: Any) -> int:
        try:
            return self._labels.index(label)
        except ValueError:
            raise PredictionError(f"the model predicted {label!r}, which is not one of its labels") from None


def _predicts_most_probable(estimator: Any) -> bool:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if isinstance(last, KNeighborsClassifier):
        return bool(last.weights == "uniform")
    return isinstance(last, MOST_PROBABLE)


def _order(estimator: Any, labels: list[Any]) -> list[int]:
    """Return the estimator's place of each of the contract's labels."""
    classes = classes_of(estimator) or []
    return [classes.index(label) for label in labels]


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
    """Tell whether pandas' type holds values as they are: one of whole numbers would cut off decimals."""
    if not kind.startswith(("int", "uint", "bool")):
        return True
    return not values.isna().any() and all(value == int(value) for value in values)


def _frame(objects: Any, columns: dict[str, str]) -> Any:
    import pandas  # takes half a second and 40 MB: only for models that need it

    series = {}
    for place, (name, kind) in enumerate(columns.items()):
        values = pandas.Series(objects[:, place], dtype=object)
        series[name] = values.astype(kind) if _fits(values, kind) else values.infer_objects()
    return pandas.DataFrame(series)
