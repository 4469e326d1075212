"""What a person should know of a training table's columns."""

from typing import Any

import numpy as np

from deploy.models import training_table
from deploy.models.training_table import TrainingTable, feature_names

NAMED = 8
"""Columns that a note names."""


ROW_NUMBERS = 20
"""From so many rows on, whole numbers that go up by one from 0 or 1 are the rows' numbers."""


def notes(estimator: Any, table: TrainingTable) -> list[str]:
    """Return sentences on a table's columns: which are dropped, and which look like a mistake."""
    frame, names = table.frame, feature_names(estimator)
    counting = [name for name in frame if name.startswith(training_table.UNNAMED) or _counts_rows(frame[name])]
    dropped = [name for name in names if name not in frame]
    texts = {
        "the model drops these columns, so nobody is asked for them": dropped,
        "these columns count the table's rows; did the model learn row numbers by mistake? Visitors are asked for"
        " them. Train it without, where they mean nothing": counting,
    }
    return [f"{text}: {', '.join(listed[:NAMED])}" for text, listed in texts.items() if listed]


def _counts_rows(column: Any) -> bool:
    is_whole = len(column) >= ROW_NUMBERS and column.dtype.kind in "iu"
    return bool(is_whole and (np.diff(column.to_numpy()) == 1).all() and column.iloc[0] in (0, 1))
