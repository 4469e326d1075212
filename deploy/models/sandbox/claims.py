"""The types of what a stranger's process may claim: each value bounded, and of no other form than it says."""

import math
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from app.contract import MOST_TARGETS
from app.fields import KINDS, type_of
from app.fields.parts import NAME_CHARACTERS
from deploy.models.sandbox.text import LINE_CHARACTERS, is_plain, visible

FIELDS = 10_000
"""Most that a row can have."""

TEXT_CHARACTERS = 100_000
SENTENCE_CHARACTERS = 600
LARGEST_WHOLE = 2**64
"""Whole numbers of a table are at most so far from 0."""


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("can't hold line breaks or control characters")
    return text


def _plain_lines(text: str) -> str:
    _plain(text.replace("\n", " ").replace("\r", " ").replace("\t", " "))
    return text


def _no_path(name: str) -> str:
    if name.startswith(("/", "~/")) or ".." in name.replace("\\", "/").split("/"):
        raise ValueError("can't be a path")
    return name


def _kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"is none of the kinds: {', '.join(KINDS)}")
    return name


def _sentence(value: Any) -> Any:
    return visible(value, SENTENCE_CHARACTERS) if isinstance(value, str) else value


def _number(value: Any) -> int | float:
    if type(value) not in (int, float) or not -math.inf < value < math.inf:
        raise ValueError("is no number")
    if type(value) is int and abs(value) > LARGEST_WHOLE:
        raise ValueError("is too large a number")
    return float(value) if type(value) is float else int(value)


def _bound(value: Any) -> int | float | str:
    return value if isinstance(value, str) and type_of([value]) else _number(value)


def _value(value: Any) -> bool | int | float | str:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return _number(value)
    if len(value) > TEXT_CHARACTERS:
        raise ValueError(f"has more than {TEXT_CHARACTERS:,} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("holds half a character")
    return value


def _optional_value(value: Any) -> bool | int | float | str | None:
    return None if value is None else _value(value)


def _answer(value: Any) -> Any:
    if not isinstance(value, list):
        return _value(value)
    if not 1 < len(value) <= MOST_TARGETS:
        raise ValueError(f"has {len(value)} answers of a row")
    return [_value(one) for one in value]


Line = Annotated[str, Field(min_length=1, max_length=LINE_CHARACTERS), AfterValidator(_plain)]
Name = Annotated[
    str, Field(min_length=1, max_length=NAME_CHARACTERS), AfterValidator(_plain_lines), AfterValidator(_no_path)
]
Sentence = Annotated[str, BeforeValidator(_sentence)]
"""Shown, never used."""

Number = Annotated[int | float, PlainValidator(_number)]
Bound = Annotated[int | float | str, PlainValidator(_bound)]
"""Of a range: a number, or a text that is the value of a kind with ranges, such as a date's."""

Value = Annotated[bool | int | float | str, PlainValidator(_value)]
Answer = Annotated[bool | int | float | str | list[Any], PlainValidator(_answer)]
"""To a row: a value, or one for each of several targets."""

OptionalValue = Annotated[bool | int | float | str | None, PlainValidator(_optional_value)]
Version = Annotated[str, Field(pattern=r"\A(\d{1,4}(\.\d{1,4}){1,2}((rc|[ab])\d{1,3}|\.(dev|post)\d{1,3})?)?\z")]
"""Of a package, as its releases are called; or nothing."""

Count = Annotated[int, Field(ge=0, le=1 << 40)]
Microseconds = Annotated[float, Field(gt=0, le=1e12)]
PandasType = Annotated[
    str, Field(pattern=r"\A((u?int|float)(8|16|32|64)|bool|object|str|string|category|datetime64\[us\])\z")
]
"""Those that a table read by pandas can have."""

Kind = Annotated[str, AfterValidator(_kind)]
"""Of a field, as a contract calls it."""

Row = Annotated[list[OptionalValue], Field(fail_fast=True, max_length=FIELDS)]
