"""What a predictor's graph computes, and the last nodes that many predictors share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto

from deploy.models.compiler.graph import Graph, Tensor, Unsupported


@dataclass(frozen=True)
class PredictorOutput:
    """What a predictor's graph computes.

    Attributes:
        value: (n,), the number; "" for a classifier.
        place: (n,) int64, of the label among ``classes_``; "" for a regressor.
        probabilities: (n, classes).
    """

    value: str = ""
    place: str = ""
    probabilities: Tensor | None = None


def require(condition: bool, otherwise: str) -> None:
    """Refuse an estimator where a condition doesn't hold.

    Raises:
        Unsupported: with the words of `otherwise`.
    """
    if not condition:
        raise Unsupported(otherwise)


def most_probable(graph: Graph, probabilities: Tensor) -> PredictorOutput:
    """Return the probabilities, and the label that has the largest."""
    place = graph.node("ArgMax", probabilities.name, axis=1, keepdims=0)
    return PredictorOutput(place=place, probabilities=probabilities)


def place_of_scores(graph: Graph, scores: Tensor) -> str:
    """Return the label's place that decision values stand for: of one column, the second where it is positive."""
    if scores.width == 1:
        return place_of_two(graph, scores, "Greater")
    return graph.node("ArgMax", scores.name, axis=1, keepdims=0)


def place_of_two(graph: Graph, score: Tensor, operator: str) -> str:
    """Return 1 where a score compares with 0 as the operator says, else 0."""
    above = graph.node(operator, graph.column(score), graph.constant(0.0))
    return graph.cast(above, TensorProto.INT64)


def two_probabilities(graph: Graph, second: str) -> Tensor:
    """Return the probabilities of two labels from the second's."""
    first = graph.node("Sub", graph.constant(1.0), second)
    return graph.concat([Tensor(first, 1), Tensor(second, 1)])


def softmax(graph: Graph, scores: Tensor) -> Tensor:
    """Return decision values as probabilities that add up to 1."""
    return Tensor(graph.node("Softmax", scores.name, axis=1), scores.width)


def dense(matrix: Any) -> Any:
    """Return a fitted matrix, which may be sparse, as an array of float64."""
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=np.float64)
