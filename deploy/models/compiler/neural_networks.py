"""The graph of multi-layer perceptrons."""

from typing import Any

from onnx import TensorProto

from deploy.models.compiler import linear
from deploy.models.compiler.graph import Graph, Tensor
from deploy.models.compiler.outputs import PredictorOutput, most_probable, require, softmax, two_probabilities

ACTIVATIONS = {"identity": "", "logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}
"""scikit-learn's name → ONNX's operator."""


def mlp(graph: Graph, estimator: Any, features: Tensor) -> PredictorOutput:
    """Add a multi-layer perceptron."""
    last = _last_layer(graph, estimator, features)
    if not hasattr(estimator, "classes_"):
        require(last.width == 1, "several outputs")
        activation = ACTIVATIONS.get(estimator.out_activation_, "")
        return PredictorOutput(graph.column(Tensor(graph.node(activation, last.name), 1) if activation else last))
    if last.width > 1:
        require(estimator.out_activation_ == "softmax", "several labels at once")
        return most_probable(graph, softmax(graph, last))
    second = Tensor(graph.node("Sigmoid", last.name), 1)
    above = graph.node("Greater", graph.column(second), graph.constant(0.5))
    place = graph.cast(above, TensorProto.INT64)
    return PredictorOutput(place=place, probabilities=two_probabilities(graph, second.name))


def _last_layer(graph: Graph, estimator: Any, features: Tensor) -> Tensor:
    """Return the last layer's numbers, before its activation."""
    layer = features
    for number, (weights, intercept) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        layer = linear.scores(graph, weights.T, intercept, layer)
        if number < len(estimator.coefs_) - 1 and (activation := ACTIVATIONS[estimator.activation]):
            layer = Tensor(graph.node(activation, layer.name), layer.width)
    return layer
