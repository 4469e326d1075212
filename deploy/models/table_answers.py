"""What a model answers to the rows of its table, target by target, and what the table says it should."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from app.contract import MOST_TARGETS
from app.engines.classes import classes_of_targets, task_of
from app.engines.scikit_learn import arrange
from app.engines.targets import columns_of
from app.metrics import OF
from deploy.base.errors import DeployError
from deploy.models import answer_columns, scoring
from deploy.models.json_values import json_value
from deploy.models.row_faults import row_fault
from deploy.models.sandbox.text import visible
from deploy.models.scoring import Score, score
from deploy.models.structure import only_input
from deploy.models.training_table import TrainingTable, feature_names

SCORED_ROWS = 20_000
NAME_CHARACTERS = 60
MOST_ORDERED = 20
"""Targets, of which each is compared with the column of each."""

CLEARLY_BETTER = 0.05
"""So much more of a figure gets a target by its own column, where a table has them in another order."""


@dataclass(frozen=True)
class TargetAnswers:
    """The answers of one target.

    Attributes:
        name: its column's; empty where that isn't known.
        labels: those that the model answers; None for numbers.
        predicted: by the model, row by row.
        known: by the table, as far as it has them.
    """

    name: str
    labels: list[Any] | None
    predicted: Sequence[Any]
    known: Sequence[Any]


def answers(file: str, estimator: Any, table: TrainingTable, data: str) -> list[list[Any]]:
    """Return the model's answers to the first rows of its table, target by target."""
    frame = table.frame.head(SCORED_ROWS)
    only = only_input(estimator)
    columns = {name: str(frame[name].dtype) for name in frame}
    rows = arrange(frame.to_numpy(dtype=object).tolist(), only, columns) if only else frame
    try:
        predicted = estimator.predict(rows if only or feature_names(estimator) else frame.to_numpy())
        targets = columns_of(predicted).T
    except Exception as fault:
        raise row_fault(file, data, estimator, frame, fault) from fault
    return [[*map(json_value, column)] for column in targets]


def labels_of(file: str, estimator: Any, count: int) -> list[list[Any] | None]:
    """Return the labels of each of a model's targets; None of those that are numbers.

    Raises:
        DeployError: it has too many targets, or one with a single label.
    """
    if count > MOST_TARGETS:
        reason = f"{file}: answers {count} things at once; Puerto serves models with {MOST_TARGETS} at most"
        raise DeployError(reason, "Save several models, each of some of them.")
    lists = classes_of_targets(estimator, count)
    if len(lists) != count:
        raise DeployError(f"{file}: answers {count} things at once, and has labels of {len(lists)}")
    for number, labels in enumerate(lists, 1):
        if labels is not None and len(labels) < 2:
            which = f"answers the same to everything{f' as its target {number}' if count > 1 else ''}"
            raise DeployError(f"{file}: {which}", "Train it so that there are two answers at least.")
    return [None if labels is None else [*map(json_value, labels)] for labels in lists]


def of_table(
    file: str, estimator: Any, table: TrainingTable, data: str, targets: Sequence[str], doubts: bool = True
) -> list[TargetAnswers]:
    """Return a model's answers to its table, and the table's own where it has them.

    Args:
        targets: the columns that are named as the answers.
        doubts: whether a column that isn't named may be something else.

    Raises:
        DeployError: the model fails on its rows, or as many columns aren't named as it has targets.
    """
    predicted = answers(file, estimator, table, data)
    labels = labels_of(file, estimator, len(predicted))
    is_supervised = task_of(estimator) == "supervised"
    columns = answer_columns.of_targets(data, table.unknown, len(predicted), targets) if is_supervised else None
    if columns is None:
        pairs = zip(labels, predicted, strict=True)
        return [TargetAnswers("", own, column, [None] * len(column)) for own, column in pairs]
    triples = zip(columns, labels, predicted, strict=True)
    is_sure, is_several = bool(targets) or not doubts, len(predicted) > 1
    return [_of_target(columns[name], own, one, is_sure, is_several) for name, own, one in triples]


def without_table(file: str, estimator: Any, count: int, targets: Sequence[str]) -> list[TargetAnswers]:
    """Return a model's targets without any answers.

    Args:
        count: how many things it answers.
        targets: what they are called.

    Raises:
        DeployError: more or fewer are named.
    """
    names = answer_columns.named("", targets, ())
    answer_columns.require_count(file, names, count)
    labels = labels_of(file, estimator, count)
    return [TargetAnswers(name, own, [], []) for name, own in zip(names or [""] * count, labels, strict=True)]


def _of_target(
    column: Any, labels: list[Any] | None, predicted: Sequence[Any], is_sure: bool, is_one_of_several: bool
) -> TargetAnswers:
    """Return a target's answers; the table's are none where a column looks like an id or a remark."""
    known = [*map(json_value, column.head(len(predicted)))]
    texts = sum(isinstance(answer, str) for answer in known)
    is_all_different = len({*known}) == len(known)
    is_id = is_all_different and (labels is not None or texts or all(map(_is_whole, known)))
    if not is_sure and (is_id or (texts and labels is None)):
        known = [None] * len(predicted)
    is_known = any(answer is not None for answer in known)
    return TargetAnswers(str(column.name) if is_known or is_one_of_several else "", labels, predicted, known)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | float) and float(value).is_integer()


def scores(targets: Sequence[TargetAnswers], words: Sequence[str] | None, place: str) -> list[Score]:
    """Compare a model's answers with a table's, target by target.

    Args:
        words: what the labels of the only target were encoded from, where that is known.
        place: which table it is, as the figures' names end.
    """
    pairs = zip(targets, places(targets, place), strict=True)
    return [score(one.labels, one.predicted, one.known, words, own) for one, own in pairs]


def places(targets: Sequence[TargetAnswers], place: str) -> list[str]:
    """Return how the figures' names end of each target: of several, with its name."""
    return [f"{OF}{short(target.name)}{place}" for target in targets] if len(targets) > 1 else [place]


def short(name: str) -> str:
    """Return a column's name as figures and sentences have it, on one line."""
    return visible(" ".join(name.split()), NAME_CHARACTERS)


def require_order(file: str, targets: Sequence[TargetAnswers]) -> None:
    """Check that each target fits its own column: the table may have them in another order than the model.

    Raises:
        DeployError: the columns in the order that fits better.
    """
    if not 1 < len(targets) <= MOST_ORDERED or any(all(known is None for known in one.known) for one in targets):
        return
    fits = np.array([[_fit(one, other.known) for other in targets] for one in targets])
    own, best = np.arange(len(targets)), linear_sum_assignment(fits, maximize=True)[1]
    moved = int((best != own).sum())
    if fits[own, best].sum() > fits[own, own].sum() + CLEARLY_BETTER * moved:
        names = [targets[place].name for place in best]
        reason = f"{file}: its answers fit the columns of the table in another order: {', '.join(names)}"
        options = shlex.join(option for name in names for option in ("--target", name))
        raise DeployError(reason, f"Name them in the order in which the model was trained: {options}")


def require_plausible(file: str, data: str, targets: Sequence[TargetAnswers], measured: Sequence[Score]) -> None:
    """Stop where a score can't be right.

    Raises:
        DeployError: of which target, the figures, and the likely cause.
    """
    for target, own in zip(targets, measured, strict=True):
        scoring.require_plausible(file, f"{short(target.name)} of {data}" if len(targets) > 1 else data, own)


def _fit(target: TargetAnswers, known: Sequence[Any]) -> float:
    """Return how well a target's answers fit a column, 0 to 1."""
    figures = score(target.labels, target.predicted, known).figures.values()
    return max(0.0, *figures) if figures else 0.0
