"""Intervals of a regression by split conformal prediction, from rows that it wasn't trained on.

Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, "Distribution-Free Predictive Inference for Regression" (2018): of n
absolute residuals, the ceil((n + 1) · coverage)-th smallest is a margin that holds for a next case of the same kind in
at least that share of cases, whatever the model.
"""

import math
from collections.abc import Sequence
from typing import Any

COVERAGE = 0.9
LEAST_ROWS = 50
"""Of fewer, the true coverage would be too uncertain: of so many it lies within 80 and 97 of 100, 95 times of 100."""


def interval(pairs: Sequence[tuple[float, float]]) -> dict[str, Any] | None:
    """Return an `app.contract.Interval`'s properties; None where the rows are too few, or all answers are exact.

    Args:
        pairs: the true value and the prediction of each row.
    """
    if len(pairs) < LEAST_ROWS:
        return None
    residuals = sorted(abs(prediction - answer) for answer, prediction in pairs)
    margin = float(residuals[min(math.ceil((len(pairs) + 1) * COVERAGE), len(pairs)) - 1])
    if not 0 < margin < math.inf:
        return None
    is_never_negative = min(answer for answer, _ in pairs) >= 0
    return {
        "margin": float(f"{margin:.6g}"),
        "coverage": COVERAGE,
        "rows": len(pairs),
        "minimum": 0.0 if is_never_negative else None,
    }
