"""How good a model is on rows that it wasn't trained on, and how far its predictions are off there."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from app.engines.classes import task_of
from app.metrics import HELD_OUT, HELD_OUT_ROWS
from deploy.base.errors import DeployError
from deploy.models import column_types, group_figures, table_answers, training_table
from deploy.models.conformal import LEAST_ROWS, interval
from deploy.models.scoring import Score
from deploy.models.split import Split
from deploy.models.table_answers import TargetAnswers
from deploy.models.table_source import TableSource
from deploy.models.training_table import TrainingTable


def add(
    description: dict[str, Any], file: str, estimator: Any, source: TableSource, split: dict[str, Any] | None
) -> None:
    """Add to a model's description what is measured on rows that it wasn't trained on.

    Args:
        file, source: the model's name, for sentences; the rows' table, whose groups are measured on the first target.
        split: which rows of that it wasn't trained on; None: all.

    Raises:
        DeployError: the table isn't the model's, or has no answers.
    """
    targets = [description, *description["also"]]
    names = [target["target"] for target in targets if target["target"]] or source.targets
    own_split = Split(**split) if split else None
    report = _measured(file, estimator, replace(source, targets=names), description["words"], own_split)
    description["metrics"] = report["metrics"] | description["metrics"]
    description["notes"] += report["notes"]
    description["groups"] = report["groups"]
    for target, own_interval in zip(targets, report["intervals"], strict=True):
        target["interval"] = own_interval


def _measured(
    file: str, estimator: Any, source: TableSource, words: Sequence[str] | None, split: Split | None
) -> dict[str, Any]:
    """Return metrics, name → figure; of each target an interval's properties, or None; groups; and notes."""
    _require_supervised(file, estimator)
    data = str(source.file)
    table = _rows(source, estimator, split)
    answered = table_answers.of_table(file, estimator, table, data, source.targets, doubts=False)
    _require_answers(data, answered)
    scores = table_answers.scores(answered, words, HELD_OUT)
    _require_figures(file, data, scores)
    report = _report(answered, scores)
    own_groups, notes = group_figures.measured(data, table.groups, answered[0], scores[0].words or words)
    report |= {"groups": own_groups, "notes": report["notes"] + notes}
    return report if answered[0].labels is not None else _with_intervals(report, answered)


def _rows(source: TableSource, estimator: Any, split: Split | None) -> TrainingTable:
    """Return the rows that a model wasn't trained on."""
    table = column_types.as_trained(estimator, training_table.read(source, estimator))
    return table.at(_held_out(str(source.file), table, split)) if split else table


def _require_supervised(file: str, estimator: Any) -> None:
    if task_of(estimator) != "supervised":
        reason = f"{file}: learned from rows alone, so no table has answers to compare its own with"
        raise DeployError(reason, "Leave --test, or --held-out, out.", status=2)


def _require_answers(data: str, answered: Sequence[TargetAnswers]) -> None:
    if any(all(answer is None for answer in target.known) for target in answered):
        advice = "Say which it is: --target." if len(answered) == 1 else "Say which they are: --target a,b"
        raise DeployError(f"{data}: has no column with the answers", advice)


def _require_figures(file: str, data: str, scores: Sequence[Score]) -> None:
    for score in scores:
        if not score.figures and score.doubt[0]:
            raise DeployError(f"{file}: can't be measured on {data}: {score.doubt[0]}", score.doubt[1])


def _report(answered: Sequence[TargetAnswers], scores: Sequence[Score]) -> dict[str, Any]:
    rows = max(sum(answer is not None for answer in target.known) for target in answered)
    doubts = [f"on rows it wasn't trained on: {score.doubt[0]}" for score in scores if score.doubt[0]]
    figures = dict(chain.from_iterable(score.figures.items() for score in scores))
    return {"metrics": figures | {HELD_OUT_ROWS: rows}, "intervals": [None] * len(answered), "notes": doubts}


def _held_out(data: str, table: TrainingTable, split: Split) -> Sequence[int]:
    try:
        return split.held_out(len(table.frame), table.unknown)
    except ValueError as fault:
        raise DeployError(f"{data}: can't be split by --held-out {split}: {fault}", status=2) from fault


def _with_intervals(report: dict[str, Any], answered: Sequence[TargetAnswers]) -> dict[str, Any]:
    errors, intervals, fewest = {}, [], math.inf
    for target, place in zip(answered, table_answers.places(answered, HELD_OUT), strict=True):
        known = zip(target.known, target.predicted, strict=True)
        pairs = [(float(one), float(other)) for one, other in known if one is not None]
        error = sum(abs(prediction - answer) for answer, prediction in pairs) / len(pairs)
        errors[f"mean absolute error{place}"] = float(f"{error:.4g}")
        intervals.append(interval(pairs))
        fewest = min(fewest, len(pairs))
    few = f"{fewest} rows are too few for intervals: {LEAST_ROWS} or more show how far its answers are off"
    return report | {
        "metrics": report["metrics"] | errors,
        "intervals": intervals,
        "notes": report["notes"] + ([few] if fewest < LEAST_ROWS else []),
    }
