"""The kinds of field: one module each, which answers for itself whatever is asked of a field; here is their list."""

from typing import Annotated, Any, get_args

from pydantic import Field as Property

from app.fields.category import CategoryField
from app.fields.field import Field
from app.fields.integer import IntegerField
from app.fields.number import NumberField
from app.fields.parts import Column
from app.fields.text import TextField
from app.fields.yes_no import YesNoField

__all__ = ["KINDS", "AnyField", "CategoryField", "Column", "Field", "IntegerField", "NumberField", "TextField",
           "YesNoField", "recognised"]  # fmt: skip

AnyField = Annotated[
    NumberField | IntegerField | YesNoField | CategoryField | TextField,
    Property(discriminator="kind"),
]
"""Every kind, in the order in which a table's column is tried to be one: the last takes all that is left."""

KINDS: dict[str, type[Field]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(AnyField)[0])
}
"""What a contract calls a kind → its class."""


def recognised(column: Column) -> dict[str, Any]:
    """Return what a contract says of a field with such a column of a table, its kind first."""
    for name, kind in KINDS.items():
        if (properties := kind.recognised(column)) is not None:
            return {"kind": name, **properties}
    raise AssertionError("a column that is of no kind is text")
