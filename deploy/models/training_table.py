"""The table that a model was trained on, read as the model takes it."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.csv_file import SEPARATORS
from app.fields import type_of
from deploy.base.errors import DeployError
from deploy.models.json_values import json_value

SAMPLED_LINES = 100


@dataclass(frozen=True)
class TrainingTable:
    """A training table: its columns in the model's order, and the answers where it has them."""

    frame: Any
    answers: Any


def feature_names(estimator: Any) -> list[str]:
    """Return the names of the columns that an estimator was trained on; none where it was trained without names."""
    return [str(name) for name in getattr(estimator, "feature_names_in_", [])]


def read(file: str, target: str, estimator: Any) -> TrainingTable:
    """Return a CSV table's columns in the model's order.

    Args:
        target: the column with the answers; empty: the one that the model doesn't know.

    Raises:
        DeployError: it can't be read, or isn't the model's.
    """
    frame = _read_csv(file)
    names, count = feature_names(estimator), getattr(estimator, "n_features_in_", None)
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DeployError(
            f"{file}: lacks what the model was trained on: {', '.join(missing)}",
            f"It has: {', '.join(frame.columns)}",
        )
    if target and target not in frame.columns:
        raise DeployError(f"{file}: has no column {target}", f"It has: {', '.join(frame.columns)}")
    if names:
        others = [name for name in frame.columns if name not in names]
        answers = frame[target] if target else frame[others[0]] if len(others) == 1 else None
        return TrainingTable(frame[names], answers)
    inputs = frame.drop(columns=[target]) if target else frame
    if count is not None and inputs.shape[1] != count:
        raise DeployError(
            f"{file}: has {inputs.shape[1]} columns, but the model takes {count}: {', '.join(inputs)}",
            "Say which column holds the answers: --target; remove the columns that the model doesn't know.",
        )
    return TrainingTable(inputs, frame[target] if target else None)


def known_categories(estimator: Any, names: list[str]) -> dict[str, list[Any]]:
    """Return column → categories that an encoder in the pipeline was fitted on."""
    known: dict[str, list[Any]] = {}
    for encoder, columns in _encoders(estimator, names):
        categories = getattr(encoder, "categories_", None)
        if isinstance(categories, list) and len(categories) == len(columns):
            for name, values in zip(columns, categories, strict=True):
                known[name] = [*map(json_value, values)]
    return known


def as_trained(estimator: Any, table: TrainingTable) -> TrainingTable:
    """Return the table as the model takes it: dates as pandas has them, or texts; its categories, if nothing else."""
    texts = _text_columns(table.frame)
    if not texts or not feature_names(estimator):
        return table
    known = known_categories(estimator, [*table.frame.columns])
    types = {name: type_of([*table.frame[name].dropna()]) for name in texts if name not in known}
    dates = {name: kind for name, kind in types.items() if kind}
    frames = [table.frame.astype(dates), table.frame] if dates else [table.frame]
    candidates = (candidate for frame in frames for candidate in (frame, _with_categories(frame)))
    accepted = (candidate for candidate in candidates if _accepts(estimator, candidate))
    return TrainingTable(next(accepted, table.frame), table.answers)


def _read_csv(file: str) -> Any:
    import pandas

    try:
        frame = pandas.read_csv(file, encoding="utf-8-sig", float_precision="round_trip", **_dialect(Path(file)))
    except (ValueError, UnicodeError, pandas.errors.ParserError, pandas.errors.EmptyDataError) as fault:
        raise DeployError(f"{file}: can't be read as a table: {' '.join(str(fault).split())[:200]}") from fault
    frame.columns = [str(name).strip() for name in frame.columns]
    if frame.empty:
        raise DeployError(f"{file}: has no rows")
    return frame


def _dialect(file: Path) -> dict[str, str]:
    """Return a table's separator, the one that its first line has most of, and its decimal mark."""
    with file.open(encoding="utf-8-sig") as stream:
        lines = [line for _, line in zip(range(SAMPLED_LINES), stream, strict=False)]
    first = lines[0] if lines else ""
    separator = max(SEPARATORS, key=lambda character: len(next(csv.reader([first], delimiter=character), [])))
    text = "".join(lines)
    has_decimal_commas = separator != "," and re.search(r"\d,\d", text) and not re.search(r"\d\.\d", text)
    return {"sep": separator, "decimal": "," if has_decimal_commas else "."}


def _encoders(estimator: Any, names: list[str]) -> Iterable[tuple[Any, list[str]]]:
    """Return the steps that see the table's columns as they are, filled at most, each with its columns."""
    for _, step in getattr(estimator, "steps", [("", estimator)]):
        if hasattr(step, "transformers_"):
            for _, branch, columns in step.transformers_:
                yield from _encoders(branch, _names_of(columns, names)) if hasattr(branch, "fit") else ()
            return
        yield step, names
        if type(step).__name__ != "SimpleImputer":
            return


def _names_of(selection: Any, names: list[str]) -> list[str]:
    if isinstance(selection, slice):
        return names[selection]
    listed = [selection] if isinstance(selection, str | int) else list(selection)
    if listed and isinstance(listed[0], bool | np.bool_):
        return [name for name, is_selected in zip(names, listed, strict=True) if is_selected]
    return [name if isinstance(name, str) else names[int(name)] for name in listed]


def _with_categories(frame: Any) -> Any:
    return frame.astype(dict.fromkeys(_text_columns(frame), "category"))


def _text_columns(frame: Any) -> list[str]:
    return [name for name in frame.columns if str(frame[name].dtype) in ("object", "str", "string")]


def _accepts(estimator: Any, frame: Any) -> bool:
    try:
        estimator.predict(frame.head(1))
    except Exception:
        return False
    return True
