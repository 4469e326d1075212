"""Values as rows hold them, as contracts write them, and as forms, tables and addresses do."""

import math
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from app.texts import Part, Text

Value = float | int | str | bool | None
"""What a row holds for a field; None where it is missing, as it may be."""

Row = list[Value]
"""A value for each field, in the contract's order."""


def _plain(value: Any) -> bool | int | float | str:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("is no text, number, true or false (a date needs quotes)")


Plain = Annotated[
    bool | int | float | str,
    PlainValidator(_plain, json_schema_input_type=bool | int | float | str),
]
"""A choice or label as the model knows it; true is not 1."""


class Choice(Part):
    """One of the values that a category or a label can have."""

    value: Plain = Field(description="as the model knows it")
    label: Text = Field(description="as people call it")


def as_text(value: Any) -> str:
    """Return a value as forms, tables and addresses write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)
