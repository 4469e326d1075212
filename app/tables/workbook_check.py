"""What a workbook (xlsx) holds, checked before it is read: a zip may hold a thousand times its own size.

What is read afterwards is a copy of the XML that was checked, not the zip itself: its directory may say otherwise, and
it may hold more than that (pictures, macros, what it links to, a workbook of another kind).
"""

import io
import re
import zipfile
import zlib
from typing import IO
from xml.parsers import expat

from app.languages import N_
from app.tables.bad_table import BadTable
from app.tables.workbook_extent import ADDED, MOST_CELLS, Extent, too_large

MOST_ENTRIES, MOST_READ, MOST_BYTES = 1000, 200, 64 << 20
"""Files in the zip, those of them that are read, most of them sheets, and the latter's bytes, unpacked."""

MOST_RATIO, GRACE_BYTES = 100, 100 << 10
"""What is packed to less than a hundredth is a bomb, unless it is small: the limits of Apache POI (ZipSecureFile)."""

ENTRY = b"PK\x01\x02"
"""Begins each line of a zip's directory."""

READ = re.compile(r"(xl/)?_rels/[^/]*\.rels|xl/(?!calcchain)(worksheets/)?[^/]+\.xml", re.IGNORECASE)
"""The names of what is read; the rest isn't even unpacked."""

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, ValueError, RuntimeError, EOFError, OSError, LookupError,
)  # fmt: skip
"""What reading a zip that is none, or encrypted, or cut off, or in an unknown encoding, raises."""

PACKED = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
"""How the files of a workbook are packed."""

COUNTED = {b"<c ": 1, b"<c>": 1, b"</c></row>": ADDED, b"/></row>": ADDED}
"""What begins a cell, or ends a row that has any, as nearly all programs write it → how many cells the answer gets.

Rows without cells, which Excel writes by the thousand where it keeps their height, don't count.
"""

PIECE_BYTES = 1 << 18
"""Longer than any cell that Excel writes: no table has so many bytes without the beginning and end of an element."""


def checked_copy(file: IO[bytes], most_columns: int) -> IO[bytes]:
    """Return a zip with what is read of a workbook, all of it checked.

    Args:
        most_columns: that any table may have.

    Raises:
        BadTable: it is no workbook, or too large.
    """
    file.seek(0)
    if _count(file, ENTRY) > MOST_ENTRIES:
        raise too_large()
    copy = io.BytesIO()  # not a file: in the sandbox of model add none can be written
    try:
        _copy_entries(file, copy, Extent(most_columns))
    except BadTable:
        raise
    except UNREADABLE:
        raise BadTable(N_("The workbook can't be read: save the table as CSV.")) from None
    copy.seek(0)
    return copy


def _copy_entries(file: IO[bytes], copy: IO[bytes], extent: Extent) -> None:
    with (
        zipfile.ZipFile(file) as workbook,
        zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as checked,
    ):
        entries = {entry.filename: entry for entry in workbook.infolist() if READ.fullmatch(entry.filename)}
        packed = sum(entry.compress_size for entry in entries.values())
        unpacked = sum(entry.file_size for entry in entries.values())
        if len(entries) > MOST_READ:
            raise too_large()
        if not PACKED.issuperset(entry.compress_type for entry in entries.values()):
            raise zipfile.BadZipFile("packed as no workbook is")
        if packed > file.seek(0, io.SEEK_END) or unpacked > MOST_BYTES or any(map(_is_bomb, entries.values())):
            raise too_large()
        for entry in entries.values():
            with workbook.open(entry) as stream:
                _check_count(stream)
        for name, entry in entries.items():
            with workbook.open(entry) as stream, checked.open(name, "w") as target:
                _copy(stream, target, extent)
        extent.check_texts()


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > max(GRACE_BYTES, MOST_RATIO * entry.compress_size)


def _count(file: IO[bytes], part: bytes) -> int:
    count, end = 0, b""
    while piece := file.read(PIECE_BYTES):
        count += (end + piece).count(part)
        end = piece[1 - len(part) :]
    file.seek(0)
    return count


def _check_count(stream: IO[bytes]) -> None:
    """Refuse a sheet of too many cells without parsing it, which takes ten times as long."""
    cells = 0
    while piece := stream.read(PIECE_BYTES):
        cells += sum(piece.count(beginning) * worth for beginning, worth in COUNTED.items())
        if cells > MOST_CELLS:
            raise too_large()


def _copy(stream: IO[bytes], target: IO[bytes], extent: Extent) -> None:
    """Copy a file of a workbook, which must be XML, and whose cells must be few enough.

    It is parsed from one end of an element to another, so that no number is parsed in two pieces.
    """
    parser, rest = extent.parser(), b""
    while piece := stream.read(PIECE_BYTES):
        target.write(piece)
        if len(piece) == PIECE_BYTES and not (b"<" in piece and b">" in piece):
            raise too_large()
        begun, end, piece = piece.rpartition(b">")
        parser.Parse(rest + begun + end)
        rest = piece
    parser.Parse(rest, True)
