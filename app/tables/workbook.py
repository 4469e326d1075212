"""A table's file (xlsx): its first sheet with cells. Formulas are what they last came to; links aren't followed."""

import contextlib
import datetime
from collections.abc import Collection, Iterator, Sequence
from typing import IO, Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from app.faults import Fault
from app.languages import N_
from app.numerals import AMBIGUOUS_LINE
from app.tables.bad_table import BadTable
from app.tables.csv_file import any_text, fitted
from app.tables.header import column_names
from app.tables.heading import Heading, RawRow, heading, left_out
from app.tables.workbook_check import checked_copy
from app.values import as_text

MAGIC = b"PK\x03\x04"


class NumberText(str):
    """A number as text, written so that it can't be taken for thousands.

    Attributes:
        number: itself.
    """

    number: float

    @classmethod
    def of(cls, number: float) -> "NumberText":
        """Return a number's text."""
        text = as_text(float(number))
        written = cls(f"{text}0" if AMBIGUOUS_LINE.match(text) else text)
        written.number = float(number)
        return written


class Workbook:
    """A file of xlsx.

    Args:
        file: of bytes, at its beginning.
        known: the columns that a model knows.
        most_columns: that any table may have.
        required: the columns that a model needs: the first row that has them names the columns.

    Attributes:
        header: the cells of the row that names the columns.
        names: the columns' names, as the model or pandas has them.
        notes: what an answer says of how it was read.

    Raises:
        BadTable: it is no workbook, is too large, or is empty.
    """

    encoding_name, separator = None, None
    is_plain, has_points = False, False

    def __init__(
        self, file: IO[bytes], known: Collection[str], most_columns: int, required: Collection[str] = ()
    ) -> None:
        self._file = file
        self._sheet, sheets = _first_sheet(file, most_columns)
        found = heading(self.first_rows(), required) or Heading(*next(self.first_rows(), (0, [])), 0)
        self._header_number, header = found.number, found.cells
        self.notes = [*_read_sheet(self._sheet.name, sheets), *left_out(found)]
        self.header = [cell.strip() for cell in header]
        while self.header and not self.header[-1]:
            self.header.pop()
        if not self.header:
            raise BadTable(N_("The table is empty: its first line must name the columns."))
        if len(self.header) > most_columns:
            raise BadTable(N_("The table has more than %(columns)s columns."), columns=most_columns)
        self.names = column_names(header[: len(self.header)], known)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def first_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Read the rows from the top on, those above the header too; empty ones are left out."""
        return filter(lambda row: any_text(row[1]), self._rows())

    def rows(self) -> Iterator[RawRow]:
        """Read the rows below the header, from the first on; empty ones are left out."""
        for number, cells in self._rows():
            if number > self._header_number and any_text(cells):
                yield number, fitted(cells, len(self.header))

    def cells(self) -> Iterator[Sequence[str]]:
        """Read the rows' cells."""
        return (cells for _, cells in self.rows() if cells is not None)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        for number, row in enumerate(self._sheet.iter_rows(), 1):  # from the sheet's first row on, wherever cells begin
            yield number, [*map(_text, row)]


def _first_sheet(file: IO[bytes], most_columns: int) -> tuple[CalamineSheet, int]:
    """Return the first sheet with cells that isn't hidden, and how many aren't.

    One at a time is read, since a small one may take much memory.
    """
    with contextlib.closing(checked_copy(file, most_columns)) as copy:
        try:
            workbook = CalamineWorkbook.from_filelike(copy)
            visible = [sheet.name for sheet in workbook.sheets_metadata if _is_shown(sheet)]
            sheet = next(filter(_has_cells, map(workbook.get_sheet_by_name, visible)), None)
        except Exception:  # calamine raises what its Rust has: errors of its own, of zip, of XML
            raise BadTable(N_("The workbook can't be read: save the table as CSV.")) from None
    if sheet is None:
        raise BadTable(N_("The table is empty: its first line must name the columns."))
    return sheet, len(visible)


def _read_sheet(name: str, count: int) -> list[Fault]:
    message = N_("the sheet “%(name)s” was read, one of %(count)s")
    return [Fault(message, {"name": name, "count": count})] if count > 1 else []


def _is_shown(sheet: SheetMetadata) -> bool:
    return sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible


def _has_cells(sheet: CalamineSheet) -> bool:
    return sheet.height > 0


def _text(value: Any) -> str:
    """Return a cell as CSV has it: dates in ISO 8601, numbers with a decimal point."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return NumberText.of(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else as_text(value)
