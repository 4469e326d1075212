"""A table's file (CSV): its separator, its header and its rows of texts, read in constant memory."""

import csv
import io
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, repeat
from operator import attrgetter
from typing import IO, Any

from app.fields.parts import NAME_CHARACTERS
from app.languages import N_
from app.tables.bad_table import BadTable
from app.tables.encoding import encoding_of
from app.tables.header import column_names, without_blanks
from app.tables.heading import FIRST_ROWS, Heading, RawRow, heading, left_out

SEPARATORS = (",", ";", "\t", "|")
MARKS = len('"" ,')
"""What may surround a column's name."""

SAMPLE_CHARACTERS = 1 << 16
"""Of the rows below a header without separators, which tell whether there is one."""


class CsvFile:
    """A file of CSV.

    Args:
        file: of bytes, at its beginning.
        known: the columns that a model knows: the file's separator is the one that yields most of them.
        most_columns: that any table may have.
        required: the columns that a model needs: the first line that has them names the columns.

    Attributes:
        header: the cells of the line that names the columns.
        names: the columns' names, as the model or pandas has them.
        notes: what an answer says of how it was read.

    Raises:
        BadTable: it is no text, is empty, or has lines without end.
    """

    def __init__(
        self, file: IO[bytes], known: Collection[str], most_columns: int, required: Collection[str] = ()
    ) -> None:
        self._most_columns = most_columns
        self.encoding = encoding_of(file)
        self.text = io.TextIOWrapper(file, encoding=self.encoding.reading_codec, newline="")
        found, self.separator = self._header(frozenset(known), required)
        self.header = [cell.strip() for cell in found.cells]
        self.names = column_names(found.cells, known)
        self.notes, self._above = left_out(found), found.above

    @property
    def encoding_name(self) -> str:
        """What people call its encoding."""
        return self.encoding.name

    def close(self) -> None:
        """Give the file back."""
        self.text.close()

    @property
    def has_points(self) -> bool:
        """Whether surely no cell has a comma, so that decimals have a point."""
        return self.separator == "," and not self.encoding.has_quotes

    @property
    def is_plain(self) -> bool:
        """Whether surely no cell has a number that can be read in two ways."""
        return self.has_points and not self.encoding.is_ambiguous

    def rows(self) -> Iterator[RawRow]:
        """Read the rows below the header, from the first on.

        Empty lines, and those of nothing but separators, are left out; a table of one column has only the former.
        """
        width, reader = len(self.header), self._below_header()
        numbers = map(attrgetter("line_num"), repeat(reader))
        while True:
            try:
                for cells, number in zip(reader, numbers, strict=False):
                    if len(cells) == width and cells[0].strip():
                        yield number, cells  # as most rows are: what follows takes more time
                    elif cells and (width == 1 or cells[0].strip() or any(map(str.strip, cells[: self._most_columns]))):
                        yield number, cells if len(cells) == width else fitted(cells, width)[: self._most_columns + 1]
                return
            except csv.Error:
                yield reader.line_num, None

    def cells(self) -> Iterator[Sequence[str]]:
        """Read the cells of rows below the header, in a fraction of the time that `rows` takes.

        Lines of nothing but separators are among them, and rows of another length; those that can't be read aren't.
        """
        width, reader = len(self.header), self._below_header()
        while True:
            try:
                yield from (cells if len(cells) <= width else fitted(cells, width) for cells in reader)
                return
            except csv.Error:
                continue

    def _below_header(self) -> Any:
        """Return a reader of csv that is below the header."""
        self.text.seek(0)
        reader = csv.reader(self.text, delimiter=self.separator)
        deque(islice(filter(any_text, reader), self._above + 1), maxlen=0)
        return reader

    def first_rows(self) -> Iterator[RawRow]:
        """Read the first rows, those above the header too, with the separator that makes most cells of them."""
        samples = [[*self._sample(separator)] for separator in SEPARATORS]
        return iter(max(samples, key=lambda rows: sum(len(cells or []) for _, cells in rows)))

    def _sample(self, separator: str) -> Iterator[RawRow]:
        self.text.seek(0)
        reader = csv.reader(_lines(self.text.read(SAMPLE_CHARACTERS)), delimiter=separator)
        with suppress(csv.Error):
            for cells in islice(filter(any_text, reader), FIRST_ROWS):
                yield reader.line_num, cells[: self._most_columns]

    def _header(self, known: frozenset[str], required: Collection[str]) -> tuple[Heading, str]:
        """Return the first line that has any cells, or below it the one that has what is required; its separator."""
        lines = self._first_lines()
        headers = {separator: _first_row(lines, separator) for separator in SEPARATORS}
        keys = {*map(without_blanks, known)}

        def fit(separator: str) -> tuple[int, int]:
            cells = headers[separator]
            return len(keys.intersection(map(without_blanks, cells))), len(cells)

        separator = max(headers, key=fit)
        header = headers[separator]
        if required and not {*map(without_blanks, required)} <= {*map(without_blanks, header)}:
            lower = ((heading(self._sample(separator), required), separator) for separator in SEPARATORS)
            if found := next(((found, separator) for found, separator in lower if found), None):
                return found
        if not any_text(header):
            raise BadTable(N_("The table is empty: its first line must name the columns."))
        if len(header) == 1:
            if len(keys.intersection(_first_row(lines, " "))) > 1:
                raise BadTable(N_("The columns are separated by blanks: save the table with commas or semicolons."))
            separator = self._unused_separator()
        return Heading(1, header, 0), separator

    def _first_lines(self) -> list[str]:
        """Return the lines of the header: one, or several where a name in quotes contains line ends.

        Raises:
            BadTable: more columns than any table may have, or longer names.
        """
        lines: list[str] = []
        is_open, most = False, self._most_columns * (NAME_CHARACTERS + MARKS)
        while most > 0 and (is_open or not lines) and (line := self.text.readline(most)):
            most -= len(line)
            if lines or line.strip(" \r\n" + "".join(SEPARATORS)):
                lines.append(line)
                is_open ^= line.count('"') % 2 == 1
        if max(sum(line.count(separator) for line in lines) for separator in SEPARATORS) >= self._most_columns:
            raise BadTable(N_("The table has more than %(columns)s columns."), columns=self._most_columns)
        if most <= 0:
            raise BadTable(N_("The first line must name the columns, but it is longer than their names can be."))
        return lines

    def _unused_separator(self) -> str:
        """Return the first separator that the rows of a table with one column don't use: ``1,5`` is a number there."""
        self.text.seek(0)
        self._first_lines()
        lines = [*_lines(self.text.read(SAMPLE_CHARACTERS))]

        def is_unused(separator: str) -> bool:
            try:
                return all(len(cells) < 2 for cells in islice(csv.reader(lines, delimiter=separator), 100))
            except csv.Error:
                return False

        return next(filter(is_unused, SEPARATORS), SEPARATORS[0])


def _lines(text: str) -> Iterable[str]:
    """Return lines as a file's reader parts them: at line ends alone, of which a word processor has others."""
    return io.StringIO(text, newline="")


def any_text(cells: Sequence[str]) -> bool:
    """Tell whether a row has anything but blanks."""
    return any(map(str.strip, cells))


def fitted(cells: list[str], width: int) -> list[str]:
    """Return a row without the empty cells that it has beyond the header's: separators at a line's end."""
    return cells if len(cells) < width or any_text(cells[width:]) else cells[:width]


def _first_row(lines: list[str], separator: str) -> list[str]:
    """Return the first row of a table, read with a separator; nothing where a cell is longer than csv takes."""
    try:
        return next(csv.reader(lines, delimiter=separator), [])
    except csv.Error:
        message = N_("The first line must name the columns, but one name is longer than %(most)s characters.")
        raise BadTable(message, most=csv.field_size_limit()) from None
