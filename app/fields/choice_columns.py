"""Columns of which every cell is a choice of a category, read at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.fields.parts import ColumnReader, TextColumnReader
from app.numerals import Mark
from app.values import Value


def texts(by_text: Mapping[str, Value]) -> TextColumnReader:
    """Return what reads a column of texts.

    Args:
        by_text: text → choice.
    """

    def column(cells: Sequence[str], mark: Mark | None) -> Sequence[Value] | None:
        try:
            return [*map(by_text.__getitem__, cells)]
        except KeyError:
            return None

    return column


def typed(choices: set[str]) -> ColumnReader:
    """Return what reads a column of values of JSON, where choices are texts."""

    def column(values: Sequence[Any]) -> Sequence[Value] | None:
        return values if {str}.issuperset(map(type, values)) and choices >= set(values) else None

    return column
