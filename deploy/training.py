"""What a ``models/<name>/train.py`` returns from its ``train()``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trained:
    """A fitted model.

    Attributes:
        estimator: scikit-learn's, preprocessing inside.
        metrics: name → value.
        rows: rows of its table, in the contract's order, whose answers each build records and each release checks.
        held_out: of a regression, the true value and the prediction of rows that it wasn't trained on: they give its
            predictions an interval; of several targets, those of the first.
    """

    estimator: Any
    metrics: dict[str, float]
    rows: Sequence[Sequence[Any]]
    held_out: Sequence[tuple[float, float]] = ()
