"""Graphs of trees, forests and boosted trees: from the nodes that scikit-learn has fitted."""

from typing import Any

import numpy as np
from sklearn import ensemble, tree
from sklearn.dummy import DummyClassifier, DummyRegressor

from deploy.models.compiler import older, trees
from deploy.models.compiler.graph import Graph, Tensor
from deploy.models.compiler.outputs import (
    PredictorOutput,
    most_probable,
    place_of_two,
    require,
    softmax,
    two_probabilities,
)

TREE = (tree.DecisionTreeClassifier, tree.DecisionTreeRegressor)
FOREST = (
    ensemble.RandomForestClassifier,
    ensemble.RandomForestRegressor,
    ensemble.ExtraTreesClassifier,
    ensemble.ExtraTreesRegressor,
)
GRADIENT = (ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor)
HISTOGRAM = (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor)


def trees_in(estimator: Any) -> list[trees.Tree]:
    """Return a predictor's trees, in the order in which their values are added; none where it has none.

    A node's value is what the tree adds to its target; of a tree of shares, a number for each kind of share.
    """
    if isinstance(estimator, HISTOGRAM):
        return [
            _histogram_tree(grown.nodes, target)
            for stage in estimator._predictors
            for target, grown in enumerate(stage)
        ]
    if isinstance(estimator, GRADIENT):
        return [
            trees.of_scikit_learn(grown.tree_, grown.tree_.value[:, 0, 0] * estimator.learning_rate, target)
            for stage in estimator.estimators_
            for target, grown in enumerate(stage)
        ]
    if isinstance(estimator, (*TREE, *FOREST)):
        return [
            trees.of_scikit_learn(grown, _kinds_of_leaves(grown) if grown.value.shape[2] > 1 else grown.value[:, 0, 0])
            for grown in _fitted_trees(estimator)
        ]
    return []


def compared_numbers(estimator: Any, numbers: Any) -> Any:
    """Return the numbers, (n, features), that a predictor's trees compare: all but histograms' are rounded first."""
    return numbers if isinstance(estimator, HISTOGRAM) else numbers.astype(np.float32).astype(np.float64)


def forest(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a tree, or the mean of a forest's."""
    fitted = _fitted_trees(estimator)
    trees.require_one_output(fitted[0])
    rounded = trees.rounded(graph, features)
    if hasattr(estimator, "classes_"):
        return most_probable(graph, trees.mean_probabilities(graph, rounded, fitted))
    total = trees.sums(graph, rounded, trees_in(estimator), 1)
    return PredictorOutput(graph.node("Div", graph.column(total), graph.constant(float(len(fitted)))))


def gradient_boosting(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add the sum of boosted trees, from the constant that they begin with."""
    start = estimator.init_
    require(isinstance(start, str | DummyClassifier | DummyRegressor), "an init estimator of its own")
    begin = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0]
    grown = [trees.constant_tree(value, target) for target, value in enumerate(begin)]
    raw = trees.sums(graph, trees.rounded(graph, features), grown + trees_in(estimator), len(begin))
    if not hasattr(estimator, "classes_"):
        return PredictorOutput(graph.column(raw))
    scale = 2.0 if estimator.loss == "exponential" else 1.0
    return _boosted_classes(graph, raw, scale=scale, zero_is_second=True)


def histogram_boosting(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add the sum of trees that were boosted on histograms, from the constant that they begin with."""
    require(estimator.is_categorical_ is None, "categories of its own")
    begin = np.ravel(estimator._baseline_prediction)
    grown = [trees.constant_tree(value, target) for target, value in enumerate(begin)]
    raw = trees.sums(graph, features, grown + trees_in(estimator), len(begin))
    if hasattr(estimator, "classes_"):
        return _boosted_classes(graph, raw, scale=1.0, zero_is_second=False)
    value = graph.column(raw)
    return PredictorOutput(graph.node("Exp", value) if estimator.loss in ("poisson", "gamma") else value)


def _fitted_trees(estimator: Any) -> list[Any]:
    return [member.tree_ for member in getattr(estimator, "estimators_", [estimator])]


def _kinds_of_leaves(fitted: Any) -> Any:
    return np.unique(older.class_shares(fitted), axis=0, return_inverse=True)[1].ravel()


def _histogram_tree(nodes: Any, target: int) -> trees.Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(is_leaf, trees.LEAF, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return trees.Tree(
        feature=nodes["feature_idx"],
        threshold=nodes["num_threshold"],
        left=left,
        right=right,
        nan_left=nodes["missing_go_to_left"],
        values=nodes["value"],
        target=target,
    )


def _boosted_classes(graph: Graph, raw: Tensor, scale: float, zero_is_second: bool) -> PredictorOutput:
    if raw.width > 1:
        place = graph.node("ArgMax", raw.name, axis=1, keepdims=0)
        return PredictorOutput(place=place, probabilities=softmax(graph, raw))
    score = raw.name if scale == 1 else graph.node("Mul", raw.name, graph.constant(scale))
    probabilities = two_probabilities(graph, graph.node("Sigmoid", score))
    operator = "GreaterOrEqual" if zero_is_second else "Greater"
    return PredictorOutput(place=place_of_two(graph, raw, operator), probabilities=probabilities)
