"""A model's contract, as ``models/<name>/model.yaml`` says it: what goes in, what comes out, in people's words.

Form, API, documents and protocols are derived from it. Its JSON Schema is ``models/model.schema.json``.
"""

import datetime
import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    model_validator,
)

LANGUAGES = ("es", "en")
RESERVED = ("csrf_token",)
"""Names that no field can have: the form has an input of that name already."""

TEXT_CHARACTERS = 1000
NAME_CHARACTERS = 100

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True, max_length=2000)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=NAME_CHARACTERS)]
"""A column's name as the model knows it: any text on one line."""

Number = Annotated[float, Strict()]
"""Strict, or YAML's yes and no would be 1 and 0."""


def _plain(given: Any) -> bool | int | float | str:
    if isinstance(given, bool | int | str) or (isinstance(given, float) and math.isfinite(given)):
        return given
    raise ValueError("is no text, number, true or false (a date needs quotes)")


Value = Annotated[
    bool | int | float | str,
    PlainValidator(_plain, json_schema_input_type=bool | int | float | str),
]
"""A choice or label as the model knows it; true is not 1."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Texts(_Part):
    """A text for people, in each language that they read."""

    es: Words
    en: Words

    def __getitem__(self, language: str) -> str:
        return str(getattr(self, language))


def _in_both(given: Any) -> Any:
    return dict.fromkeys(LANGUAGES, given) if isinstance(given, str) else given


Text = Annotated[
    Texts,
    BeforeValidator(_in_both, json_schema_input_type=Words | Texts),
    Field(description="{es: …, en: …}, or one text for both"),
]


class Choice(_Part):
    """One of the values that a category or a label can have."""

    value: Value = Field(description="as the model knows it")
    label: Text = Field(description="as people call it")


class _Field(_Part):
    name: Name = Field(description="the column's name, as the model knows it")
    label: Text = Field(description="as people call it")
    help: Text | None = Field(None, description="a sentence that helps to fill it in")
    missing: bool = Field(False, description="whether the model can do without it")

    @model_validator(mode="after")
    def _can_be_an_input(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"name {self.name!r} can't be used: the form has an input of that name already")
        if self.name != self.name.strip():
            raise ValueError(f"name {self.name!r} can't be used: take the spaces at its ends away, in the model too")
        return self

    @model_validator(mode="after")
    def _default_is_for_what_is_missing(self) -> Self:
        if self.missing and getattr(self, "default", None) is not None:
            raise ValueError("default and missing contradict each other: what isn't given is one or the other")
        return self


class _Range(_Field):
    unit: Text | None = Field(None, description="what it is measured in, e.g. h")
    minimum: Number | None = Field(None, description="the least value, itself included")
    maximum: Number | None = Field(None, description="the greatest value, itself included")

    @model_validator(mode="after")
    def _range_contains_its_values(self) -> Self:
        low, high = self.bounds
        if low >= high:
            raise ValueError(f"minimum {low:g} must be less than maximum {high:g}")
        for kind in ("example", "default"):
            value = getattr(self, kind)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{kind} {value:g} is outside {low:g} to {high:g}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value; infinite where the contract names none."""
        low = -math.inf if self.minimum is None else self.minimum
        return low, math.inf if self.maximum is None else self.maximum


class NumberField(_Range):
    """A number, with decimals."""

    kind: Literal["number"]
    example: Number
    default: Number | None = None


class IntegerField(_Range):
    """A whole number."""

    kind: Literal["integer"]
    example: Annotated[int, Strict()]
    default: Annotated[int, Strict()] | None = None


class CategoryField(_Field):
    """One of a few values."""

    kind: Literal["category"]
    choices: tuple[Choice, ...] = Field(min_length=1)
    example: Value
    default: Value | None = None

    @model_validator(mode="after")
    def _values_are_choices(self) -> Self:
        _once("choice", [as_text(choice.value).strip() for choice in self.choices])
        if not all(as_text(choice.value).strip() for choice in self.choices):
            raise ValueError("choices: an empty one can't be told from a missing value: say missing: true")
        for kind in ("example", "default"):
            value = getattr(self, kind)
            if value is not None and as_text(value) not in [as_text(choice.value) for choice in self.choices]:
                raise ValueError(f"{kind} {value!r} is none of the choices")
        return self


class YesNoField(_Field):
    """Yes or no."""

    kind: Literal["yes_no"]
    example: Annotated[bool, Strict()]
    default: Annotated[bool, Strict()] | None = None


class TextField(_Field):
    """A text of people's own words."""

    kind: Literal["text"]
    maximum_characters: int = Field(TEXT_CHARACTERS, ge=1, le=100_000)
    example: Annotated[str, Strict(), StringConstraints(min_length=1)]
    default: Annotated[str, Strict()] | None = None


AnyField = Annotated[NumberField | IntegerField | CategoryField | YesNoField | TextField, Field(discriminator="kind")]


class Classification(_Part):
    """The prediction is one of a few labels."""

    kind: Literal["classification"]
    label: Text = Field(description="what is predicted, as people call it")
    labels: tuple[Choice, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        _once("label", [as_text(label.value) for label in self.labels])
        return self


class Regression(_Part):
    """The prediction is a number."""

    kind: Literal["regression"]
    label: Text = Field(description="what is predicted, as people call it")
    unit: Text | None = Field(None, description="what it is measured in")


class Contract(_Part):
    """What model.yaml says."""

    name: Slug = Field(description="the folder's name, and the model's in addresses")
    title: Text
    description: Text
    source: Text | None = Field(None, description="where the training data comes from")
    licence: Words | None = Field(None, description="the licence of model and data")
    trained: datetime.date | None = Field(None, description="the day of the training, e.g. 2026-11-20")
    metrics: dict[Words, int | float] = Field({}, description="what was measured, where no train.py measures it")
    predicts: Annotated[Classification | Regression, Field(discriminator="kind")]
    fields: tuple[AnyField, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fields_differ(self) -> Self:
        _once("field", [field.name for field in self.fields])
        return self

    @property
    def example(self) -> dict[str, Any]:
        """The examples of all fields: field → value."""
        return {field.name: field.example for field in self.fields}


def as_text(value: Any) -> str:
    """Return a value as forms, tables and addresses write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)


def _once(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{kind} {name!r} stands there twice")
        seen.add(name)
