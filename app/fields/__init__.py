"""The kinds of field: one module each, which knows all about its own values; this is their list."""

from collections.abc import Sequence
from typing import Annotated, Any, get_args

from pydantic import Field as Property

from app.fields.category import CategoryField
from app.fields.date import DateField
from app.fields.field import Field
from app.fields.integer import IntegerField
from app.fields.number import NumberField
from app.fields.parts import Column
from app.fields.text import TextField
from app.fields.yes_no import YesNoField

__all__ = [
    "KINDS", "AnyField", "CategoryField", "Column", "DateField", "Field", "IntegerField", "NumberField", "TextField",
    "YesNoField", "recognised", "type_of",
]  # fmt: skip

AnyField = Annotated[
    YesNoField | NumberField | IntegerField | DateField | CategoryField | TextField,
    Property(discriminator="kind"),
]
"""Every kind, in the order in which a table's column is tried to be one: the last takes all that is left."""

KINDS: dict[str, type[Field]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(AnyField)[0])
}
"""What a contract calls a kind → its class."""


def recognised(column: Column) -> dict[str, Any]:
    """Return the properties that a contract gives a field with such a column of a table, its kind first."""
    for name, kind in KINDS.items():
        if (properties := kind.recognised(column)) is not None:
            return {"kind": name, **properties}
    raise AssertionError("a column that is of no kind is text")


def type_of(texts: Sequence[str]) -> str | None:
    """Return pandas' name of the type that a column of such texts can be turned into; None where of no other."""
    return next((kind.pandas_type for kind in KINDS.values() if kind.is_written(texts)), None)
