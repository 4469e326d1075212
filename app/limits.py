"""What a body may hold, known before it is parsed: its bytes, and the values that a parse would make of them.

A value takes up to a hundred bytes of memory however few it takes in a body (``{},``), so bytes alone limit nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.contract import Contract
from app.fields.field import ESCAPE_BYTES

AROUND_BYTES = 40
"""Quotes, colon, comma, line end and indentation of a value."""

IGNORED_BYTES = 256
"""In each row, for names that a protocol lets clients send and nobody reads."""

IGNORED_VALUES = 4
ROOM_BYTES, ROOM_VALUES = 1 << 16, 1 << 12
"""For what a body has once, beside its rows."""

FORM_ROOM_BYTES, FORM_ROOM_FIELDS = 1 << 14, 16
"""For the token and what else a form has beside its inputs."""

PIECE_BYTES = 1 << 18
SIGNS = b",[{"
SMALL_BYTES = 1 << 16
"""Whatever a body of so many bytes holds, reading it twice is cheap."""


@dataclass(frozen=True)
class Limits:
    """What a body for a model may hold.

    Attributes:
        rows: of it.
        bytes: of JSON, or of a table that must be read whole.
        signs: of JSON, outside of texts: how many commas, opening brackets and opening braces there may be.
        form_bytes, form_fields: of a form with one row.
    """

    rows: int
    bytes: int
    signs: tuple[int, int, int]
    form_bytes: int
    form_fields: int


def limits_of(contract: Contract, rows: int, most_bytes: int) -> Limits:
    """Return the limits of bodies with so many rows of a contract.

    Args:
        most_bytes: of any body.
    """
    row, fields = _row_bytes(contract), len(contract.fields)
    values = rows * (fields + IGNORED_VALUES) + ROOM_VALUES
    return Limits(
        rows=rows,
        bytes=min(most_bytes, rows * row + ROOM_BYTES),
        signs=(values, values, rows + ROOM_VALUES),  # as many arrays as values: [[1], [2]] is a tensor of two rows
        form_bytes=min(most_bytes, row + FORM_ROOM_BYTES),
        form_fields=fields + FORM_ROOM_FIELDS,
    )


def has_too_many_values(data: bytes, within: Limits) -> bool:
    """Tell whether JSON, well-formed or not, has more values than it may: looked at fast, and only if need be well."""
    if all(count <= most for count, most in zip(_counts(data, SIGNS), within.signs, strict=True)):
        return False
    return any(count > most for count, most in zip(_outside_of_texts(data), within.signs, strict=True))


def ends_what_it_begins(data: bytes) -> bool:
    """Tell whether JSON, if it has no brackets in texts, closes as many as it opens."""
    opened, more, closed, others = _counts(data, b"[{]}")
    return opened + more == closed + others


def _counts(data: bytes, signs: bytes) -> list[int]:
    """Count signs, at GB/s however many there are: bytes.count takes longer, the more it finds."""
    found = [0] * len(signs)
    for codes in _pieces(data):
        found = [count + int(np.count_nonzero(codes == sign)) for count, sign in zip(found, signs, strict=True)]
    return found


def _outside_of_texts(data: bytes) -> list[int]:
    """Count the signs of JSON without those in texts, at hundreds of MB/s, in a copy of the body at most."""
    if b'"' not in data:
        return _counts(data, SIGNS)
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    found, quotes = [0] * len(SIGNS), 0
    for codes in _pieces(data):
        behind = np.cumsum(codes == ord('"'), dtype=np.uint8)  # its last bit counts, and is right when it overflows
        behind += np.uint8(quotes)
        outside = behind & 1 == 0
        found = [count + int(np.count_nonzero((codes == sign) & outside))
                 for count, sign in zip(found, SIGNS, strict=True)]  # fmt: skip
        quotes = int(behind[-1]) & 1
    return found


def _pieces(data: bytes) -> Iterator[NDArray[np.uint8]]:
    return (np.frombuffer(data, np.uint8, min(PIECE_BYTES, len(data) - start), start)
            for start in range(0, len(data), PIECE_BYTES))  # fmt: skip


def _row_bytes(contract: Contract) -> int:
    fields = sum(_escaped(field.name) + field.value_bytes + AROUND_BYTES for field in contract.fields)
    return fields + AROUND_BYTES + IGNORED_BYTES


def _escaped(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2 * ESCAPE_BYTES
