"""The types that a table's columns had when the model was trained: a file doesn't say dates, texts or categories."""

from dataclasses import replace
from typing import Any

from app.fields import type_of
from deploy.models.structure import known_categories, text_columns, used_columns
from deploy.models.training_table import TrainingTable, feature_names, text_names


def as_trained(estimator: Any, table: TrainingTable) -> TrainingTable:
    """Return the table as the model takes it: dates as pandas has them, or texts; its categories, if nothing else.

    A column that the model drops is left out, where it answers without it.
    """
    names = feature_names(estimator)
    if not names:
        return table
    used = used_columns(estimator, names)
    typed = _typed(estimator, table, names)
    narrow = typed.frame[[name for name in typed.frame.columns if name in used]]
    is_narrower = 0 < narrow.shape[1] < typed.frame.shape[1]
    return replace(typed, frame=narrow) if is_narrower and _accepts(estimator, narrow) else typed


def _typed(estimator: Any, table: TrainingTable, names: list[str]) -> TrainingTable:
    texts = text_names(table.frame)
    if not texts:
        return table
    known = {**known_categories(estimator, names), **dict.fromkeys(text_columns(estimator, names))}
    types = {name: type_of([*table.frame[name].dropna()]) for name in texts if name not in known}
    dates = {name: kind for name, kind in types.items() if kind}
    frames = [table.frame.astype(dates), table.frame] if dates else [table.frame]
    candidates = (candidate for frame in frames for candidate in (frame, _with_categories(frame)))
    accepted = (candidate for candidate in candidates if _accepts(estimator, candidate))
    return replace(table, frame=next(accepted, table.frame))


def _with_categories(frame: Any) -> Any:
    return frame.astype(dict.fromkeys(text_names(frame), "category"))


def _accepts(estimator: Any, frame: Any) -> bool:
    try:
        estimator.predict(frame.head(1))
    except Exception:
        return False
    return True
