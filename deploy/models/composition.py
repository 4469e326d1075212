"""Puts what belongs to a model together with it: transformers that were saved beside it, or in the same file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.base.errors import DeployError

TOGETHER = "--together"
LABELS = ("LabelEncoder", "LabelBinarizer")
"""They transform answers, not tables."""


def composed(file: str, content: Any, before: Sequence[Any], together: bool) -> Any:
    """Return the estimator of a file, behind the transformers that its rows pass first.

    Args:
        content: what the file holds.
        before: transformers, fitted, in order.
        together: whether what else the file holds belongs to it.

    Raises:
        DeployError: the file holds several things, or something else than a model or transformers.
    """
    from sklearn.pipeline import make_pipeline

    inside, estimator = _parts(file, content, together)
    steps = [*before, *inside]
    for step in steps:
        is_of_labels = type(step).__name__ in LABELS
        if is_of_labels or not callable(getattr(step, "transform", None)):
            advice = "Give what turned the table's columns into the model's: a scaler, an encoder, a ColumnTransformer."
            advice = "It encodes the labels: give it as --labels." if is_of_labels else advice
            raise DeployError(f"{file}: a {type(step).__name__} transforms no table", advice)
    return make_pipeline(*steps, estimator) if steps else estimator


def _parts(file: str, content: Any, together: bool) -> tuple[list[Any], Any]:
    """Return the transformers and the estimator that a file holds."""
    if not isinstance(content, Mapping | list | tuple):
        return [], content
    names = [*map(str, content)] if isinstance(content, Mapping) else [f"[{place}]" for place in range(len(content))]
    values = [*content.values()] if isinstance(content, Mapping) else [*content]
    estimators = [value for value in values if _predicts(value)]
    transformers = [value for value in values if not _predicts(value) and callable(getattr(value, "transform", None))]
    listed = ", ".join(f"{name} ({type(value).__name__})" for name, value in zip(names, values, strict=True))[:300]
    reason = f"{file}: holds a {type(content).__name__} of {listed or 'nothing'}"
    if len(estimators) != 1:
        raise DeployError(reason, "Save the fitted model or pipeline itself.")
    if not together:
        order = " → ".join(type(value).__name__ for value in [*_tables(transformers), *estimators])
        raise DeployError(reason, f"To serve {order}, in this order: {TOGETHER}. Or save them as one pipeline.")
    return _tables(transformers), estimators[0]


def _tables(transformers: Iterable[Any]) -> list[Any]:
    """Return those of tables."""
    return [value for value in transformers if type(value).__name__ not in LABELS]


def _predicts(value: Any) -> bool:
    return callable(getattr(value, "predict", None))
