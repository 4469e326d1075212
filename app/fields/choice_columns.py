"""Columns of which every cell is a choice of a category, read at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.fields.parts import ColumnReader, TextColumnReader
from app.numerals import Mark
from app.values import Value

BOOLEAN_WORDS = (("true", "verdadero"), ("false", "falso"))
"""What stands in workbooks as yes or no, and in texts as their programs write it, in English and Spanish."""


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


def with_booleans(by_text: dict[str, Value]) -> dict[str, Value]:
    """Return text → choice, with all that programs write for true and false, where one choice is meant by it."""
    others: dict[str, Value] = {}
    for words in BOOLEAN_WORDS:
        spellings = [spelling for word in words for spelling in (word, word.capitalize(), word.upper())]
        if len(choices := [by_text[spelling] for spelling in spellings if spelling in by_text]) == 1:
            others |= dict.fromkeys(spellings, choices[0])
    return others | by_text
