"""What a workbook (xlsx) holds, checked before it is read: a zip may hold a thousand times its own size.

Of a row or column that is far away, all that lies before it would be in memory: so the cells are counted first. What is
read afterwards is a copy of what was checked, not the zip itself, whose directory may say otherwise.
"""

import io
import zipfile
import zlib
from typing import IO
from xml.parsers import expat

from app.languages import N_
from app.tables.bad_table import BadTable

MOST_ENTRIES, MOST_BYTES, MOST_CELLS, MOST_ELEMENTS = 1000, 64 << 20, 300_000, 2_000_000
"""Files in the zip, all of them unpacked, cells of the sheet that comes back, and XML's elements.

So many cells take some ten seconds, of the thirty that a request may take, and some 60 MiB.
"""

ADDED = 4
"""Columns that the answer adds: a narrow sheet costs the more for them, since each row does."""

ENTRY = b"PK\x01\x02"
"""Begins each line of a zip's directory."""

UNREADABLE = (zipfile.BadZipFile, zlib.error, expat.ExpatError, ValueError, RuntimeError, EOFError, OSError)
"""What reading a zip that is none, or encrypted, or cut off, raises."""

XML = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")
PIECE_BYTES = 1 << 18
MOST_LETTERS = 3
"""Of a column's name: XFD is the last."""


def checked_copy(file: IO[bytes]) -> IO[bytes]:
    """Return a zip with what a workbook holds, all of it checked.

    Raises:
        BadTable: it is no workbook, or too large.
    """
    file.seek(0)
    if _count(file, ENTRY) > MOST_ENTRIES:
        raise _too_large()
    copy = io.BytesIO()  # not a file: in the sandbox of model add none can be written
    try:
        _copy_entries(file, copy)
    except BadTable:
        raise
    except UNREADABLE:
        raise BadTable(N_("The workbook can't be read: save the table as CSV.")) from None
    copy.seek(0)
    return copy


def _copy_entries(file: IO[bytes], copy: IO[bytes]) -> None:
    with (
        zipfile.ZipFile(file) as workbook,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as checked,
    ):
        entries = {entry.filename: entry for entry in workbook.infolist()}
        if sum(entry.file_size for entry in entries.values()) > MOST_BYTES:
            raise _too_large()
        for name, entry in entries.items():
            with workbook.open(entry) as stream, checked.open(name, "w") as target:
                _copy(stream, target)


def _count(file: IO[bytes], part: bytes) -> int:
    count, end = 0, b""
    while piece := file.read(PIECE_BYTES):
        count += (end + piece).count(part)
        end = piece[1 - len(part) :]
    file.seek(0)
    return count


def _copy(stream: IO[bytes], target: IO[bytes]) -> None:
    """Copy a file of a workbook; what begins like XML must be XML, and its cells must be few enough."""
    extent = _Extent()
    piece = stream.read(PIECE_BYTES)
    is_xml = piece.startswith(XML)
    while piece:
        if is_xml:
            extent.parser.Parse(piece)
        target.write(piece)
        piece = stream.read(PIECE_BYTES)
    if is_xml:
        extent.parser.Parse(b"", True)


class _Extent:
    """How far the cells of a sheet go, counted while its XML is parsed."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._count
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._elements = self._rows = self._columns = self._row = self._column = 0

    def _count(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise _too_large()
        kind = name.rpartition(":")[2]
        if kind == "row":
            self._row, self._column = _number(attributes.get("r", "")) or self._row + 1, 0
        elif kind == "c":
            reference = attributes.get("r", "")
            letters = reference.rstrip("0123456789")
            self._row = _number(reference[len(letters) :]) or self._row
            self._column = _place(letters) or self._column + 1
            self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)
            if self._rows * (self._columns + ADDED) > MOST_CELLS:
                raise _too_large()

    def _refuse(self, *_: object) -> None:
        raise BadTable(N_("The workbook can't be read: save the table as CSV."))


def _number(digits: str) -> int:
    if len(digits) > len(str(MOST_CELLS)):
        raise _too_large()
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _place(letters: str) -> int:
    """Return the place of a column, from 1 on: A, B, … AA."""
    if len(letters) > MOST_LETTERS:
        raise _too_large()
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place


def _too_large() -> BadTable:
    message = N_("The workbook is too large (at most %(cells)s cells, the answers among them): save the table as CSV.")
    return BadTable(message, cells=MOST_CELLS)
