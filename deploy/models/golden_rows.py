"""Rows with the answers that every release must repeat: a value, or of several targets name → value."""

from collections.abc import Sequence
from typing import Any

from app.contract import Contract
from app.predictions import named_values
from app.values import Row


def golden(contract: Contract, row: Row, values: Sequence[Any]) -> dict[str, Any]:
    """Return a row and its answers as a bundle has them, and as the API answers.

    Args:
        values: of each target.
    """
    names = [field.name for field in contract.fields]
    return {"row": dict(zip(names, row, strict=True)), "value": named_values(contract, values)}


def as_list(answer: Any) -> list[Any]:
    """Return the answers to a row, target by target."""
    if isinstance(answer, dict):
        return [*answer.values()]
    return answer if isinstance(answer, list) else [answer]
