"""Typical rows for a form's examples: for each answer what is usual where the model gives it; nobody's own row."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from app.engines.scikit_learn import Input, arrange
from app.engines.targets import columns_of
from app.fields import KINDS
from app.fields.field import PUBLIC
from app.values import Row
from deploy.models.json_values import json_value
from deploy.models.table_answers import TargetAnswers

MOST = 5
CELLS = 2_000
"""Of all examples together: a form of very many fields has fewer."""

FIFTHS = ((0, 1), (2, 3), (4, 5))
"""Of the answers, from the least to the greatest: those that a low, a middle and a high number stand for."""


def examples(
    estimator: Any, frame: Any, answered: TargetAnswers, fields: Sequence[dict[str, Any]], container: Input
) -> list[dict[str, Any]]:
    """Return typical rows: of each label, its commonest first; of numbers, one of low, middle and high ones.

    Args:
        frame: the training table, as the model takes it.
        answered: what the model answers to its first rows, of several targets the first.
        fields: as `introspection.describe` has them.
        container: what the model takes rows in.

    Returns:
        for each its answer, None of a number, and its values: none of a row to which the model answers otherwise.
    """
    predicted, labels = answered.predicted, answered.labels
    most = min(MOST, CELLS // len(fields))
    groups = [*(_of_labels(predicted, labels) if labels is not None else _of_numbers(predicted))][:most]
    rows = [_row(frame.iloc[places], fields) for _, places in groups]
    own = [field["example"] for field in fields]
    if all(row == own for row in rows):  # such as a text's, which is nobody's
        return []
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    answers = _first_answers(estimator, rows, container, types)
    if labels is None:
        is_rising = len(answers) == len(FIFTHS) and answers[0] < answers[1] < answers[2]
        return [{"answer": None, "values": row} for row in rows] if is_rising else []
    triples = zip(groups, rows, answers, strict=bool(answers))
    return [{"answer": label, "values": row} for (label, _), row, answer in triples if answer == label and row != own]


def _first_answers(estimator: Any, rows: list[list[Any]], container: Input, types: dict[str, str]) -> list[Any]:
    """Return the answers to rows, of several targets the first; none where a row is like none of the table's."""
    try:
        return list(columns_of(estimator.predict(arrange(rows, container, types)))[:, 0].tolist())
    except Exception:
        return []


def _of_labels(predicted: Sequence[Any], labels: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    answers = np.array(predicted, dtype=object)
    places = {place: np.flatnonzero(answers == label) for place, label in enumerate(labels[:CELLS])}
    for place in sorted(places, key=lambda place: -len(places[place])):
        if len(places[place]) >= PUBLIC:
            yield labels[place], places[place]


def _of_numbers(predicted: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    order = np.argsort(np.array(predicted, dtype=float), kind="stable")
    for first, last in FIFTHS:
        places = order[first * len(order) // 5 : last * len(order) // 5]
        if len(places) >= PUBLIC:
            yield None, places


def _row(rows: Any, fields: Sequence[dict[str, Any]]) -> Row:
    return [_value(rows[field["name"]], field) for field in fields]


def _value(column: Any, field: dict[str, Any]) -> Any:
    present = [value for value in map(json_value, column) if value is not None]
    value = KINDS[field["kind"]].typical(present, field["example"])
    return value if value in field.get("choices", [value]) else field["example"]
