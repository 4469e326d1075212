"""Finds out what a fitted estimator takes and answers: from itself, and from the table that it was trained on."""

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.csv_file import SEPARATORS
from app.fields import KINDS, Column, recognised, type_of
from deploy.base.errors import DeployError
from deploy.models.json_values import json_value

LOOKED_AT_LINES = 100
SCORED_ROWS = 20_000
RECORDED_ROWS = 50


@dataclass(frozen=True)
class Table:
    """A training table: its columns in the model's order, and the answers where it has them."""

    frame: Any
    answers: Any


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
    _must_be_supervised(file, estimator)
    labels = _labels(file, estimator)
    table = _read(data, target, estimator) if data else None
    names = list(table.frame.columns) if table else _names_without_table(file, estimator)
    known = _known_categories(estimator, names)
    table = _as_trained(estimator, table) if table else None
    fields = [_field(name, table.frame[name] if table else None, known.get(name)) for name in names]
    found: dict[str, Any] = {
        "estimator": _title(estimator), "labels": labels, "fields": fields,
        "columns": [*map(str, table.frame.dtypes)] if table else [KINDS[each["kind"]].pandas_type for each in fields],
        "rows": [], "answers": [], "metrics": {},
    }  # fmt: skip
    return found | (_recorded(file, estimator, table, data) if table else {})


def rows(estimator: Any, data: str, target: str) -> list[list[Any]]:
    """Return the rows of the table that a model was trained on."""
    table = _as_trained(estimator, _read(data, target, estimator))
    return [[json_value(value) for value in row] for row in table.frame.itertuples(index=False)]


def _must_be_supervised(file: str, estimator: Any) -> None:
    from sklearn.base import is_classifier, is_regressor

    if not is_classifier(estimator) and not is_regressor(estimator):
        raise DeployError(f"{file}: holds a {_title(estimator)}, which is neither a classifier nor a regressor",
                          "Puerto serves models that predict a label or a number.")  # fmt: skip


def _labels(file: str, estimator: Any) -> list[Any] | None:
    if not hasattr(estimator, "classes_"):
        return None
    classes = estimator.classes_
    if isinstance(classes, list) or np.asarray(classes).ndim != 1:
        raise DeployError(f"{file}: answers several things at once; Puerto serves models with one answer",
                          "Save one model for each.")  # fmt: skip
    return [json_value(label) for label in classes]


def _names(estimator: Any) -> list[str]:
    return [str(name) for name in getattr(estimator, "feature_names_in_", [])]


def _names_without_table(file: str, estimator: Any) -> list[str]:
    if names := _names(estimator):
        return names
    count = getattr(estimator, "n_features_in_", None)
    if count is None and _reads_texts(estimator):
        return ["text"]
    if count is None:
        raise DeployError(f"{file}: doesn't say what it takes; is it fitted?", "Give its table: --data table.csv")
    return [f"x{number}" for number in range(int(count))]


def _reads_texts(estimator: Any) -> bool:
    first = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    return hasattr(first, "build_analyzer")


def _read(data: str, target: str, estimator: Any) -> Table:
    import pandas

    names, count = _names(estimator), getattr(estimator, "n_features_in_", None)
    try:
        frame = pandas.read_csv(data, encoding="utf-8-sig", float_precision="round_trip", **_dialect(Path(data)))
    except (ValueError, UnicodeError, pandas.errors.ParserError, pandas.errors.EmptyDataError) as fault:
        raise DeployError(f"{data}: can't be read as a table: {' '.join(str(fault).split())[:200]}") from fault
    frame.columns = [str(name).strip() for name in frame.columns]
    if frame.empty:
        raise DeployError(f"{data}: has no rows")
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        raise DeployError(f"{data}: lacks what the model was trained on: {', '.join(lacking)}",
                          f"It has: {', '.join(frame.columns)}")  # fmt: skip
    if target and target not in frame.columns:
        raise DeployError(f"{data}: has no column {target}", f"It has: {', '.join(frame.columns)}")
    if names:
        others = [name for name in frame.columns if name not in names]
        answers = frame[target] if target else frame[others[0]] if len(others) == 1 else None
        return Table(frame[names], answers)
    inputs = frame.drop(columns=[target]) if target else frame
    if count is not None and inputs.shape[1] != count:
        raise DeployError(f"{data}: has {inputs.shape[1]} columns, but the model takes {count}: {', '.join(inputs)}",
                          "Say which column holds the answers: --target; take away what the model doesn't know."
                          )  # fmt: skip
    return Table(inputs, frame[target] if target else None)


def _dialect(file: Path) -> dict[str, str]:
    """Return a table's separator, the one of which its first line has most, and its decimal mark."""
    with file.open(encoding="utf-8-sig") as stream:
        lines = [line for _, line in zip(range(LOOKED_AT_LINES), stream, strict=False)]
    first = lines[0] if lines else ""
    separator = max(SEPARATORS, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
    text = "".join(lines)
    commas = separator != "," and re.search(r"\d,\d", text) and not re.search(r"\d\.\d", text)
    return {"sep": separator, "decimal": "," if commas else "."}


def _known_categories(estimator: Any, names: list[str]) -> dict[str, list[Any]]:
    """Return column → categories that an encoder in the pipeline was fitted on."""
    found: dict[str, list[Any]] = {}
    for encoder, columns in _encoders(estimator, names):
        categories = getattr(encoder, "categories_", None)
        if isinstance(categories, list) and len(categories) == len(columns):
            for name, values in zip(columns, categories, strict=True):
                found[name] = [*map(json_value, values)]
    return found


def _encoders(estimator: Any, names: list[str]) -> Iterable[tuple[Any, list[str]]]:
    """Return the steps that see the table's columns as they are, filled at most, each with its columns."""
    for _, step in getattr(estimator, "steps", [("", estimator)]):
        if hasattr(step, "transformers_"):
            for _, inner, columns in step.transformers_:
                yield from _encoders(inner, _columns(columns, names)) if hasattr(inner, "fit") else ()
            return
        yield step, names
        if type(step).__name__ != "SimpleImputer":
            return


def _columns(chosen: Any, names: list[str]) -> list[str]:
    if isinstance(chosen, slice):
        return names[chosen]
    listed = [chosen] if isinstance(chosen, str | int) else list(chosen)
    if listed and isinstance(listed[0], bool | np.bool_):
        return [name for name, wanted in zip(names, listed, strict=True) if wanted]
    return [name if isinstance(name, str) else names[int(name)] for name in listed]


def _as_trained(estimator: Any, table: Table) -> Table:
    """Return the table as the model takes it: dates as pandas has them, or texts; its categories, if nothing else."""
    texts = _texts(table.frame)
    if not texts or not _names(estimator):
        return table
    known = _known_categories(estimator, [*table.frame.columns])
    types = {name: type_of([*table.frame[name].dropna()]) for name in texts if name not in known}
    dates = {name: kind for name, kind in types.items() if kind}
    frames = [table.frame.astype(dates), table.frame] if dates else [table.frame]
    tried = (each for frame in frames for each in (frame, frame.astype(dict.fromkeys(_texts(frame), "category"))))
    return Table(next((frame for frame in tried if _answers(estimator, frame)), table.frame), table.answers)


def _texts(frame: Any) -> list[str]:
    return [name for name in frame.columns if str(frame[name].dtype) in ("object", "str", "string")]


def _answers(estimator: Any, frame: Any) -> bool:
    try:
        estimator.predict(frame.head(1))
    except Exception:
        return False
    return True


def _field(name: str, column: Any, categories: list[Any] | None) -> dict[str, Any]:
    """Return what a field's values are: kind, choices, range, an example, whether one may be missing."""
    values = [] if column is None else [*map(json_value, column)]
    present, known = (None if each is None else [value for value in each if value is not None]
                      for each in (values, categories))  # fmt: skip
    missing = None in values or None in (categories or [])
    kind = "object" if column is None else str(column.dtype)
    return {"name": name, "missing": missing, **recognised(Column(present or [], known, kind))}


def _recorded(file: str, estimator: Any, table: Table, data: str) -> dict[str, Any]:
    """Have the model answer its table, and return some rows with their answers, and how good they are."""
    frame = table.frame.head(SCORED_ROWS)
    given = frame if _names(estimator) else frame.iloc[:, 0] if _reads_texts(estimator) else frame.to_numpy()
    try:
        answers = np.asarray(estimator.predict(given))
    except Exception as fault:
        words = " ".join(str(fault).split())[:300]
        advice = "Is it the table that the model was trained on? Does it need --target?"
        raise DeployError(f"{file}: fails on the rows of {data}: {words}", advice) from fault
    if answers.size != len(frame):
        raise DeployError(f"{file}: answers several things at once; Puerto serves models with one answer",
                          "Save one model for each.")  # fmt: skip
    answers = answers.reshape(len(frame))
    places = np.unique(np.linspace(0, len(frame) - 1, RECORDED_ROWS).astype(int))
    return {
        "rows": [[json_value(value) for value in frame.iloc[place]] for place in places],
        "answers": [json_value(answers[place]) for place in places],
        "metrics": {"rows": len(table.frame), **_score(estimator, given, table)},
    }


def _score(estimator: Any, given: Any, table: Table) -> dict[str, float]:
    """The score on the table that was given: flattering, where the model was trained on it."""
    if table.answers is None or not hasattr(estimator, "score"):
        return {}
    try:
        score = float(estimator.score(given, table.answers.head(SCORED_ROWS)))
    except (TypeError, ValueError):
        return {}
    name = "accuracy on the given table" if hasattr(estimator, "classes_") else "r2 on the given table"
    return {name: round(score, 4)} if math.isfinite(score) else {}


def _title(estimator: Any) -> str:
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", [])]
    return " → ".join(steps) or type(estimator).__name__
