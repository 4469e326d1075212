"""One of a few values."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field as Property
from pydantic import model_validator

from app.faults import Refused
from app.fields.field import LANGUAGE, Field
from app.fields.parts import Column, Container, Readers, Schema, TensorType, Widget
from app.languages import N_, current, gettext
from app.texts import check_unique
from app.values import LabelledValue, Plain, Value, as_text

NAMED = 12
"""Choices that a sentence names, and that a chart shows."""

TRIED = 50
"""Choices that a model is tried with at least."""

FEW = 100
"""Of so many different texts at most a table's column is a category; of more it is free text."""


class CategoryField(Field):
    """One of a few values."""

    kind: Literal["category"]
    choices: tuple[LabelledValue, ...] = Property(min_length=1)
    example: Plain
    default: Plain | None = None

    is_coded: ClassVar[bool] = True

    @model_validator(mode="after")
    def _check_choices(self) -> Self:
        texts = [as_text(value) for value in self.values]
        check_unique("choice", [text.strip() for text in texts])
        if not all(text.strip() for text in texts):
            raise ValueError("choices: an empty choice looks like a missing value: write missing: true instead")
        for kind, value in (("example", self.example), ("default", self.default)):
            if value is not None and as_text(value) not in texts:
                raise ValueError(f"{kind} {value!r} is not one of the choices")
        return self

    @property
    def values(self) -> list[Value]:
        """The choices as the model knows them."""
        return [choice.value for choice in self.choices]

    @property
    def container(self) -> Container:
        return "objects" if any(isinstance(value, str) for value in self.values) else "numbers"

    @property
    def value_bytes(self) -> int:
        return max(len(json.dumps(value)) for value in self.values)

    @property
    def tensor_type(self) -> TensorType:
        if all(isinstance(value, bool) for value in self.values):
            return "BOOL"
        if all(isinstance(value, int) for value in self.values):
            return "INT64"
        return "BYTES" if any(isinstance(value, str) for value in self.values) else "FP64"

    def readers(self) -> Readers:
        by_value = {(isinstance(value, bool), value): value for value in self.values}
        by_text = {as_text(value).strip(): value for value in self.values}
        texts = {value for value in self.values if isinstance(value, str)}
        names = ", ".join([*by_text][:NAMED]) + (", …" if len(by_text) > NAMED else "")
        message = N_("is not one of the choices: %(choices)s")

        def typed(value: Any) -> Value:
            try:
                return by_value[isinstance(value, bool), value]
            except (KeyError, TypeError):
                raise Refused(message, choices=names) from None

        def text(value: str) -> Value:
            try:
                return by_text[value]
            except KeyError:
                raise Refused(message, choices=names) from None

        return Readers(typed, text, _typed_column(texts), _text_column(by_text))

    def value_schema(self) -> Schema:
        return {"enum": self.values}

    def address_schema(self) -> Schema:
        return super().address_schema() | {"enum": [as_text(value) for value in self.values], "type": "string"}

    def notes(self) -> list[str]:
        return [f"{as_text(choice.value)}: {choice.label[LANGUAGE]}" for choice in self.choices[:NAMED]]

    def widget(self) -> Widget:
        choices = {as_text(choice.value): choice.label[current()] for choice in self.choices}
        return Widget("list", choices={"": gettext(N_("Choose…")), **choices})

    def present_in_words(self, value: Value) -> str:
        return next((choice.label[current()] for choice in self.choices if choice.value == value), str(value))

    def alternatives(self, here: Value) -> list[Value]:
        values = self.values[:NAMED]
        return values if here in values else [*values[:-1], here] if here is not None else values

    def coder(self) -> Callable[[Sequence[Value]], Sequence[Any]]:
        places: dict[Any, float | None] = {(False, None): None}
        places |= {(isinstance(value, bool), value): float(place) for place, value in enumerate(self.values)}
        return lambda column: [places[isinstance(value, bool), value] for value in column]

    def countable(self) -> list[Value] | None:
        return self.values

    def corners(self) -> Sequence[Value]:
        return self.values[:TRIED]

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        values = self.values
        return [values[place] for place in chance.integers(len(values), size=count).tolist()]

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        return self.values

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        choices = column.categories
        if choices is None:
            choices = sorted({str(value) for value in column.present})
            if len(choices) > FEW:
                return None
        return {"choices": [*choices], "example": most_frequent(column.present, choices)}


def most_frequent(present: Sequence[Any], choices: Sequence[Any]) -> Any:
    """Return the choice that is most frequent in a column; the first where the column has none."""
    known = {*choices}
    return Counter([value for value in present if value in known] or choices).most_common(1)[0][0]


def _text_column(by_text: dict[str, Value]) -> Callable[[Sequence[str]], Sequence[Value] | None]:
    def column(cells: Sequence[str]) -> Sequence[Value] | None:
        try:
            return [*map(by_text.__getitem__, cells)]
        except KeyError:
            return None

    return column


def _typed_column(texts: set[str]) -> Callable[[Sequence[Any]], Sequence[Value] | None]:
    def column(values: Sequence[Any]) -> Sequence[Value] | None:
        return values if {str}.issuperset(map(type, values)) and texts >= set(values) else None

    return column
