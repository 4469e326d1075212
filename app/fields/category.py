"""One of a few values."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field as Property
from pydantic import model_validator

from app.faults import Fault, Refused
from app.fields import choice_columns
from app.fields.choice_list import ChoiceList
from app.fields.field import ESCAPE_BYTES, LANGUAGE, Field
from app.fields.parts import (
    Column,
    Container,
    Readers,
    Schema,
    TensorType,
    Widget,
)
from app.languages import N_, Numeral, current, gettext
from app.numerals import Mark, parse, readings
from app.texts import check_unique
from app.values import LabelledValue, Plain, Value, as_text

NAMED = 12
"""Choices that a sentence names, and that a chart shows."""

TRIED = 50
"""Choices that a model is tried with at least."""

FEW = 100
"""Of so many different texts at most a table's column is a category; of more it is free text."""

SMALL_TABLE = 20
"""In a column of more values, texts of which most stand alone are names or remarks, not choices."""

OTHER = "…"
OTHER_CHARACTERS = 200
"""Of a value that is none of the choices, at most."""


class CategoryField(Field):
    """One of a few values."""

    kind: Literal["category"]
    choices: tuple[LabelledValue, ...] = Property(min_length=1)
    others: bool = Property(False, description="whether other values are answered too, with a warning")
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

    @cached_property
    def known(self) -> frozenset[Value]:
        """The choices, to look one up."""
        return frozenset(self.values)

    @property
    def container(self) -> Container:
        return "objects" if self.has_texts else "numbers"

    @property
    def value_bytes(self) -> int:
        longest = max(len(json.dumps(value)) for value in self.values)
        return max(longest, OTHER_CHARACTERS * 2 * ESCAPE_BYTES) if self.others else longest

    @property
    def tensor_type(self) -> TensorType:
        if all(isinstance(value, bool) for value in self.values):
            return "BOOL"
        if all(isinstance(value, int) for value in self.values):
            return "INT64"
        return "BYTES" if any(isinstance(value, str) for value in self.values) else "FP64"

    @property
    def has_texts(self) -> bool:
        """Whether its choices are texts rather than numbers."""
        return any(isinstance(value, str) for value in self.values)

    @property
    def missing_words(self) -> frozenset[str]:
        return super().missing_words - {as_text(value).strip() for value in self.values}

    def readers(self) -> Readers:
        by_value = {(isinstance(value, bool), value): value for value in self.values}
        by_text = choice_columns.with_booleans({as_text(value).strip(): value for value in self.values})
        texts = {value for value in self.values if isinstance(value, str)}
        numbers = {float(value): value for value in self.values if not isinstance(value, bool | str | None)}

        def typed(value: Any) -> Value:
            try:
                return by_value[isinstance(value, bool), value]
            except (KeyError, TypeError):
                return text(value.strip(), None) if self.has_texts and isinstance(value, str) else self._other(value)

        def text(value: str, mark: Mark | None) -> Value:
            if value in by_text:
                return by_text[value]
            if self.has_texts or not (numbers_meant := readings(value)):
                return self._other(value)
            meant = _meant(numbers_meant, mark, numbers)
            return numbers[meant.pop()] if len(meant) == 1 else self._other(parse(value, mark))

        return Readers(typed, text, choice_columns.typed(texts), choice_columns.texts(by_text))

    def _other(self, value: Any) -> Value:
        """Return a value that is none of the choices, where the model can do with such."""
        is_alike = isinstance(value, str) if self.has_texts else type(value) in (int, float)
        if self.others and is_alike and 0 < len(str(value)) <= OTHER_CHARACTERS:
            return value  # type: ignore[no-any-return]
        names = [as_text(value).strip() for value in self.values[: NAMED + 1]]
        listed = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        raise Refused(N_("is not one of the choices: %(choices)s"), choices=listed)

    @property
    def other(self) -> Value:
        """A value that is none of the choices, where others are answered."""
        return other_than(self.values) if self.others else None

    @property
    def warns(self) -> bool:
        return self.others or super().warns

    def present_warning(self, value: Value) -> Fault | None:
        return None if value in self.known else Fault(N_("is none of the values that the model has seen"))

    def value_schema(self) -> Schema:
        if self.others:
            text = {"type": "string", "minLength": 1, "maxLength": OTHER_CHARACTERS, "pattern": r"\S"}
            return text if self.has_texts else {"type": "number"}
        return {"enum": self.values}

    def address_schema(self) -> Schema:
        enum = {} if self.others else {"enum": [as_text(value) for value in self.values], "type": "string"}
        return super().address_schema() | enum

    def notes(self) -> list[str]:
        notes = [f"{as_text(choice.value)}: {choice.label[LANGUAGE]}" for choice in self.choices[:NAMED]]
        return [*notes, "another value is answered with a warning"] if self.others else notes

    @cached_property
    def listed(self) -> ChoiceList:
        """The choices as a form lists them."""
        return ChoiceList(self.choices)

    def widget(self) -> Widget:
        labels = self.listed.labels[current()]
        if self.listed.is_searched:
            return Widget("search", choices=labels)
        first = gettext(N_("I don't know")) if self.missing else gettext(N_("Choose…"))
        return Widget("list", choices={"": first, **labels})

    def hints(self) -> list[str]:
        if not self.listed.is_searched:
            return []
        return [gettext(N_("%(count)s choices: type to search."), count=Numeral(len(self.choices)))]

    def entry(self, value: Value) -> str:
        text = as_text(value)
        return self.listed.labels[current()].get(text, text) if self.listed.is_searched else text

    def from_entry(self, text: str) -> str:
        return self.listed.text_of(text, current())

    def present_in_words(self, value: Value) -> str:
        return next((choice.label[current()] for choice in self.choices if choice.value == value), str(value))

    def alternatives(self, here: Value) -> list[Value]:
        values = self.values[:NAMED]
        return values if here in values else [*values[:-1], here] if here is not None else values

    def coder(self) -> Callable[[Sequence[Value]], Sequence[Any]]:
        places: dict[Any, float | None] = {(False, None): None}
        places |= {(isinstance(value, bool), value): float(place) for place, value in enumerate(self.values)}
        if not self.others:
            return lambda column: [places[isinstance(value, bool), value] for value in column]
        another = float(len(self.values))
        return lambda column: [places.get((isinstance(value, bool), value), another) for value in column]

    def countable(self) -> list[Value] | None:
        return [*self.values, self.other] if self.others else self.values

    def corners(self) -> Sequence[Value]:
        return [*self.values[:TRIED], *([self.other] if self.others else [])]

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        values = self.countable() or []
        return [values[place] for place in chance.integers(len(values), size=count).tolist()]

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        return self.countable() or []

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        choices = column.categories
        if choices is None:
            choices = sorted({str(value) for value in column.present})
            if len(choices) > FEW or 2 * len(choices) > max(len(column.present), SMALL_TABLE):
                return None
        return {"choices": [*choices], "example": most_frequent(column.present, choices)}


def other_than(choices: Sequence[Any]) -> Value:
    """Return a value that is none of the choices, but of their type."""
    texts = [value for value in choices if isinstance(value, str)]
    if not texts:
        return 1 + int(max(choices, default=0))
    return OTHER + "".join(text for text in texts if text.startswith(OTHER))


def most_frequent(present: Sequence[Any], choices: Sequence[Any]) -> Any:
    """Return the choice that is most frequent in a column; the first where the column has none."""
    known = {*choices}
    return Counter([value for value in present if value in known] or choices).most_common(1)[0][0]


def _meant(numbers: Mapping[Mark, float], mark: Mark | None, choices: Collection[float]) -> set[float]:
    """Return the choices that a number as a table writes it may be: 2 is written 2.0 or 2,0 too."""
    likely = {numbers[mark]} if mark and mark in numbers else {*numbers.values()}
    return likely.intersection(choices)
