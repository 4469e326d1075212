"""Finds out what a fitted estimator takes and answers: from itself, and from the table that it was trained on."""

import math
from typing import Any

import numpy as np

from app.fields import KINDS, Column, recognised
from deploy.base.errors import DeployError
from deploy.models import training_table
from deploy.models.json_values import json_value
from deploy.models.training_table import TrainingTable, feature_names, known_categories

SCORED_ROWS = 20_000
RECORDED_ROWS = 50


def describe(file: str, estimator: Any, data: str, target: str) -> dict[str, Any]:
    """Return what is known of a model.

    Args:
        file: the model's, for sentences.
        data: path of a CSV table; empty: none.
        target: the table's column with the answers; empty: the one that the model doesn't know.

    Returns:
        estimator: its name; labels: those it answers, or None for numbers; fields: for each its name, kind, and what
        is known of its values; columns: pandas' type of each field; rows, answers: some of the table's, and the model's
        answers; metrics: measured on the table.

    Raises:
        DeployError: the model can't be served, or the table isn't its.
    """
    _require_supervised(file, estimator)
    labels = _labels(file, estimator)
    table = training_table.read(data, target, estimator) if data else None
    names = list(table.frame.columns) if table else _names_without_table(file, estimator)
    known = known_categories(estimator, names)
    table = training_table.as_trained(estimator, table) if table else None
    fields = [_field(name, table.frame[name] if table else None, known.get(name)) for name in names]
    columns = [*map(str, table.frame.dtypes)] if table else [KINDS[field["kind"]].pandas_type for field in fields]
    recorded = _recorded(file, estimator, table, data) if table else {"rows": [], "answers": [], "metrics": {}}
    return {"estimator": _title(estimator), "labels": labels, "fields": fields, "columns": columns} | recorded


def rows(estimator: Any, data: str, target: str) -> list[list[Any]]:
    """Return the rows of the table that a model was trained on."""
    table = training_table.as_trained(estimator, training_table.read(data, target, estimator))
    return [[json_value(value) for value in row] for row in table.frame.itertuples(index=False)]


def _require_supervised(file: str, estimator: Any) -> None:
    from sklearn.base import is_classifier, is_regressor

    if not is_classifier(estimator) and not is_regressor(estimator):
        raise DeployError(
            f"{file}: holds a {_title(estimator)}, which is neither a classifier nor a regressor",
            "Puerto serves models that predict a label or a number.",
        )


def _labels(file: str, estimator: Any) -> list[Any] | None:
    if not hasattr(estimator, "classes_"):
        return None
    classes = estimator.classes_
    if isinstance(classes, list) or np.asarray(classes).ndim != 1:
        raise _several_outputs(file)
    return [json_value(label) for label in classes]


def _several_outputs(file: str) -> DeployError:
    return DeployError(
        f"{file}: answers several things at once; Puerto serves models with one answer", "Save one model for each."
    )


def _names_without_table(file: str, estimator: Any) -> list[str]:
    if names := feature_names(estimator):
        return names
    count = getattr(estimator, "n_features_in_", None)
    if count is None and _reads_texts(estimator):
        return ["text"]
    if count is None:
        raise DeployError(f"{file}: doesn't say what it takes; is it fitted?", "Pass its table: --data table.csv")
    return [f"x{number}" for number in range(int(count))]


def _reads_texts(estimator: Any) -> bool:
    first = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    return hasattr(first, "build_analyzer")


def _field(name: str, column: Any, categories: list[Any] | None) -> dict[str, Any]:
    """Return what a field's values are: kind, choices, range, an example, whether one may be missing."""
    values = [] if column is None else [*map(json_value, column)]
    known = None if categories is None else _present(categories)
    missing = None in values or None in (categories or [])
    pandas_type = "object" if column is None else str(column.dtype)
    return {"name": name, "missing": missing, **recognised(Column(_present(values), known, pandas_type))}


def _present(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _recorded(file: str, estimator: Any, table: TrainingTable, data: str) -> dict[str, Any]:
    """Have the model answer its table, and return some rows with their answers, and how good they are."""
    frame = table.frame.head(SCORED_ROWS)
    names = feature_names(estimator)
    inputs = frame if names else frame.iloc[:, 0] if _reads_texts(estimator) else frame.to_numpy()
    try:
        answers = np.asarray(estimator.predict(inputs))
    except Exception as fault:
        message = " ".join(str(fault).split())[:300]
        advice = "Is it the table that the model was trained on? Does it need --target?"
        raise DeployError(f"{file}: fails on the rows of {data}: {message}", advice) from fault
    if answers.size != len(frame):
        raise _several_outputs(file)
    answers = answers.reshape(len(frame))
    places = np.unique(np.linspace(0, len(frame) - 1, RECORDED_ROWS).astype(int))
    return {
        "rows": [[json_value(value) for value in frame.iloc[place]] for place in places],
        "answers": [json_value(answers[place]) for place in places],
        "metrics": {"rows": len(table.frame), **_score(estimator, inputs, table)},
    }


def _score(estimator: Any, inputs: Any, table: TrainingTable) -> dict[str, float]:
    """The score on the table that was given: flattering, where the model was trained on it."""
    if table.answers is None or not hasattr(estimator, "score"):
        return {}
    try:
        score = float(estimator.score(inputs, table.answers.head(SCORED_ROWS)))
    except (TypeError, ValueError):
        return {}
    name = "accuracy on the given table" if hasattr(estimator, "classes_") else "r2 on the given table"
    return {name: round(score, 4)} if math.isfinite(score) else {}


def _title(estimator: Any) -> str:
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", [])]
    return " → ".join(steps) or type(estimator).__name__
