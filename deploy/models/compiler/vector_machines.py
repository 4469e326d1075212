"""Graphs of support vector machines: kernels, and libsvm's duels between pairs of classes."""

from typing import Any

import numpy as np
from onnx import TensorProto

from deploy.models.compiler.graph import Graph, Tensor
from deploy.models.compiler.outputs import PredictorOutput, dense, place_of_two, require


def regressor(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a support vector regression."""
    return PredictorOutput(graph.column(_score(graph, estimator, features)))


def classifier(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a support vector classifier: each pair of classes has a vote, the first of those with most wins."""
    require(not hasattr(estimator, "predict_proba"), "libsvm's probabilities")
    require(not estimator.break_ties, "break_ties")
    similarities = _kernel(graph, estimator, features)
    pairs, weights = _one_vs_one(estimator)
    decisions = graph.node("MatMul", similarities, graph.constant(weights))
    decisions = graph.node("Add", decisions, graph.constant(np.ravel(estimator._intercept_)))
    won = graph.cast(graph.node("Greater", decisions, graph.constant(0.0)), TensorProto.DOUBLE)
    first, second = np.zeros((len(pairs), len(estimator.classes_))), np.zeros((len(pairs), len(estimator.classes_)))
    for number, (one, other) in enumerate(pairs):
        first[number, one], second[number, other] = 1, 1
    lost = graph.node("Sub", graph.constant(1.0), won)
    votes_of_first = graph.node("MatMul", won, graph.constant(first))
    votes_of_second = graph.node("MatMul", lost, graph.constant(second))
    votes = graph.node("Add", votes_of_first, votes_of_second)
    return PredictorOutput(place=graph.node("ArgMax", votes, axis=1, keepdims=0))


def one_class(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a detector of outliers: a row is ordinary where its score is above 0."""
    return PredictorOutput(place=place_of_two(graph, _score(graph, estimator, features), "Greater"))


def _score(graph: Graph, estimator: Any, features: Tensor) -> Tensor:
    """Return the support vectors' weighted similarities, (n, 1)."""
    similarities = _kernel(graph, estimator, features)
    weights = graph.constant(dense(estimator.dual_coef_).T)
    value = graph.node("Add", graph.node("MatMul", similarities, weights), graph.constant(estimator.intercept_))
    return Tensor(value, 1)


def _one_vs_one(estimator: Any) -> tuple[list[tuple[int, int]], Any]:
    """Return the pairs of classes, and each support vector's weight in each pair, as libsvm lays them out."""
    coefficients, counts = dense(estimator._dual_coef_), estimator._n_support
    starts = np.concatenate([[0], np.cumsum(counts)])
    classes = len(counts)
    pairs = [(one, other) for one in range(classes) for other in range(one + 1, classes)]
    weights = np.zeros((starts[-1], len(pairs)))
    for number, (one, other) in enumerate(pairs):
        ours, theirs = slice(starts[one], starts[one + 1]), slice(starts[other], starts[other + 1])
        weights[ours, number] = coefficients[other - 1, ours]
        weights[theirs, number] = coefficients[one, theirs]
    return pairs, weights


def _kernel(graph: Graph, estimator: Any, features: Tensor) -> str:
    """Return each row's similarity to each support vector, (n, vectors)."""
    vectors = dense(estimator.support_vectors_)
    if estimator.kernel == "rbf":
        distances = squared_distances(graph, features, vectors)
        return graph.node("Exp", graph.node("Mul", distances, graph.constant(-estimator._gamma)))
    product = graph.node("MatMul", features.name, graph.constant(vectors.T))
    if estimator.kernel == "linear":
        return product
    require(estimator.kernel in ("poly", "sigmoid"), f"the kernel {estimator.kernel}")
    scaled = graph.node("Mul", product, graph.constant(estimator._gamma))
    shifted = graph.node("Add", scaled, graph.constant(float(estimator.coef0)))
    if estimator.kernel == "sigmoid":
        return graph.node("Tanh", shifted)
    return graph.node("Pow", shifted, graph.constant(float(estimator.degree)))


def squared_distances(graph: Graph, features: Tensor, vectors: Any) -> str:
    """Return each row's squared distance to each vector: as products, around their middle, where little is lost."""
    middle = vectors.mean(axis=0)
    centred = graph.node("Sub", features.name, graph.constant(middle))
    own = graph.node("ReduceSumSquare", centred, graph.constant([1], np.int64), keepdims=1)
    product = graph.node("MatMul", centred, graph.constant(-2.0 * (vectors - middle).T))
    norms = graph.constant(((vectors - middle) ** 2).sum(axis=1))
    distances = graph.node("Add", graph.node("Add", product, own), norms)
    return graph.node("Max", distances, graph.constant(0.0))
