"""A table's file (CSV): its separator, its header and its rows of texts, read in constant memory."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from itertools import repeat
from operator import attrgetter
from typing import IO, Any

from app.faults import Fault
from app.fields.field import NAME_CHARACTERS
from app.languages import N_

SEPARATORS = (",", ";", "\t")
CHUNK_BYTES = 1 << 16
LINE_BYTES = 1 << 20
"""Longer lines are refused before they are read: as cells, or one cell, they would take many times as much memory."""

MARKS = len('"" ,')
"""What may surround a column's name."""

RawRow = tuple[int, list[str] | None]
"""A row as read: its number in the file, and its cells; None where it can't be read."""


class BadTable(ValueError):
    """A table that can't be read at all.

    Attributes:
        fault: why.
    """

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.fault = Fault(message, values)


class CsvFile:
    """A file of CSV.

    Args:
        file: of bytes, at its beginning.
        names: of the columns that a model knows: the file's separator is the one that yields most of them.
        most_columns: that any table may have.

    Raises:
        BadTable: it isn't UTF-8, is empty, or has lines without end.
    """

    def __init__(self, file: IO[bytes], names: Collection[str], most_columns: int) -> None:
        self._names, self._most_columns = frozenset(names), most_columns
        self.has_mark = _check_utf_8(file)
        self.text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self.header, self.separator = self._header()

    def rows(self) -> Iterator[RawRow]:
        """Read the rows below the header; empty lines are left out."""
        reader = csv.reader(self.text, delimiter=self.separator)
        next(reader)
        numbers = map(attrgetter("line_num"), repeat(reader))
        while True:
            try:
                for cells, number in zip(reader, numbers, strict=False):
                    if cells and (cells[0].strip() or any(map(str.strip, cells[: self._most_columns]))):
                        yield number, cells
                return
            except csv.Error:
                yield reader.line_num, None

    def _header(self) -> tuple[list[str], str]:
        lines = self._first_lines()
        headers = {separator: _first_row(lines, separator) for separator in SEPARATORS}

        def fit(separator: str) -> tuple[int, int]:
            names = headers[separator]
            return len(self._names.intersection(_stripped(names))), len(names)

        separator = max(headers, key=fit)
        header = headers[separator]
        if not any(header):
            raise BadTable(N_("The table is empty: its first line must name the columns."))
        return _stripped(header), separator

    def _first_lines(self) -> list[str]:
        """Return the lines of the header: one, or several where a name in quotes contains line ends.

        Raises:
            BadTable: more columns than any table may have, or longer names.
        """
        lines: list[str] = []
        is_open, most = False, self._most_columns * (NAME_CHARACTERS + MARKS)
        while most > 0 and (is_open or not lines) and (line := self.text.readline(most)):
            lines.append(line)
            most -= len(line)
            is_open ^= line.count('"') % 2 == 1
        self.text.seek(0)
        if max(sum(line.count(separator) for line in lines) for separator in SEPARATORS) >= self._most_columns:
            raise BadTable(N_("The table has more than %(columns)s columns."), columns=self._most_columns)
        if most <= 0:
            raise BadTable(N_("The first line must name the columns, but it is longer than their names can be."))
        return lines


def _first_row(lines: list[str], separator: str) -> list[str]:
    """Return the first row of a table, read with a separator; nothing where a cell is longer than csv takes."""
    try:
        return next(csv.reader(lines, delimiter=separator), [])
    except csv.Error:
        message = N_("The first line must name the columns, but one name is longer than %(most)s characters.")
        raise BadTable(message, most=csv.field_size_limit()) from None


def _check_utf_8(file: IO[bytes]) -> bool:
    """Return whether a file begins with a byte order mark.

    Raises:
        BadTable: it isn't UTF-8, has a NUL, or a line without end.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    begins = file.read(len(codecs.BOM_UTF8))
    file.seek(0)
    line_bytes = 0
    try:
        while chunk := file.read(CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                raise BadTable(N_("The file is not text: save the table as CSV."))
            line_bytes = 0 if b"\n" in chunk or b"\r" in chunk else line_bytes + len(chunk)
            if line_bytes > LINE_BYTES:
                raise BadTable(N_("A line is longer than %(most)s bytes."), most=LINE_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadTable(N_("The file is not UTF-8: save the table as “CSV UTF-8”.")) from None
    file.seek(0)
    return begins == codecs.BOM_UTF8


def _stripped(names: list[str]) -> list[str]:
    return [name.strip() for name in names]
