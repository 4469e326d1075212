"""Why an answer: what each field moves it by, from the baseline on, in words and as bars for the template."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from app.answers import entered
from app.attribution import Attribution, attribute
from app.contract import Classification
from app.languages import DIGITS, measured, percent, signed
from app.model import Model
from app.predictions import Prediction
from app.values import Row, Value

SHOWN = 10
"""Fields that have a bar of their own: those that move the answer most."""

AT_ONCE_US, LONGEST_US = 20_000, 1_000_000
"""An explanation that takes longer is asked for by a click; one that takes longer still isn't offered."""


LONG_CHARACTERS, MUCH_LONGER = 200, 4
"""Texts of a row that are longer, and so many times as long as the example's, take longer to be explained."""


@dataclass(frozen=True)
class Bar:
    """What moves the answer: by how much, in words, and from where to where, as shares of the axis, 0 to 1.

    Attributes:
        label: the field's, with its unit.
        value: that was entered.
    """

    label: str
    value: str
    amount: str
    rises: bool
    start: float
    width: float


@dataclass(frozen=True)
class Explanation:
    """An answer in parts, which add up to it.

    Attributes:
        cases: made-up ones; the mean of their answers is the baseline.
        baseline, answer: the ends, in words.
        ends: both as shares of the axis.
        bars: of the fields that move it most, the first of them most.
        others: of all other fields together.
        count: how many those are.
    """

    cases: int
    baseline: str
    answer: str
    ends: tuple[float, float]
    bars: Sequence[Bar]
    others: Bar
    count: int


def is_offered(model: Model, row: Row) -> bool:
    """Tell whether a model's answer for a row can be explained."""
    return bool(model.manifest.background) and _expected_us(model, row) <= LONGEST_US


def is_quick(model: Model, row: Row) -> bool:
    """Tell whether it is explained without being asked."""
    return is_offered(model, row) and _expected_us(model, row) <= AT_ONCE_US


def explanation(model: Model, row: Row, prediction: Prediction) -> Explanation:
    """Return what moved a model's prediction for a row, in the language of the request.

    Raises:
        Exception: the model computes no answer for some mixture of the row and its background.
    """
    background = model.manifest.background
    parts = attribute(model.engine, background, row, prediction.label)
    decimals, factor = _scale(model, parts)
    order = sorted(range(len(row)), key=lambda place: -abs(parts.contributions[place]))
    shown = [place for place in order[:SHOWN] if round(factor * parts.contributions[place], decimals)]
    stops = [*accumulate([parts.baseline, *(parts.contributions[place] for place in shown)]), parts.answer]
    shares = _shares(stops)
    words = entered(model.contract, row)
    texts = [*(words[place] for place in shown), ("", "")]
    bars = [
        Bar(*text, signed(factor * (end - start), decimals), end > start, min(ends), abs(ends[1] - ends[0]))
        for text, start, end, ends in zip(texts, stops, stops[1:], pairwise(shares), strict=False)
    ]
    return Explanation(
        cases=len(background),
        baseline=in_words(model, parts.baseline),
        answer=in_words(model, parts.answer),
        ends=(shares[0], shares[-1]),
        bars=bars[:-1],
        others=bars[-1],
        count=len(row) - len(shown),
    )


def in_words(model: Model, height: float) -> str:
    """Return what is explained as the page writes it: a probability, or a number with its unit."""
    predicts = model.contract.predicts
    if isinstance(predicts, Classification):
        return percent(height)
    return measured(height, predicts.unit)


def _expected_us(model: Model, row: Row) -> float:
    """Return how many microseconds an explanation may take: what the example's took, and for long texts more."""
    us = model.timings.us_per_explanation
    length, usual = _characters(row), max(1, _characters(model.contract.example.values()))
    longer = length / usual if length > max(LONG_CHARACTERS, MUCH_LONGER * usual) else 1
    return math.inf if us is None else us * longer


def _characters(values: Iterable[Value]) -> int:
    return sum(len(value) for value in values if isinstance(value, str))


def _scale(model: Model, parts: Attribution) -> tuple[int, int]:
    """Return to how many decimals an answer's parts are written, and what they are multiplied by before."""
    if isinstance(model.contract.predicts, Classification):
        return 1, 100
    largest = max(map(abs, [parts.baseline, parts.answer, *parts.contributions]))
    return DIGITS - 1 - (math.floor(math.log10(largest)) if largest else 0), 1


def _shares(stops: Sequence[float]) -> list[float]:
    """Return where numbers lie on an axis that they fill."""
    low, high = min(stops), max(stops)
    return [(stop - low) / (high - low) if high > low else 0.5 for stop in stops]
