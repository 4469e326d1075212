"""How good a model is with some of its rows: those that have the same value in a column which its owner names."""

from collections.abc import Sequence
from typing import Any

from app.metrics import HELD_OUT
from deploy.base.errors import DeployError
from deploy.models.json_values import json_value
from deploy.models.scoring import score
from deploy.models.table_answers import TargetAnswers, short

LEAST_ROWS = 20
"""Of a group: fewer say little of it."""

MOST_GROUPS = 12
"""Values of a column."""


def measured(
    data: str, columns: Any, target: TargetAnswers, words: Sequence[str] | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a report of each group of rows that isn't too small, and sentences about those that are.

    Args:
        data: the table's name, for sentences.
        columns: that part its rows, a frame.
        target: the model's answers, and the table's.
        words: what the table calls the labels, where that differs.

    Raises:
        DeployError: a column parts the rows in too many.
    """
    groups, notes = [], []
    for name in columns:
        values = [*map(json_value, columns[name].head(len(target.predicted)))]
        for value in _distinct(data, name, values):
            places = [place for place, other in enumerate(values) if other == value and target.known[place] is not None]
            figures = _figures(target, places, words)
            if len(places) >= LEAST_ROWS and figures:
                groups.append({"column": name, "value": value, "rows": len(places), "metrics": figures})
            else:
                few = f"{len(places)} rows are too few to say how good it is with them"
                notes.append(f"{short(name)} {short(str(value))}: {few}")
    return groups, notes


def _distinct(data: str, name: str, values: Sequence[Any]) -> list[Any]:
    distinct = {*values} - {None}
    if len(distinct) > MOST_GROUPS:
        reason = f"{data}: {short(name)} has {len(distinct)} values: a group is all rows of one of few"
        raise DeployError(reason, f"Name a column of {MOST_GROUPS} values at most: --group", status=2)
    return sorted(distinct, key=lambda value: (str(type(value)), value))


def _figures(target: TargetAnswers, places: Sequence[int], words: Sequence[str] | None) -> list[dict[str, Any]]:
    predicted, known = [target.predicted[place] for place in places], [target.known[place] for place in places]
    if target.labels is not None:
        figures = score(target.labels, predicted, known, words, HELD_OUT).figures
    elif places:
        errors = [abs(float(one) - float(other)) for one, other in zip(predicted, known, strict=True)]
        figures = {f"mean absolute error{HELD_OUT}": float(f"{sum(errors) / len(errors):.4g}")}
    else:
        figures = {}
    return [{"name": name, "value": figure} for name, figure in figures.items()]
