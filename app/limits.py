"""What a body may hold, known before it is parsed: its bytes, and the values that a parse would make of them.

A value takes up to a hundred bytes of memory however few it takes in a body (``{},``): a limit of bytes is not enough.
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
"""In each row, for names that a protocol lets clients send and that are ignored."""

IGNORED_VALUES = 4
ROOM_BYTES, ROOM_VALUES = 1 << 16, 1 << 12
"""For what a body has once, besides its rows."""

FORM_ROOM_BYTES, FORM_ROOM_FIELDS = 1 << 14, 16
"""For the token and whatever else a form has besides its inputs."""

PIECE_BYTES = 1 << 18
SIGNS = b",[{"
SMALL_BYTES = 1 << 16
"""Whatever a body of so many bytes holds, it costs little to read it twice."""


@dataclass(frozen=True)
class Limits:
    """What a body for a model may hold.

    Attributes:
        rows: at most.
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


def has_too_many_values(data: bytes, limits: Limits) -> bool:
    """Tell whether JSON, well-formed or not, has more values than it may: first a fast count, then an exact one."""
    if all(count <= most for count, most in zip(_counts(data, SIGNS), limits.signs, strict=True)):
        return False
    return any(count > most for count, most in zip(_counts_outside_texts(data), limits.signs, strict=True))


def is_balanced(data: bytes) -> bool:
    """Tell whether JSON, if it has no brackets in texts, closes as many as it opens."""
    arrays, objects, array_ends, object_ends = _counts(data, b"[{]}")
    return arrays + objects == array_ends + object_ends


def _counts(data: bytes, signs: bytes) -> list[int]:
    """Count signs, at GB/s however many there are: bytes.count takes longer, the more it finds."""
    counts = [0] * len(signs)
    for codes in _pieces(data):
        counts = [count + int(np.count_nonzero(codes == sign)) for count, sign in zip(counts, signs, strict=True)]
    return counts


def _counts_outside_texts(data: bytes) -> list[int]:
    """Count the signs of JSON without those in texts, at hundreds of MB/s, in a copy of the body at most."""
    if b'"' not in data:
        return _counts(data, SIGNS)
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    counts, quotes = [0] * len(SIGNS), 0
    for codes in _pieces(data):
        quotes_so_far = np.cumsum(codes == ord('"'), dtype=np.uint8)  # it may overflow: only its last bit counts
        quotes_so_far += np.uint8(quotes)
        outside = quotes_so_far & 1 == 0
        counts = [
            count + int(np.count_nonzero((codes == sign) & outside)) for count, sign in zip(counts, SIGNS, strict=True)
        ]
        quotes = int(quotes_so_far[-1]) & 1
    return counts


def _pieces(data: bytes) -> Iterator[NDArray[np.uint8]]:
    return (
        np.frombuffer(data, np.uint8, min(PIECE_BYTES, len(data) - start), start)
        for start in range(0, len(data), PIECE_BYTES)
    )


def _row_bytes(contract: Contract) -> int:
    fields = sum(_escaped(field.name) + field.value_bytes + AROUND_BYTES for field in contract.fields)
    return fields + AROUND_BYTES + IGNORED_BYTES


def _escaped(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2 * ESCAPE_BYTES
