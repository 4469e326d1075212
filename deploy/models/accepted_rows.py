"""The rows of a table that a contract lets in."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.contract import Contract
from app.faults import InvalidInput
from app.validator import RowValidator
from app.values import Row
from deploy.models.json_values import json_value


def accepted(contract: Contract, rows: Sequence[Sequence[Any]]) -> Iterator[Row]:
    """Return the rows of a table that a contract accepts, as it reads them."""
    check = RowValidator(contract)
    names = [field.name for field in contract.fields]
    for row in rows:
        values = {name: json_value(value) for name, value in zip(names, row, strict=True)}
        try:
            yield check.typed(values)
        except InvalidInput:
            continue
