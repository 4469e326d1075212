"""What computes a model's answers: ONNX Runtime where the build has proved it exact, else scikit-learn itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.values import Value

NAMES = {"onnx": "ONNX Runtime", "scikit_learn": "scikit-learn"}
"""Module → the engine's name for people."""


@dataclass(frozen=True)
class Answers:
    """What an engine answers for n rows.

    Attributes:
        values: (n,) numbers, of a regression.
        labels: (n,) places of the labels in the contract, of a classification.
        probabilities: (n, labels), 0 to 1, in the contract's order; None where the model gives none.
    """

    values: list[float] | None = None
    labels: list[int] | None = None
    probabilities: list[list[float]] | None = None


class Engine(Protocol):
    """Computes answers."""

    gives_probabilities: bool

    def answers(self, rows: Sequence[Sequence[Value]]) -> Answers:
        """Return the answers for rows, one or more, each with its values in the contract's order."""


class PredictionError(Exception):
    """A model that answers what is no answer: not a number, or a label that the contract doesn't know."""
