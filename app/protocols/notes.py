"""What responses of the protocols say besides predictions: how rows differ from what the model has seen."""

from collections.abc import Sequence
from typing import Any

from app.errors import ERRORS_SHOWN
from app.model import Model
from app.values import Row


def notes(model: Model, rows: Sequence[Row], unused: Sequence[str]) -> dict[str, Any]:
    """Return the members of a response that say so: none where there is nothing to say.

    Args:
        unused: names that were sent and that no field has.
    """
    pairs = (
        (place, pair) for place, warnings in enumerate(model.validator.warnings(rows)) for pair in warnings.items()
    )
    warnings = [{"row": place, "field": name, "detail": str(fault)} for place, (name, fault) in pairs][:ERRORS_SHOWN]
    return ({"warnings": warnings} if warnings else {}) | ({"unused": [*unused]} if unused else {})


def as_parameters(members: dict[str, Any]) -> dict[str, Any]:
    """Return such members as the Open Inference Protocol's parameters, whose values are texts."""
    if not members:
        return {}
    sentences = [f"{entry['row']}, {entry['field']}: {entry['detail']}" for entry in members.get("warnings", [])]
    texts = {"warnings": "; ".join(sentences), "unused": ", ".join(members.get("unused", []))}
    return {"parameters": {name: text for name, text in texts.items() if text}}
