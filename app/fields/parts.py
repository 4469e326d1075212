"""What a kind of field returns: readers, a form's widget; and what it takes: a table's column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from app.values import Value

Schema: TypeAlias = dict[str, Any]
TensorType = Literal["BOOL", "INT64", "FP64", "BYTES"]
Container = Literal["numbers", "objects", "texts", "frame"]

Reader = Callable[[Any], Value]
"""Reads a value that is present, or raises Refused."""

ColumnReader = Callable[[Sequence[Any]], Sequence[Value] | None]
"""Reads a whole column that is written plainly; None where a cell isn't, so that each must be read by itself."""


def cell_by_cell(cells: Sequence[Any]) -> Sequence[Value] | None:
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
    text: Reader
    typed_column: ColumnReader = cell_by_cell
    text_column: ColumnReader = cell_by_cell


@dataclass(frozen=True)
class Widget:
    """How a form asks for a value.

    Attributes:
        shape: one line, several, a list to choose from, or a button for each choice.
        attributes: HTML's, of the input.
        choices: text → label.
        input_type: HTML's, of one line.
    """

    shape: Literal["line", "lines", "list", "buttons"]
    attributes: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    input_type: str = "text"


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
