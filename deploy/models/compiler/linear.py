"""Graphs of linear models: a matrix of weights, an intercept, and what each makes of their scores."""

from typing import Any

import numpy as np

from deploy.models.compiler import older
from deploy.models.compiler.graph import Graph, Tensor
from deploy.models.compiler.outputs import (
    PredictorOutput,
    place_of_scores,
    require,
    softmax,
    two_probabilities,
)


def scores(graph: Graph, coefficients: Any, intercept: Any, features: Tensor) -> Tensor:
    """Return features times weights plus intercept.

    Args:
        coefficients: (outputs, features), or (features,) for one output; may be sparse.
    """
    if hasattr(coefficients, "toarray"):
        coefficients = coefficients.toarray()
    weights = np.atleast_2d(np.asarray(coefficients, dtype=np.float64)).T
    product = graph.node("MatMul", features.name, graph.constant(weights))
    return Tensor(graph.node("Add", product, graph.constant(np.ravel(intercept))), weights.shape[1])


def regressor(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a linear regression."""
    require(np.ndim(estimator.coef_) == 1 or np.shape(estimator.coef_)[0] == 1, "several outputs")
    return PredictorOutput(graph.column(_fitted_scores(graph, estimator, features)))


def generalized_regressor(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a generalized linear regression: Poisson's, gamma, Tweedie's."""
    raw = graph.column(_fitted_scores(graph, estimator, features))
    link = type(estimator._base_loss.link).__name__
    require(link in ("LogLink", "IdentityLink"), f"link {link}")
    return PredictorOutput(graph.node("Exp", raw) if link == "LogLink" else raw)


def classifier(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a classifier that gives no probabilities: the label with the largest score."""
    require(not hasattr(estimator, "predict_proba"), f"{type(estimator).__name__}'s probabilities have no graph")
    return PredictorOutput(place=place_of_scores(graph, _fitted_scores(graph, estimator, features)))


def logistic_regression(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a classifier whose probabilities are the scores' sigmoid or softmax."""
    raw = _fitted_scores(graph, estimator, features)
    place = place_of_scores(graph, raw)
    if raw.width == 1:
        scale = older.score_scale(estimator)
        score = raw.name if scale == 1 else graph.node("Mul", raw.name, graph.constant(scale))
        return PredictorOutput(place=place, probabilities=two_probabilities(graph, graph.node("Sigmoid", score)))
    probabilities = _against_the_rest(graph, raw) if older.compares_each_class(estimator) else softmax(graph, raw)
    return PredictorOutput(place=place, probabilities=probabilities)


def sgd_classifier(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a classifier that stochastic gradient descent has fitted: its probabilities are one against the rest."""
    raw = _fitted_scores(graph, estimator, features)
    place = place_of_scores(graph, raw)
    if not hasattr(estimator, "predict_proba"):
        return PredictorOutput(place=place)
    require(estimator.loss == "log_loss", f"probabilities of the loss {estimator.loss}")
    if raw.width == 1:
        return PredictorOutput(place=place, probabilities=two_probabilities(graph, graph.node("Sigmoid", raw.name)))
    return PredictorOutput(place=place, probabilities=_against_the_rest(graph, raw))


def _against_the_rest(graph: Graph, raw: Tensor) -> Tensor:
    """Return the probabilities of classes of which each was fitted against the rest."""
    shares = graph.node("Sigmoid", raw.name)
    total = graph.node("ReduceSum", shares, graph.constant([1], np.int64), keepdims=1)
    return Tensor(graph.node("Div", shares, total), raw.width)


def _fitted_scores(graph: Graph, estimator: Any, features: Tensor) -> Tensor:
    return scores(graph, estimator.coef_, estimator.intercept_, features)
