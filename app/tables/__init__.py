"""Tables as people have them: one reader for those that a model is added with and those that are uploaded.

A file is read as it was written: encoding, separator and decimal marks are found in it.
"""

from app.tables.bad_table import BadTable
from app.tables.csv_file import CsvFile
from app.tables.table import Table, rows_of

__all__ = ["BadTable", "CsvFile", "Table", "rows_of"]
