"""The columns of a training table: texts, as `app.tables` reads them, become what pandas would make of them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from app import numerals
from app.faults import Refused
from app.fields.category import FEW
from app.missing import BLANK, MISSING_WORDS
from app.numerals import Mark
from app.tables.heading import RawRow

BLOCK = 4096
LARGEST_WHOLE = 2**63
MARKED = re.compile("[.,eE]")
BOOLEANS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False,
            "VERDADERO": True, "FALSO": False}  # fmt: skip
"""What pandas takes for booleans, and what Excel writes for them in Spanish."""


@dataclass(frozen=True)
class ColumnReader:
    """How a column of texts is read.

    Attributes:
        is_number: whether all its cells are numbers or missing.
        mark: before its decimals, where both could be.
        categories: those that the model's encoder knows; none where there is no such encoder.
    """

    is_number: bool
    mark: Mark | None = None
    categories: Sequence[Any] = ()

    @property
    def is_text(self) -> bool:
        """Whether its cells stay texts: what the encoder knows says more than how they look."""
        present = [value for value in self.categories if value is not None]
        return not self.is_number or (bool(present) and all(isinstance(value, str) for value in present))

    @property
    def values(self) -> dict[str, Any]:
        """Text → category that the encoder knows."""
        categories = {str(value).strip(): value for value in self.categories if value is not None}
        return categories | (BOOLEANS if any(isinstance(value, bool) for value in self.categories) else {})


@dataclass
class Column:
    """A column that is being read, block by block."""

    reader: ColumnReader
    blocks: list[Any] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True

    def add(self, cells: Sequence[str]) -> None:
        """Take a block in.

        Raises:
            Refused: a number can be read in two ways.
        """
        if self.reader.is_text:
            self.blocks.append([self.texts.setdefault(cell, cell) for cell in map(str.strip, cells)])
            return
        if (plain := numerals.plain_numbers(cells, self.reader.mark)) is not None:
            self.is_whole = self.is_whole and not MARKED.search("".join(cells)) and max(map(abs, plain)) < LARGEST_WHOLE
            self.blocks.append(np.array(plain))
            return
        numbers = {cell: self._number(cell.strip()) for cell in {*cells}}
        self.blocks.append(np.array([numbers[cell] for cell in cells]))

    def _number(self, cell: str) -> float:
        if cell in MISSING_WORDS:
            self.is_whole = False
            return np.nan
        number = numerals.parse(numerals.without_currency(cell), self.reader.mark)
        is_whole = self.is_whole and number.is_integer() and abs(number) < LARGEST_WHOLE
        self.is_whole = is_whole and not _has_decimals(cell, self.reader.mark)
        return number

    def series(self) -> Any:
        """Return the column as pandas has it."""
        import pandas

        if not self.reader.is_text:
            numbers = np.concatenate(self.blocks)
            return pandas.Series(numbers.astype("int64") if self.is_whole else numbers)
        values = self._values()
        cells = [values[cell] for block in self.blocks for cell in block]
        present = {type(value) for value in values.values() if value is not None}
        if present == {bool} and None not in values.values():
            return pandas.Series(cells, dtype="bool")
        return pandas.Series(cells, dtype="str" if present == {str} else "object")

    def _values(self) -> dict[str, Any]:
        """Return text → value: a category that the encoder knows, true or false, None where it is missing."""
        categories = self.reader.values
        present = {*self.texts} - MISSING_WORDS
        if not categories and present and present <= {*BOOLEANS}:
            categories = {**BOOLEANS}
        missing = BLANK if not categories and len(present) > FEW else MISSING_WORDS - {*categories}
        return {text: None if text in missing else categories.get(text, text) for text in self.texts}


def columns(rows: Iterable[RawRow], readers: dict[str, ColumnReader]) -> dict[str, Column]:
    """Return the columns of a table, read.

    Raises:
        BadRow: a row can't be read.
    """
    read = {name: Column(reader) for name, reader in readers.items()}
    whole = _whole_rows(rows, len(readers))
    while block := [*islice(whole, BLOCK)]:
        for (name, column), cells in zip(read.items(), zip(*block, strict=True), strict=True):
            try:
                column.add(cells)
            except Refused as refusal:
                raise BadRow(f"column {name}: a number {refusal.fault}; its others have both marks") from refusal
    return read


class BadRow(ValueError):
    """A row or a cell that can't be read: where, and why."""


def _whole_rows(rows: Iterable[RawRow], width: int) -> Iterator[list[str]]:
    for number, cells in rows:
        if cells is None:
            raise BadRow(f"line {number}: can't be read as CSV")
        if len(cells) != width:
            raise BadRow(f"line {number}: has {len(cells)} cells, but the first line has {width}")
        yield cells


def _has_decimals(cell: str, mark: Mark | None) -> bool:
    """Tell whether a number is written with decimals, if only with .0: pandas makes no whole number of it."""
    return "e" in cell.lower() or (mark or _last_mark(cell)) in cell


def _last_mark(cell: str) -> str:
    numbers = numerals.readings(cell)
    return next(iter(numbers)) if len(numbers) == 1 else "."
