"""How good a model is with some of its rows: those that have the same value in a column which its owner names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.metrics import HELD_OUT
from deploy.base.errors import DeployError
from deploy.models import training_table
from deploy.models.json_values import json_value
from deploy.models.scoring import score
from deploy.models.table_answers import TargetAnswers, short
from deploy.models.table_source import TableSource
from deploy.models.training_table import TrainingTable

LEAST_ROWS = 20
"""Of a group: fewer say little of it."""

MOST_GROUPS = 12
"""Values of a column."""


def columns(source: TableSource, estimator: Any, table: TrainingTable, names: Sequence[str]) -> dict[str, Any]:
    """Return the columns of a table that part its rows: those that the model takes, or others.

    Args:
        table: what was read of it for the model.

    Raises:
        DeployError: it has no such column.
    """
    others = [name for name in names if name not in table.frame.columns]
    unknown = table.unknown
    if others and source.targets:
        unknown = training_table.read(replace(source, targets=[*source.targets, *others]), estimator).unknown
    if missing := [name for name in others if unknown is None or name not in unknown.columns]:
        raise DeployError(f"{source.file}: has no column {short(missing[0])} (--group)", status=2)
    return {name: unknown[name] if name in others else table.frame[name] for name in names}


def measured(
    data: str, parting: Mapping[str, Any], target: TargetAnswers, words: Sequence[str] | None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a report of each group of rows that isn't too small, and sentences about those that are.

    Args:
        data: the table's name, for sentences.
        parting: name → the column that parts the rows.
        target: the model's answers, and the table's.
        words: what the table calls the labels, where that differs.

    Raises:
        DeployError: a column parts the rows in too many.
    """
    groups, notes = [], []
    for name, column in parting.items():
        values = [*map(json_value, column.head(len(target.predicted)))]
        distinct = sorted({*values} - {None}, key=lambda value: (str(type(value)), value))
        if len(distinct) > MOST_GROUPS:
            reason = f"{data}: {short(name)} has {len(distinct)} values: a group is all rows of one of few"
            raise DeployError(reason, f"Name a column of {MOST_GROUPS} values at most: --group", status=2)
        for value in distinct:
            places = [place for place, other in enumerate(values) if other == value and target.known[place] is not None]
            figures = _figures(target, places, words)
            if len(places) < LEAST_ROWS or not figures:
                notes.append(f"{short(name)} {value}: {len(places)} rows are too few to say how good it is with them")
                continue
            groups.append({"column": name, "value": value, "rows": len(places), "metrics": figures})
    return groups, notes


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
