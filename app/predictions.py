"""Predictions: what an engine's outputs mean, row by row, in the contract's terms."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from app.contract import Classification, Contract, Regression
from app.engines import Engine, EngineOutputs, PredictionError
from app.values import Row, Value


class Prediction(NamedTuple):
    """The prediction for one row.

    Attributes:
        value: the label or number, as the model knows it.
        label: the label's place in the contract; None for a number.
        probabilities: of each label, 0 to 1, in the contract's order; None where the model gives none.
        further: the predictions of the targets after the first, where there are several.
    """

    value: float | int | str | bool
    label: int | None = None
    probabilities: tuple[float, ...] | None = None
    further: tuple["Prediction", ...] = ()

    @property
    def targets(self) -> Sequence["Prediction"]:
        """The predictions of each target, the first's among them."""
        return (self, *self.further)

    @property
    def values(self) -> list[float | int | str | bool]:
        """The value of each target."""
        return [prediction.value for prediction in self.targets]

    @property
    def probability(self) -> float | None:
        """The probability of the predicted label."""
        return None if self.probabilities is None or self.label is None else self.probabilities[self.label]


def predictions(contract: Contract, engine: Engine, rows: Sequence[Sequence[Value]]) -> list[Prediction]:
    """Return an engine's predictions for rows, one or more.

    Raises:
        PredictionError: the engine computes something that is not a prediction.
    """
    return as_predictions(contract, finite_outputs(engine, rows))


def as_predictions(contract: Contract, outputs: EngineOutputs) -> list[Prediction]:
    """Return what an engine's outputs mean, row by row."""
    first = _of_target(contract.predicts, outputs)
    if not outputs.further:
        return first
    others = [_of_target(*pair) for pair in zip(contract.also, outputs.further, strict=True)]
    return [one._replace(further=further) for one, further in zip(first, zip(*others, strict=True), strict=True)]


def _of_target(predicts: Classification | Regression, outputs: EngineOutputs) -> list[Prediction]:
    if outputs.values is not None:
        return [Prediction(value) for value in outputs.values]
    places = outputs.labels or []
    labels = [label.value for label in predicts.labels] if isinstance(predicts, Classification) else []
    if outputs.probabilities is None:
        return [Prediction(labels[place], place) for place in places]
    shares = map(tuple, outputs.probabilities)
    return [Prediction(labels[place], place, row) for place, row in zip(places, shares, strict=True)]


def named_values(contract: Contract, values: Sequence[Any]) -> Any:
    """Return the values of all targets as they are written: of several, name → value; else the only one."""
    return dict(zip(contract.target_names, values, strict=True)) if contract.also else values[0]


class RefusedRows(ValueError):
    """Rows for which an engine computes nothing, though the contract allows them and it computes others.

    Attributes:
        places: of the first of them.
    """

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__(f"rows {', '.join(map(str, places))}")
        self.places = places


def refused_rows(engine: Engine, rows: Sequence[Row], example: Row, most: int) -> list[int]:
    """Return the places of the first rows for which an engine fails; none where it fails for the example too.

    Halves are tried for as long as they fail: at most two calls a row, and none after so many failing rows.
    """
    if _computes(engine, [example]):
        return [*islice(_failing(engine, rows, 0), most)]
    return []


def _failing(engine: Engine, rows: Sequence[Row], start: int) -> Iterator[int]:
    if _computes(engine, rows):
        return
    if len(rows) == 1:
        yield start
        return
    middle = len(rows) // 2
    yield from _failing(engine, rows[:middle], start)
    yield from _failing(engine, rows[middle:], start + middle)


def _computes(engine: Engine, rows: Sequence[Row]) -> bool:
    try:
        finite_outputs(engine, rows)
    except Exception:
        return False
    return True


def finite_outputs(engine: Engine, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
    """Return what an engine computes for rows, one or more.

    Raises:
        PredictionError: a number is not finite, or a label is not one of the contract's.
    """
    outputs = engine.compute(rows)
    for target in outputs.targets:
        numbers = target.values or chain.from_iterable(target.probabilities or [])
        if not all(map(math.isfinite, numbers)):
            raise PredictionError("the model predicted a number that is not finite")
    return outputs
