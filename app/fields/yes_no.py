"""Yes or no."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Strict

from app.faults import Refused
from app.fields.category import most_frequent
from app.fields.field import Field
from app.fields.parts import Column, Container, Readers, Schema, TensorType, Widget
from app.languages import N_, gettext
from app.values import Value

WRITTEN = {"true": True, "yes": True, "sí": True, "si": True, "1": True,
           "false": False, "no": False, "0": False}  # fmt: skip


class YesNoField(Field):
    """Yes or no."""

    kind: Literal["yes_no"]
    example: Annotated[bool, Strict()]
    default: Annotated[bool, Strict()] | None = None

    pandas_type: ClassVar[str] = "bool"

    @property
    def container(self) -> Container:
        return "numbers"

    @property
    def tensor_type(self) -> TensorType:
        return "BOOL"

    def readers(self) -> Readers:
        return Readers(_read_typed, _read_text)

    def value_schema(self) -> Schema:
        return {"type": "boolean"}

    def widget(self) -> Widget:
        choices = {"true": gettext(N_("Yes")), "false": gettext(N_("No"))}
        return Widget("buttons", choices=choices | ({"": gettext(N_("I don't know"))} if self.missing else {}))

    def present_in_words(self, value: Value) -> str:
        return gettext(N_("yes")) if value else gettext(N_("no"))

    def alternatives(self, here: Value) -> list[Value]:
        return [True, False]

    def countable(self) -> list[Value] | None:
        return [False, True]

    def corners(self) -> Sequence[Value]:
        return [True, False]

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        return list((chance.random(count) < 0.5).tolist())

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        return [False, True]

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        values = column.present if column.categories is None else column.categories
        if not values or not all(isinstance(value, bool) for value in values):
            return None
        return {"example": most_frequent(column.present, values)}


def _read_typed(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused(N_("is neither true nor false"))
    return value


def _read_text(value: str) -> bool:
    try:
        return WRITTEN[value.casefold()]
    except KeyError:
        raise Refused(N_("is neither yes nor no")) from None
