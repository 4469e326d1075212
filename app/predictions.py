"""Predictions: what an engine's outputs mean, row by row, in the contract's terms."""

import math
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from app.contract import Classification, Contract
from app.engines import Engine, EngineOutputs, PredictionError
from app.values import Value


class Prediction(NamedTuple):
    """The prediction for one row.

    Attributes:
        value: the label or number, as the model knows it.
        label: the label's place in the contract; None for a number.
        probabilities: of each label, 0 to 1, in the contract's order; None where the model gives none.
    """

    value: float | int | str | bool
    label: int | None = None
    probabilities: tuple[float, ...] | None = None

    @property
    def probability(self) -> float | None:
        """The probability of the predicted label."""
        return None if self.probabilities is None or self.label is None else self.probabilities[self.label]


def predictions(contract: Contract, engine: Engine, rows: Sequence[Sequence[Value]]) -> list[Prediction]:
    """Return an engine's predictions for rows, one or more.

    Raises:
        PredictionError: the engine computes something that is not a prediction.
    """
    outputs = finite_outputs(engine, rows)
    if outputs.values is not None:
        return [Prediction(value) for value in outputs.values]
    predicts, places = contract.predicts, outputs.labels or []
    labels = [label.value for label in predicts.labels] if isinstance(predicts, Classification) else []
    if outputs.probabilities is None:
        return [Prediction(labels[place], place) for place in places]
    shares = map(tuple, outputs.probabilities)
    return [Prediction(labels[place], place, row) for place, row in zip(places, shares, strict=True)]


def finite_outputs(engine: Engine, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
    """Return what an engine computes for rows, one or more.

    Raises:
        PredictionError: a number is not finite, or a label is not one of the contract's.
    """
    outputs = engine.compute(rows)
    numbers = outputs.values or chain.from_iterable(outputs.probabilities or [])
    if not all(map(math.isfinite, numbers)):
        raise PredictionError("the model predicted a number that is not finite")
    return outputs
