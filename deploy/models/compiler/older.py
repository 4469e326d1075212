"""What scikit-learn did otherwise since 1.2: the few differences that graphs of its older files must follow."""

from typing import Any

import numpy as np


def class_shares(tree: Any) -> Any:
    """Return each class's share in each node of a fitted ``tree_``, (nodes, classes): until 1.4 it counted rows."""
    values = tree.value[:, 0, :]
    totals = values.sum(axis=1, keepdims=True)
    return values if np.isclose(totals[0, 0], 1.0) else values / np.where(totals == 0.0, 1.0, totals)


def nan_left(tree: Any) -> Any:
    """Return whether a missing value goes left, (nodes,): 1.2 takes none."""
    return np.asarray(getattr(tree, "missing_go_to_left", np.zeros(tree.node_count)), dtype=np.int64)


def compares_each_class(estimator: Any) -> bool:
    """Return whether a LogisticRegression of three classes and more has fitted each against the rest: until 1.7."""
    how = getattr(estimator, "multi_class", "multinomial")
    if how not in ("auto", "deprecated"):
        return bool(how == "ovr")
    is_before = not hasattr(estimator, "__sklearn_tags__")  # 1.6 has these, and fits both solvers' classes together
    return bool(estimator.solver == "liblinear" or (estimator.solver == "newton-cholesky" and is_before))


def score_scale(estimator: Any) -> float:
    """Return what the score of a LogisticRegression of two classes is multiplied by, before its sigmoid: until 1.7."""
    return 2.0 if getattr(estimator, "multi_class", "") == "multinomial" else 1.0
