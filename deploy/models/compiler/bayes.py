"""The graph of naive Bayes with normal distributions."""

from typing import Any

import numpy as np

from deploy.models.compiler.graph import Graph, Tensor
from deploy.models.compiler.outputs import PredictorOutput, softmax


def gaussian(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a GaussianNB: each class's joint log-likelihood, and their softmax."""
    mean, variance = estimator.theta_[None], estimator.var_[None]
    begin = np.log(estimator.class_prior_) - 0.5 * np.log(2.0 * np.pi * estimator.var_).sum(axis=1)
    rows = graph.node("Unsqueeze", features.name, graph.constant([1], np.int64))
    deviations = graph.node("Sub", rows, graph.constant(mean))
    squares = graph.node("Div", graph.node("Mul", deviations, deviations), graph.constant(variance))
    total = graph.node("ReduceSum", squares, graph.constant([2], np.int64), keepdims=0)
    half = graph.node("Mul", total, graph.constant(0.5))
    joint = Tensor(graph.node("Sub", graph.constant(begin), half), len(estimator.classes_))
    place = graph.node("ArgMax", joint.name, axis=1, keepdims=0)
    return PredictorOutput(place=place, probabilities=softmax(graph, joint))
