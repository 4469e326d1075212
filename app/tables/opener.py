"""Opens a table's file: what it is, is told by how it begins."""

from collections.abc import Collection
from typing import IO

from app.tables.csv_file import CsvFile
from app.tables.workbook import MAGIC, Workbook

TableFile = CsvFile | Workbook


def open_table(file: IO[bytes], known: Collection[str], most_columns: int, required: Collection[str] = ()) -> TableFile:
    """Return a table's file.

    Args:
        file: of bytes, at its beginning.
        known: the columns that a model knows.
        most_columns: that any table may have.
        required: those that it needs: the first line that has them all names the columns.

    Raises:
        BadTable: it can't be read.
    """
    magic = file.read(len(MAGIC))
    file.seek(0)
    return (Workbook if magic == MAGIC else CsvFile)(file, known, most_columns, required)
