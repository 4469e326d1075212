"""Why a model fails on the rows of its table, in words for people."""

import re
from collections.abc import Iterator
from typing import Any

from deploy.base.errors import DeployError
from deploy.models.json_values import json_value
from deploy.models.structure import known_categories, text_columns
from deploy.models.training_table import feature_names

SHOWN = 3
"""Values of a column that a sentence names."""

NO_NUMBER = re.compile("could not convert|must be (a )?numeric|invalid literal|can't? be converted|unsupported operand")
PREPARED = (
    "Was it turned into numbers before the training? Then give what did it (--before encoder.joblib), or put that"
    " step into the pipeline that you save, or give the table as the model was trained on it."
)
ANSWERS = " Does that column hold the answers? Then name it: --target."
EMPTY = (
    "Give the table without those rows, as it was for the training, or put what filled them"
    " (SimpleImputer) into the pipeline that you save."
)
ANOTHER = "Give the table with the rows and columns that the model was trained on, written as they were then."


def row_fault(file: str, data: str, estimator: Any, frame: Any, fault: Exception) -> DeployError:
    """Return the refusal of a table whose rows a model can't take: the column and the value, where they are known.

    Args:
        file, data: the model's and the table's, for sentences.
        frame: the columns that the model was given.
        fault: that it raised.
    """
    message = " ".join(str(fault).split())
    fallback = f"; scikit-learn says: {message[:300] or type(fault).__name__}", ANOTHER
    cause, advice = next(_causes(estimator, frame, message), fallback)
    return DeployError(f"{file}: fails on the rows of {data}{cause}", advice)


def _causes(estimator: Any, frame: Any, message: str) -> Iterator[tuple[str, str]]:
    """Yield what a message can mean with such rows, and what to do."""
    columns = feature_names(estimator)
    known = known_categories(estimator, columns or [*frame.columns])
    if "unknown categories" in message:
        for name, values in _unknown(frame, known):
            yield f": column {name} has {', '.join(values)}, which its encoder has never seen", ANOTHER
    if NO_NUMBER.search(message):
        for name, text in _texts(frame, {*known} | text_columns(estimator, columns or [*frame.columns])):
            reason = f": column {name} has the text {text!r}, where the model was trained on numbers"
            yield reason, PREPARED if columns else PREPARED + ANSWERS
    if "NaN" in message or "missing" in message:
        for name in (name for name in frame if frame[name].isna().any()):
            row = 1 + int(frame.index[frame[name].isna().to_numpy().argmax()])
            yield f": column {name} is empty in row {row} of the data, and the model takes no missing values", EMPTY


def _unknown(frame: Any, known: dict[str, list[Any]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each column that has values besides its categories, with some of them."""
    for name in (name for name in frame if name in known):
        others = {json_value(value) for value in frame[name]} - {*known[name]}
        if others:
            yield name, sorted(map(str, others))[:SHOWN]


def _texts(frame: Any, encoded: set[str]) -> Iterator[tuple[str, str]]:
    """Yield each column that has a text and that no part of the model turns into numbers, with the text."""
    for name in (name for name in frame if name not in encoded):
        if text := next((value for value in frame[name] if isinstance(value, str)), None):
            yield name, text[:60]
