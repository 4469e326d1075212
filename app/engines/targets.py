"""What an estimator of scikit-learn answers, target by target, in the contract's terms."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.ensemble._forest import ForestClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import BaseDecisionTree

from app.contract import Classification, Contract
from app.engines import EngineOutputs, PredictionError
from app.engines.classes import class_lists, classes_of_targets, last_step

MOST_PROBABLE = (BaggingClassifier, BaseDecisionTree, CalibratedClassifierCV, ForestClassifier)
"""Those whose ``predict`` is the first of the most probable labels of ``predict_proba``: one call gives both."""

OF_THE_SECOND = (ClassifierChain, MLPClassifier, OneVsRestClassifier)
"""Those that may give one array for several targets: of each the probability of the second of its two labels."""

Shares = Callable[[Any], list[Any]]
"""What ``predict_proba`` returns → the probabilities of each target, (n, labels) in the estimator's order."""


class Targets:
    """An estimator's targets, of which most have one.

    Args:
        contract: the model's.
        estimator: fitted.
    """

    def __init__(self, contract: Contract, estimator: Any) -> None:
        self._estimator, targets = estimator, contract.targets
        self._labels = [
            [label.value for label in target.labels] if isinstance(target, Classification) else [] for target in targets
        ]
        known = classes_of_targets(estimator, len(targets))
        self._orders = [
            [(classes or []).index(label) for label in labels]
            for classes, labels in zip(known, self._labels, strict=True)
        ]
        self._shares = _shares(estimator, self._labels) if hasattr(estimator, "predict_proba") else None
        self.gives_probabilities = self._shares is not None and all(self._labels)
        self._has_one_call = self.gives_probabilities and _predicts_most_probable(estimator)

    def compute(self, samples: Any) -> EngineOutputs:
        """Return the outputs for rows as the estimator takes them: the first target's, with the others'.

        Raises:
            PredictionError: a label is not one of the contract's, or the targets are more or fewer.
        """
        shares = self._probabilities(samples)
        columns = self._most_probable(shares) if self._has_one_call else self._predicted(samples)
        outputs = [
            EngineOutputs(labels=column, probabilities=share) if labels else EngineOutputs(values=column)
            for labels, column, share in zip(self._labels, columns, self._ordered(shares), strict=True)
        ]
        return replace(outputs[0], further=outputs[1:]) if len(outputs) > 1 else outputs[0]

    def _probabilities(self, samples: Any) -> list[Any]:
        if self._shares is None or not self.gives_probabilities:
            return []
        return [np.asarray(share, dtype=float) for share in self._shares(self._estimator.predict_proba(samples))]

    def _most_probable(self, shares: list[Any]) -> list[list[int]]:
        pairs = zip(shares, self._orders, strict=True)
        return [[order.index(place) for place in share.argmax(axis=1).tolist()] for share, order in pairs]

    def _predicted(self, samples: Any) -> list[list[Any]]:
        """Return the number of each row, or its label's place, target by target."""
        columns = columns_of(self._estimator.predict(samples)).T
        if len(columns) != len(self._labels):
            raise PredictionError(f"the model answers {len(columns)} things, and its contract says {len(self._labels)}")
        return [
            [_place(labels, label) for label in column.tolist()] if labels else column.astype(float).tolist()
            for labels, column in zip(self._labels, columns, strict=True)
        ]

    def _ordered(self, shares: list[Any]) -> list[list[list[float]] | None]:
        """Return the probabilities of each target in the contract's order; None where the model gives none."""
        if not shares:
            return [None] * len(self._labels)
        return [share[:, order].tolist() for share, order in zip(shares, self._orders, strict=True)]


def columns_of(predicted: Any) -> Any:
    """Return what ``predict`` answers as (n, targets), also where there is but one."""
    dense = np.asarray(predicted.toarray() if hasattr(predicted, "toarray") else predicted)
    return dense.reshape(len(dense), -1)


def _place(labels: Sequence[Any], label: Any) -> int:
    try:
        return labels.index(label)
    except ValueError:
        raise PredictionError(f"the model predicted {label!r}, which is not one of its labels") from None


def _shares(estimator: Any, labels: Sequence[Sequence[Any]]) -> Shares | None:
    """Return how an estimator gives probabilities; None where they can't be told apart by target."""
    last = last_step(estimator)
    by_target = class_lists(estimator) is not None
    if not by_target and len(labels) == 1:
        return lambda shares: [shares]
    if isinstance(last, OF_THE_SECOND):
        return _both if all(len(own) == 2 for own in labels) else None
    # StackingClassifier gives one array too, but of the first labels: no probability is better than the wrong one.
    return list if by_target and not isinstance(last, StackingClassifier) else None


def _both(shares: Any) -> list[Any]:
    return [np.stack([1 - second, second], axis=1) for second in np.asarray(shares, dtype=float).T]


def _predicts_most_probable(estimator: Any) -> bool:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if isinstance(last, KNeighborsClassifier):
        return bool(last.weights == "uniform")
    return isinstance(last, MOST_PROBABLE)
