"""The lines of a training table that are no rows: a title, units, a total. Of them no model was trained."""

from collections import deque
from collections.abc import Collection
from itertools import islice
from typing import Any

from app import numerals
from app.tables import heading
from app.tables.opener import TableFile
from app.tables.stray_lines import LOOKS_LIKE_TOTAL, LOOKS_LIKE_UNITS, all_words, is_only_total, total_place
from deploy.models.training_columns import BadRow

FOLLOWING = 6
"""Rows that tell whether the first is one."""


def check_lines(table: TableFile, required: Collection[str], known: dict[str, list[Any]]) -> None:
    """Refuse a table with lines that are no rows.

    Args:
        required: the columns that the model needs; none where it knows no names.
        known: column → the categories that the model's encoder knows.

    Raises:
        BadRow: which line it is, and what to do.
    """
    missing = [name for name in required if name not in table.names]
    if (missing or not required) and (advice := heading.hint(table.first_rows(), missing)):
        raise BadRow(str(advice))
    rows = [*islice(table.rows(), FOLLOWING)]
    if _begins_with_units([cells for _, cells in rows if cells], len(table.names)):
        raise BadRow(f"line {rows[0][0]} {LOOKS_LIKE_UNITS}")
    last = next(iter(deque(table.rows(), maxlen=1)), (0, None))
    words = {str(value).strip() for values in known.values() for value in values}
    place = total_place(last, words)
    if place is not None and is_only_total(last, table.rows(), place):
        raise BadRow(f"line {last[0]} {LOOKS_LIKE_TOTAL}")


def _begins_with_units(rows: list[list[str]], width: int) -> bool:
    """Tell whether the first row has words where all of the next have numbers."""
    columns = [*zip(*(row for row in rows if len(row) == width), strict=True)] if len(rows) == FOLLOWING else []
    return all_words(column[0] for column in columns if all(map(numerals.readings, map(str.strip, column[1:]))))
