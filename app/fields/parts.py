"""What a kind of field returns: readers, a form's widget; and what it takes: a table's column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import StringConstraints

from app.numerals import Mark
from app.values import Value

NAME_CHARACTERS = 500
Name = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$", min_length=1, max_length=NAME_CHARACTERS)
]
"""A column's name as the model knows it: any text, with blanks and line breaks as they are there."""

Schema: TypeAlias = dict[str, Any]
TensorType = Literal["BOOL", "INT64", "FP64", "BYTES"]
Container = Literal["numbers", "objects", "texts", "frame"]

Reader = Callable[[Any], Value]
"""Reads a value that is present, or raises Refused."""

TextReader = Callable[[str, Mark | None], Value]
"""Likewise a text, whose decimal mark is said where it would decide."""

ColumnReader = Callable[[Sequence[Any]], Sequence[Value] | None]
TextColumnReader = Callable[[Sequence[str], Mark | None], Sequence[Value] | None]
"""Reads a whole column that is written plainly; None where a cell isn't, so that each must be read by itself."""


def value_by_value(values: Sequence[Any]) -> Sequence[Value] | None:
    """Leave every value to be read by itself."""
    return None


def cell_by_cell(cells: Sequence[str], mark: Mark | None) -> Sequence[Value] | None:
    """Leave every cell to be read by itself."""
    return None


@dataclass(frozen=True)
class Readers:
    """How values are read, compiled once from a field.

    Attributes:
        typed: a value of JSON.
        text: a text as people write it, without spaces at its ends.
        typed_column, text_column: likewise, a column of them.
    """

    typed: Reader
    text: TextReader
    typed_column: ColumnReader = value_by_value
    text_column: TextColumnReader = cell_by_cell


@dataclass(frozen=True)
class NumberLimits:
    """Which numbers a field is likely to get: they tell whether 2.536 is meant, or 2536.

    Attributes:
        low, high: the least and the greatest.
        is_whole: whether they must be whole.
    """

    low: float
    high: float
    is_whole: bool


@dataclass(frozen=True)
class Widget:
    """How a form asks for a value.

    Attributes:
        shape: one line, several, a list to choose from or to search in, or a button for each choice.
        attributes: HTML's, of the input.
        choices: text → label.
        input_type: HTML's, of one line.
        unit: what stands behind the line.
    """

    shape: Literal["line", "lines", "list", "search", "buttons"]
    attributes: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    input_type: str = "text"
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a training table.

    Attributes:
        present: its values as JSON has them, without the missing ones.
        categories: those that the model's encoder knows; None where there is no such encoder.
        pandas_type: pandas' name of its type, as the model takes it.
    """

    present: Sequence[Any]
    categories: Sequence[Any] | None = None
    pandas_type: str = "object"
