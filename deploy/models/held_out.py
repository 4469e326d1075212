"""How good a model is on rows that it wasn't trained on, and how far its predictions are off there."""

from collections.abc import Sequence
from typing import Any

from app.engines.classes import task_of
from app.metrics import HELD_OUT, HELD_OUT_ROWS
from app.numerals import Mark
from deploy.base.errors import DeployError
from deploy.models import introspection, training_table
from deploy.models.conformal import LEAST_ROWS, interval
from deploy.models.json_values import json_value
from deploy.models.scoring import score


def measured(
    file: str,
    estimator: Any,
    data: str,
    target: str,
    decimal: Mark | None,
    labels: Sequence[Any] | None,
    words: Sequence[str] | None,
) -> dict[str, Any]:
    """Return what is measured on rows that a model wasn't trained on.

    Args:
        file: the model's, for sentences.
        data: the path of their table.
        target: its column with the answers; empty: the one that the model doesn't know.
        decimal: what stands before decimals where the table leaves it open.
        labels: of a classifier; None: it predicts numbers.
        words: what the labels are called in the table, where that is known.

    Returns:
        metrics: name → figure; interval: an `app.contract.Interval`'s properties, or None; notes: sentences.

    Raises:
        DeployError: the table isn't the model's, or has no answers.
    """
    if task_of(estimator) != "supervised":
        reason = f"{file}: learned from rows alone, so no table has answers to compare its own with"
        raise DeployError(reason, "Leave --test out.", status=2)
    table = training_table.as_trained(estimator, training_table.read(data, target, estimator, decimal))
    predictions = introspection.answers(file, estimator, table, data)
    known = [] if table.answers is None else [*map(json_value, table.answers.head(len(predictions)))]
    if all(answer is None for answer in known):
        raise DeployError(f"{data}: has no column with the answers", "Say which it is: --target.")
    result = score(labels, predictions, known, words, HELD_OUT)
    if not result.figures and result.doubt[0]:
        raise DeployError(f"{file}: can't be measured on {data}: {result.doubt[0]}", result.doubt[1])
    count = sum(answer is not None for answer in known)
    notes = [f"on rows it wasn't trained on: {result.doubt[0]}"] if result.doubt[0] else []
    report = {"metrics": result.figures | {HELD_OUT_ROWS: count}, "interval": None, "notes": notes}
    return report if labels is not None else _with_interval(report, known, predictions)


def _with_interval(report: dict[str, Any], known: Sequence[Any], predictions: Sequence[Any]) -> dict[str, Any]:
    pairs = [(float(one), float(other)) for one, other in zip(known, predictions, strict=True) if one is not None]
    found = interval(pairs)
    error = sum(abs(prediction - answer) for answer, prediction in pairs) / len(pairs)
    few = f"{len(pairs)} rows are too few for intervals: {LEAST_ROWS} or more show how far its answers are off"
    return report | {
        "metrics": report["metrics"] | {f"mean absolute error{HELD_OUT}": float(f"{error:.4g}")},
        "interval": found,
        "notes": report["notes"] + ([few] if len(pairs) < LEAST_ROWS else []),
    }
