"""The workbook (xlsx) that comes back: texts stay texts, whatever they look like, and numbers numbers."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO

import xlsxwriter

from app.tables.workbook import NumberText

PIECE_BYTES = 1 << 16
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


class WorkbookAnswer:
    """Writes a table as a workbook, row by row; its file is there once all rows are."""

    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    suffix = "xlsx"

    def __init__(self) -> None:
        self._row = 0
        self._open = ExitStack()

    def begin(self, header: Sequence[str]) -> bytes:
        """Write the first row."""
        folder = self._open.enter_context(tempfile.TemporaryDirectory())  # of the rows until then
        self._file = self._open.enter_context(_unnamed_file())
        self._workbook = xlsxwriter.Workbook(self._file, OPTIONS | {"tmpdir": folder})
        self._sheet = self._workbook.add_worksheet()
        self._open.callback(self._sheet.row_data_fh.close)
        return self.piece([header])

    def piece(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Write rows; there are no bytes of them yet."""
        for row in rows:
            for place, cell in enumerate(row):
                if isinstance(cell, NumberText):
                    self._sheet.write_number(self._row, place, cell.number)
                elif cell:
                    self._sheet.write_string(self._row, place, cell)
            self._row += 1
        return b""

    def end(self) -> Iterator[bytes]:
        """Return the file, piece by piece."""
        self._workbook.close()
        self._file.seek(0)
        while piece := self._file.read(PIECE_BYTES):
            yield piece
        self.close()

    def close(self) -> None:
        """Remove what was written on the way, at the end or wherever the client went away."""
        self._open.close()


def _unnamed_file() -> IO[bytes]:
    return tempfile.TemporaryFile()
