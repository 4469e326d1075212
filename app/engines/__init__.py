"""What computes a model's predictions: ONNX Runtime where the build found it equal, else scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from app.values import Value

NAMES = {"onnx": "ONNX Runtime", "scikit_learn": "scikit-learn"}
"""Module → the engine's name for people."""

Task = Literal["supervised", "clusters", "outliers"]
"""What an estimator learned from: answers, or rows alone, of which it makes groups or finds the unusual ones."""


@dataclass(frozen=True)
class EngineOutputs:
    """What an engine computes for n rows.

    Attributes:
        values: (n,) numbers, of a regression.
        labels: (n,) places of the labels in the contract, of a classification.
        probabilities: (n, labels), 0 to 1, in the contract's order; None where the model gives none.
        further: of the targets after the first, where there are several.
    """

    values: list[float] | None = None
    labels: list[int] | None = None
    probabilities: list[list[float]] | None = None
    further: Sequence["EngineOutputs"] = ()

    @property
    def targets(self) -> Sequence["EngineOutputs"]:
        """Of each target, the first's among them."""
        return (self, *self.further)


class Engine(Protocol):
    """Computes predictions.

    Attributes:
        gives_probabilities: of the labels, of all targets.
    """

    gives_probabilities: bool

    def compute(self, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
        """Return the outputs for rows, one or more, each with its values in the contract's order."""


class PredictionError(Exception):
    """A model's output that is not a prediction: not a finite number, or a label that the contract doesn't know."""
