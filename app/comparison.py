"""Two answers side by side: what was entered otherwise, and how far the answers are apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.answers import Answer, answer_of, further_answers
from app.contract import Classification, Regression
from app.languages import DIGITS, N_, current, gettext, measured, number, percent
from app.model import Model
from app.predictions import Prediction
from app.values import Row

SHOWN = 6
"""Labels whose probabilities are compared: those that change most."""

LEAST = 0.0005
"""Of a probability, what can be seen where tenths of a percent are written."""


@dataclass(frozen=True)
class Line:
    """What two cases have in common, or not: what it is, A's and B's, and from A to B."""

    label: str
    first: str
    second: str
    change: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two answers.

    Attributes:
        first, second: A's and B's.
        verdicts: what is said of each in a word.
        sentence: what the difference is.
        lines: of the answers; none where the model gives no probabilities.
        rest: how many labels change less than these.
        further: of the targets after the first, what both get.
        changed, same: of the fields.
        warnings: how A's and B's values differ from what the model has seen.
    """

    first: Answer
    second: Answer
    verdicts: tuple[str, str]
    sentence: str
    lines: Sequence[Line]
    rest: int
    further: Sequence[Line]
    changed: Sequence[Line]
    same: Sequence[Line]
    warnings: Sequence[str]


def compared(model: Model, rows: tuple[Row, Row], predictions: Sequence[Prediction]) -> Comparison:
    """Return how two answers differ, in the language of the request."""
    first, second = (answer_of(model.contract, prediction) for prediction in predictions)
    lines = _lines(model, predictions)
    fields = [
        (Line(field.heading(), field.in_words(one), field.in_words(other)), one == other)
        for field, one, other in zip(model.contract.fields, *rows, strict=True)
    ]
    return Comparison(
        first,
        second,
        (_verdict(first), _verdict(second)),
        _sentence(model, predictions, (first, second)),
        lines[:SHOWN],
        len(lines[SHOWN:]),
        _further(model, predictions),
        [line for line, is_same in fields if not is_same],
        [line for line, is_same in fields if is_same],
        _warnings(model, rows),
    )


def _verdict(answer: Answer) -> str:
    return gettext(N_("Too close to call")) if answer.is_close else answer.headline


def _warnings(model: Model, rows: tuple[Row, Row]) -> list[str]:
    labels = {field.name: field.heading() for field in model.contract.fields}
    pairs = zip("AB", model.validator.warnings(rows), strict=True)
    return [f"{letter}, {labels[name]}: {fault}" for letter, faults in pairs for name, fault in faults.items()]


def _further(model: Model, predictions: Sequence[Prediction]) -> list[Line]:
    first, second = (further_answers(model.contract, prediction) for prediction in predictions)
    return [Line(one.label, one.answer.verdict, other.answer.verdict) for one, other in zip(first, second, strict=True)]


def _lines(model: Model, predictions: Sequence[Prediction]) -> list[Line]:
    first, second = predictions
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification):
        one, other = (answer_of(model.contract, prediction).headline for prediction in predictions)
        return [Line(predicts.label[current()], one, other, _signed(_difference(predictions)))]
    shares = zip(predicts.labels, first.probabilities or (), second.probabilities or (), strict=False)
    ordered = sorted(shares, key=lambda item: -abs(item[2] - item[1]))
    return [
        Line(label.label[current()], percent(one), percent(other), _points(other - one))
        for label, one, other in ordered
    ]


def _sentence(model: Model, predictions: Sequence[Prediction], answers: Sequence[Answer]) -> str:
    """Return what the difference is: no verdict is said where one of them is none."""
    one, other = answers
    if not isinstance(model.contract.predicts, Classification):
        return _number_sentence(model.contract.predicts, _difference(predictions))
    if one.headline == other.headline and not one.is_close and not other.is_close:
        return gettext(N_("Both get the same answer: %(label)s."), label=one.headline)
    if one.is_close or other.is_close:
        return _share_sentence(model.contract.predicts, predictions)
    message = N_("The answer changes from “%(first)s” to “%(second)s”.")
    return gettext(message, first=one.headline, second=other.headline)


def _share_sentence(predicts: Classification, predictions: Sequence[Prediction]) -> str:
    """Return how the probability changes that rises most; where none rises visibly, the one that falls most."""
    before, after = (prediction.probabilities or () for prediction in predictions)
    order = sorted(range(len(predicts.labels)), key=lambda place: before[place] - after[place])
    for place in (order[0], order[-1]):
        first, second = percent(before[place]), percent(after[place])
        if first != second:
            label = predicts.labels[place].label[current()]
            return gettext(
                N_("“%(label)s” goes from %(first)s to %(second)s."), label=label, first=first, second=second
            )
    return gettext(N_("Both get the same probabilities."))


def _number_sentence(predicts: Regression, change: float) -> str:
    if not change:
        return gettext(N_("Both get the same answer."))
    message = N_("B's answer is %(change)s higher.") if change > 0 else N_("B's answer is %(change)s lower.")
    return gettext(message, change=measured(abs(change), predicts.unit))


def _difference(predictions: Sequence[Prediction]) -> float:
    """Return from one number to the other, to the last digit that a page shows of them."""
    one, other = (float(prediction.value) for prediction in predictions)
    largest = max(abs(one), abs(other))
    return round(other - one, max(0, DIGITS - 1 - math.floor(math.log10(largest)))) if largest else 0


def _points(change: float) -> str:
    """Return a difference of probabilities, in percentage points."""
    return gettext(N_("%(points)s points"), points=_signed(round(100 * change, 1) if abs(change) >= LEAST else 0))


def _signed(change: float) -> str:
    return ("+" if change > 0 else "") + number(change)
