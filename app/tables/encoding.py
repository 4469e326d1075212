"""How a file's bytes are its text: UTF-8, UTF-16 or Windows-1252; and whether its lines have an end."""

import codecs
import re
from dataclasses import dataclass
from typing import IO

from app.languages import N_
from app.tables.bad_table import BadTable

CHUNK_BYTES = 1 << 16
LINE_BYTES = 1 << 20
"""Longer lines are refused before they are read: as cells, or one cell, they would take many times as much memory."""

UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
CONTROLS = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
"""What no text has; a form feed and DOS's end of file are let through."""

SHAPE = bytes(
    ord("0") if chr(code).isdigit() and code < 128 else code if code == ord(".") else 32 for code in range(256)
)
AMBIGUOUS = b".000 "
"""Of a text in this shape, what three decimals or thousands may be: what is found is looked at closely afterwards."""

OVERLAP_BYTES = len(AMBIGUOUS) - 1
"""Of a chunk, which are looked at again with the next."""


@dataclass(frozen=True)
class Encoding:
    """How a file is written.

    Attributes:
        name: as people and contracts call it.
        codec: Python's name, for reading after the byte order mark and for writing.
        mark: its byte order mark, or none.
        has_quotes: whether it may have cells in quotes.
        is_ambiguous: whether it may have numbers such as 2.536, which can be thousands.
    """

    name: str
    codec: str
    mark: bytes = b""
    has_quotes: bool = True
    is_ambiguous: bool = True

    @property
    def reading_codec(self) -> str:
        """Python's name of what reads it from the beginning, its mark included."""
        return {"utf-8": "utf-8-sig", "utf-16": "utf-16"}.get(self.name, self.codec)


def encoding_of(file: IO[bytes]) -> Encoding:
    """Return how a file is written; it is at its beginning before and after.

    Raises:
        BadTable: it is no text, or has a line without end.
    """
    mark = file.read(len(codecs.BOM_UTF8))
    try:
        if mark[:2] in UTF_16:
            encoding = Encoding("utf-16", UTF_16[mark[:2]], mark[:2])
            _check(file, encoding.codec)
            return encoding
        try:
            content = _check(file, "utf-8")
            return Encoding("utf-8", "utf-8", mark if mark == codecs.BOM_UTF8 else b"", *content)
        except UnicodeDecodeError:
            _check(file, "cp1252")
            return Encoding("windows-1252", "cp1252")
    except UnicodeDecodeError:
        raise _no_text() from None
    finally:
        file.seek(0)


def _check(file: IO[bytes], codec: str) -> tuple[bool, bool]:
    """Read all of a file, and return whether it may have quotes, and ambiguous numbers."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    line_bytes, end = 0, b""
    has_quotes = is_ambiguous = False
    while chunk := file.read(CHUNK_BYTES):
        text = decoder.decode(chunk)
        if "\0" in text or (codec != "utf-8" and CONTROLS.search(text)):
            raise _no_text()
        line_bytes = 0 if "\n" in text or "\r" in text else line_bytes + len(chunk)
        if line_bytes > LINE_BYTES:
            raise BadTable(N_("A line is longer than %(most)s bytes."), most=LINE_BYTES)
        has_quotes = has_quotes or b'"' in chunk
        is_ambiguous = is_ambiguous or AMBIGUOUS in (end + chunk).translate(SHAPE)
        end = (end + chunk)[-OVERLAP_BYTES:]
    decoder.decode(b"", final=True)
    return has_quotes, is_ambiguous or (end + b"\n").translate(SHAPE) == AMBIGUOUS


def _no_text() -> BadTable:
    return BadTable(N_("The file is not text: save the table as CSV."))
