"""scikit-learn: the estimator as it was trained, asked in the cheapest way that gives its answers."""

import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier
from sklearn.ensemble._forest import ForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import BaseDecisionTree

from app.contract import Classification, Contract
from app.engines import Answers, PredictionError
from app.values import Value

Input = Literal["numbers", "objects", "texts", "frame"]
"""How an estimator takes its rows: array of float64, array of objects, list of texts, or pandas' DataFrame."""

MOST_PROBABLE = (BaggingClassifier, BaseDecisionTree, CalibratedClassifierCV, ForestClassifier)
"""Those whose ``predict`` is the first of the most probable labels of ``predict_proba``: one call gives both."""


class ScikitLearn:
    """An estimator, computed in the calling thread.

    Args:
        contract: the model's.
        estimator: fitted.
        how: the container that it takes its rows in.
        columns: field → pandas' name of its type, in the contract's order.
    """

    def __init__(self, contract: Contract, estimator: Any, how: Input, columns: dict[str, str]) -> None:
        self.estimator, self.how, self._columns = estimator, how, columns
        self._classifies = isinstance(contract.predicts, Classification)
        predicts = contract.predicts
        self._labels = [label.value for label in predicts.labels] if isinstance(predicts, Classification) else []
        self.gives_probabilities = self._classifies and hasattr(estimator, "predict_proba")
        self._order = _order(estimator, self._labels) if self._classifies else []
        self._once = self.gives_probabilities and _answers_most_probable(estimator)
        if how == "frame":
            importlib.import_module("pandas")  # now, rather than in the first request

    def answers(self, rows: Sequence[Sequence[Value]]) -> Answers:
        """Return the answers for rows, one or more, each with its values in the contract's order.

        Raises:
            PredictionError: one is no label of the contract.
        """
        given = self.arranged(rows)
        if not self._classifies:
            return Answers(values=np.asarray(self.estimator.predict(given), dtype=float).reshape(len(rows)).tolist())
        if self._once:
            found = np.asarray(self.estimator.predict_proba(given), dtype=float)
            places = [self._order.index(place) for place in found.argmax(axis=1).tolist()]
            return Answers(labels=places, probabilities=found[:, self._order].tolist())
        labels = np.asarray(self.estimator.predict(given)).reshape(len(rows)).tolist()
        places = [self._place(label) for label in labels]
        if not self.gives_probabilities:
            return Answers(labels=places)
        found = np.asarray(self.estimator.predict_proba(given), dtype=float)[:, self._order]
        return Answers(labels=places, probabilities=found.tolist())

    def arranged(self, rows: Sequence[Sequence[Value]]) -> Any:
        """Return rows as the estimator takes them."""
        return arrange(rows, self.how, self._columns)

    def _place(self, label: Any) -> int:
        try:
            return self._labels.index(label)
        except ValueError:
            raise PredictionError(f"the model answered {label!r}, which is no label of it") from None


def _answers_most_probable(estimator: Any) -> bool:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if isinstance(last, KNeighborsClassifier):
        return bool(last.weights == "uniform")
    return isinstance(last, MOST_PROBABLE)


def _order(estimator: Any, labels: list[Any]) -> list[int]:
    """Return the estimator's place of each of the contract's labels."""
    classes = np.asarray(estimator.classes_).tolist()
    return [classes.index(label) for label in labels]


def alone(estimator: Any) -> Any:
    """Return an estimator whose every part works in the calling thread: for a row, more threads only wait."""
    for part in _parts(estimator, set()):
        if getattr(part, "n_jobs", None) not in (None, 1):
            part.n_jobs = 1
    return estimator


def _parts(found: Any, seen: set[int]) -> Iterator[Any]:
    if id(found) in seen:
        return
    seen.add(id(found))
    if isinstance(found, BaseEstimator):
        yield found
        for each in vars(found).values():
            yield from _parts(each, seen)
    elif isinstance(found, list | tuple):
        for each in found:
            yield from _parts(each, seen)
    elif isinstance(found, dict):
        for each in found.values():
            yield from _parts(each, seen)


def arrange(rows: Sequence[Sequence[Value]], how: Input, columns: dict[str, str]) -> Any:
    """Return rows as an estimator takes them; a missing value is NaN.

    Args:
        rows: (n, fields).
        how: the kind of container.
        columns: field → pandas' name of its type, in the rows' order.
    """
    if how == "texts":
        return [row[0] for row in rows]
    if how == "numbers":
        return np.array([[math.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
    filled = [[math.nan if value is None else value for value in row] for row in rows]
    objects = np.empty((len(rows), len(columns)), dtype=object)
    objects[:] = filled
    return objects if how == "objects" else _frame(objects, columns)


def _frame(objects: Any, columns: dict[str, str]) -> Any:
    import pandas  # takes half a second and 40 MB: for models that need it alone

    series = {}
    for place, (name, kind) in enumerate(columns.items()):
        values = pandas.Series(objects[:, place], dtype=object)
        needs_all = kind.startswith(("int", "uint", "bool"))
        series[name] = values.infer_objects() if needs_all and values.isna().any() else values.astype(kind)
    return pandas.DataFrame(series)
