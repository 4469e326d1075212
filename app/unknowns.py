"""What an answer doesn't know: how far it could move with each field that was left open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from app.attribution import EVALUATIONS, heights_of
from app.contract import Classification
from app.explanation import in_words
from app.languages import current
from app.model import Model
from app.predictions import Prediction
from app.values import Row, Value
from app.whatif import few

SHOWN = 5
"""Fields whose range is said, those that could move the answer most; and labels that are named of each."""

TRIED = 32
"""Values of a field, at most."""


@dataclass(frozen=True)
class Unknown:
    """A field that was left open.

    Attributes:
        label: the field's, with its unit.
        low, high: the ends of what the answer could be, in words; empty where the model gives no probabilities.
        rivals: the other labels that it could be, as people call them.
    """

    label: str
    low: str
    high: str
    rivals: Sequence[str]


@dataclass(frozen=True)
class Unknowns:
    """The fields that were left open.

    Attributes:
        moving: those that could move the answer most, the first of them most.
        others: labels of those that could move it less.
        flat: labels of those that hardly could.
    """

    moving: Sequence[Unknown]
    others: Sequence[str]
    flat: Sequence[str]


def unknowns(model: Model, row: Row, prediction: Prediction, places: Sequence[int]) -> Unknowns | None:
    """Return how far a prediction could move with some fields; None where none of them can vary.

    Args:
        row: that was answered.
        places: of the fields that were left open.
    """
    tried = {place: values for place in places if len(values := _values(model, place, len(places))) > 1}
    if not tried:
        return None
    rows = [[*row[:place], value, *row[place + 1 :]] for place, values in tried.items() for value in values]
    outputs = model.compute(rows, names_refused=False)
    heights, labels = iter(heights_of(outputs, prediction.label)), iter(outputs.labels or [])
    here, fields = _here(prediction), []
    for place, values in tried.items():
        line = [here, *islice(heights, len(values))]
        rivals = {*islice(labels, len(values))} - {prediction.label}
        fields.append((max(line) - min(line), _unknown(model, place, line, rivals)))
    fields.sort(key=lambda field: -field[0])
    moving = [field for _, field in fields if field.low != field.high or field.rivals]
    return Unknowns(
        moving=moving[:SHOWN],
        others=[field.label for field in moving[SHOWN:]],
        flat=[field.label for _, field in fields if field not in moving],
    )


def _values(model: Model, place: int, fields: int) -> Sequence[Value]:
    """Return the values that a field may well have: its choices, or those of the model's background."""
    field = model.contract.fields[place]
    shown = {row[place] for row in model.manifest.background} - {None}
    values = field.countable() or sorted(shown, key=lambda value: field.position(value) or 0.0)
    return few(values, max(2, min(TRIED, EVALUATIONS // fields)))


def _unknown(model: Model, place: int, line: Sequence[float], rivals: Collection[int]) -> Unknown:
    """Return how far the answer could move with a field.

    Args:
        line: the answer as it is, and with each value.
        rivals: places of the other labels that it could be.
    """
    label, predicts = model.contract.fields[place].heading(), model.contract.predicts
    if not isinstance(predicts, Classification):
        return Unknown(label, in_words(model, min(line)), in_words(model, max(line)), ())
    names = [predicts.labels[rival].label[current()] for rival in sorted(rivals)]
    names = names if len(names) <= SHOWN else [*names[:SHOWN], "…"]
    ends = (min(line), max(line)) if model.engine.gives_probabilities else ()
    low, high = [in_words(model, end) for end in ends] or ("", "")
    return Unknown(label, low, high, names)


def _here(prediction: Prediction) -> float:
    if prediction.label is None:
        return float(prediction.value)
    return 1.0 if prediction.probability is None else prediction.probability
