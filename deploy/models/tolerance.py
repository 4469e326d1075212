"""The one home of what "the same answer" means; each bundle states it to whoever compares answers later.

It imports no scikit-learn: `model add` needs it outside the sandbox too, where loading that library takes seconds.
"""

import math
from collections.abc import Iterable
from typing import Any

from app.model import Tolerance

TOLERANCE = 1e-6
"""Of a probability; of a number, relative to its size."""

SMALL = 1e-6
"""A number smaller than this share of the largest is measured by that share: there, its own digits are rounding."""


def tolerance_of(answers: Iterable[Any]) -> Tolerance:
    """Return how far apart a model's answers may be and still be the same.

    Args:
        answers: some that the model gave: labels, or numbers of the size it answers with; of several targets a list
            each, of which the one with the smallest numbers counts.
    """
    rows = [answer if isinstance(answer, list) else [answer] for answer in answers]
    sizes = [size for column in zip(*rows, strict=True) if (size := _largest(column))]
    return Tolerance(relative=TOLERANCE, absolute=TOLERANCE * SMALL * min(sizes, default=0.0))


def _largest(answers: Iterable[Any]) -> float:
    numbers = [answer for answer in answers if isinstance(answer, int | float) and not isinstance(answer, bool)]
    return max((abs(float(number)) for number in numbers if math.isfinite(number)), default=0.0)
