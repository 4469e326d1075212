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
    raise ValueError("is not a text, a number, true or false (a date needs quotes)")


Plain = Annotated[
    bool | int | float | str,
    PlainValidator(_plain, json_schema_input_type=bool | int | float | str),
]
"""A choice or a label as the model knows it; true is not 1."""


class LabelledValue(Part):
    """A value and what people call it: a category's choice, or a label that is predicted."""

    value: Plain = Field(description="as the model knows it")
    label: Text = Field(description="what people call it")


def as_text(value: Any) -> str:
    """Return a value as forms, tables and addresses write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)
