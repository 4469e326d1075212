"""The labels that an estimator of scikit-learn answers: those it learned, or those of groups and of outliers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_outlier_detector
from sklearn.mixture._base import BaseMixture
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from app.engines import Task

OUTLIERS = [-1, 1]
"""What detectors of outliers answer: unusual, ordinary."""


def classes_of(estimator: Any) -> list[Any] | None:
    """Return the labels of a fitted estimator of one target in its own order; None where it answers numbers."""
    if (lists := class_lists(estimator)) is not None:
        return lists[0]
    if hasattr(estimator, "classes_"):
        return list(np.asarray(estimator.classes_).tolist())
    if _finds_outliers(estimator):
        return OUTLIERS
    return _clusters(last_step(estimator))


def class_lists(estimator: Any) -> list[list[Any]] | None:
    """Return the labels of each target, as estimators have them that may have several; None of any other."""
    classes = getattr(estimator, "classes_", None)
    if not isinstance(classes, list) or not all(isinstance(labels, np.ndarray | list) for labels in classes):
        return None
    return [list(np.asarray(labels).tolist()) for labels in classes] or None


def classes_of_targets(estimator: Any, count: int) -> Sequence[list[Any] | None]:
    """Return the labels of each of so many targets; None of one that is a number.

    Where an estimator of several has one list, it is of their places, and each is answered with 0 or 1.
    """
    if (lists := class_lists(estimator)) is not None:
        return lists
    classes = classes_of(estimator)
    return [classes if count == 1 or classes is None else [0, 1]] * count


def task_of(estimator: Any) -> Task:
    """Return what an estimator learned from: answers, or rows alone."""
    if hasattr(estimator, "classes_") or classes_of(estimator) is None:
        return "supervised"
    return "outliers" if _finds_outliers(estimator) else "clusters"


def last_step(estimator: Any) -> Any:
    """Return what predicts, taken out of pipelines and searches."""
    while isinstance(estimator, Pipeline | BaseSearchCV):
        estimator = estimator.best_estimator_ if isinstance(estimator, BaseSearchCV) else estimator.steps[-1][1]
    return estimator


def _finds_outliers(estimator: Any) -> bool:
    return hasattr(estimator, "__sklearn_tags__") and is_outlier_detector(estimator)  # a person's own class has none


def _clusters(estimator: Any) -> list[Any] | None:
    """Return the groups of what finds groups in rows; None of anything else."""
    if isinstance(estimator, BaseMixture):
        return [*range(estimator.n_components)]
    if hasattr(estimator, "subcluster_labels_"):  # Birch's centres are of parts of groups
        return list(np.unique(estimator.subcluster_labels_).tolist())
    centres = getattr(estimator, "cluster_centers_", None)
    return None if centres is None else [*range(len(centres))]
