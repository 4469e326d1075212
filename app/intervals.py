"""Between what the truth lies, as a page says it: measured on rows that the model wasn't trained on."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from app.contract import Classification, Regression
from app.languages import N_, gettext, measured, number
from app.predictions import Prediction

CASES = 100
"""Of so many at most a sentence says in how many the truth lies there."""

LARGE = 1e15
"""So many steps can still be told apart."""


@dataclass(frozen=True)
class PredictionInterval:
    """What a page says of a prediction's interval, and the rows that it was measured on."""

    sentence: str
    rows: int


def interval_of(predicts: Classification | Regression, prediction: Prediction) -> PredictionInterval | None:
    """Return what a page says, in the language of the request; None where nothing was measured."""
    if not isinstance(predicts, Regression) or predicts.interval is None:
        return None
    low, high = predicts.interval.ends(float(prediction.value))
    step = 10.0 ** (math.floor(math.log10(predicts.interval.margin)) - 1)
    share = _in_cases(predicts.interval.coverage)
    sentence = gettext(
        N_("Between %(low)s and %(high)s in %(times)s of %(cases)s such cases."),
        low=number(_outward(low, step, math.floor)),
        high=measured(_outward(high, step, math.ceil), predicts.unit),
        times=number(share.numerator),
        cases=number(share.denominator),
    )
    return PredictionInterval(sentence, predicts.interval.rows)


def _in_cases(coverage: float) -> Fraction:
    """Return in how many of how many cases the truth lies there: never in none, nor in all."""
    share = Fraction(coverage).limit_denominator(CASES)
    return min(max(share, Fraction(1, CASES)), Fraction(CASES - 1, CASES))


def _outward(end: float, step: float, outward: Callable[[float], int]) -> float:
    """Return an end in round numbers; as it is where it is so large that a step is nothing beside it."""
    return outward(end / step) * step if abs(end) < LARGE * step else end
