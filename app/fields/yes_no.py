"""Yes or no."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field as Property
from pydantic import Strict

from app import numerals
from app.faults import Fault, Refused
from app.fields.category import most_frequent
from app.fields.field import Field
from app.fields.numeric import EXACT
from app.fields.parts import Column, Container, Readers, Schema, TensorType, Widget
from app.languages import N_, gettext
from app.numerals import Mark
from app.values import Value

WRITTEN = {True: True, "true": True, "verdadero": True, "yes": True, "sí": True, "si": True, "1": True, "1.0": True,
           "1,0": True, False: False, "false": False, "falso": False, "no": False, "0": False, "0.0": False,
           "0,0": False}  # fmt: skip
"""As people, spreadsheets and programs write it; 1 and 1.0 are the same key as true."""

ONLY_YES_OR_NO = N_("is neither yes nor no, which is all that the model has seen")
FLAGS = 10
"""From so many numbers on, of which all are 0 or 1, a column is one of yes and no."""


class YesNoField(Field):
    """Yes or no."""

    kind: Literal["yes_no"]
    others: bool = Property(False, description="whether numbers besides 0 and 1 are answered too, with a warning")
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
        return Readers(self._read, self._read)

    def _read(self, value: Any, mark: Mark | None = None) -> Value:
        plain = value.strip().casefold() if isinstance(value, str) else value
        with suppress(KeyError, TypeError):
            return WRITTEN[plain]
        if self.others and isinstance(value, str):
            value = numerals.parse(value.strip(), mark)
        if self.others and type(value) in (int, float) and abs(value) < EXACT:
            return WRITTEN.get(value, float(value))  # a table may write 1 as 1.000
        raise Refused(N_("is neither yes nor no"))

    @property
    def warns(self) -> bool:
        return self.others or super().warns

    def present_warning(self, value: Value) -> Fault | None:
        return None if isinstance(value, bool) else Fault(ONLY_YES_OR_NO)

    def value_schema(self) -> Schema:
        return {"type": ["boolean", "number"] if self.others else "boolean"}

    def notes(self) -> list[str]:
        return ["0, 1 and words for yes and no are read too"]

    def address_schema(self) -> Schema:
        return {"type": "boolean"} | ({} if self.default is None else {"default": self.default})

    def widget(self) -> Widget:
        choices = {"true": gettext(N_("Yes")), "false": gettext(N_("No"))}
        return Widget("buttons", choices=choices | ({"": gettext(N_("I don't know"))} if self.missing else {}))

    def present_in_words(self, value: Value) -> str:
        return gettext(N_("yes")) if value else gettext(N_("no"))

    def alternatives(self, here: Value) -> list[Value]:
        return [True, False]

    def countable(self) -> list[Value] | None:
        return None if self.others else [False, True]

    def corners(self) -> Sequence[Value]:
        return [True, False]

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        return list((chance.random(count) < 0.5).tolist())

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        return [False, True]

    @classmethod
    def typical(cls, present: Sequence[Any], example: Any) -> Value:
        return super().typical([*map(bool, present)], example)

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        values = column.present if column.categories is None else column.categories
        if values and all(isinstance(value, bool) for value in values):
            return {"example": most_frequent(column.present, values)}
        if column.categories is None and len(values) >= FLAGS and {*values} == {0, 1}:
            return {"example": most_frequent([bool(value) for value in values], [False, True]), "others": True}
        return None
