"""A table to fill in, as spreadsheets of a language write it: with commas or semicolons, points or decimal commas."""

import codecs
import csv
import io

from app.contract import Contract
from app.numerals import MARK_OF
from app.tables.workbook import NumberText
from app.values import Value, as_text


def template(contract: Contract, language: str) -> bytes:
    """Return a table of one row: the names of all columns, and the contract's example."""
    mark = MARK_OF[language]
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if mark == "," else ",")
    writer.writerow(contract.example)
    writer.writerow([_cell(value, mark) for value in contract.example.values()])
    return codecs.BOM_UTF8 + buffer.getvalue().encode()


def _cell(value: Value, mark: str) -> str:
    return NumberText.of(value).replace(".", mark) if isinstance(value, float) else as_text(value)
