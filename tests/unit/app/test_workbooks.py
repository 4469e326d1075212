"""Workbooks (xlsx): read as CSV is, and come back as workbooks; what is larger than it looks is refused unread."""

import datetime
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from python_calamine import load_workbook

from app.tables import BadTable, Table, workbook_check
from tests.unit.app.test_csv_upload import upload


def workbook(*sheets: list[list[Any]]) -> bytes:
    """Return a workbook with such cells; a text with = is a formula with its value."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for rows in sheets or [[]]:
            sheet = book.add_worksheet()
            for row, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(row, place, cell, day)
                    elif isinstance(cell, tuple):
                        sheet.write_formula(row, place, *cell)
                    else:
                        sheet.write(row, place, cell)
    return file.getvalue()


def answer(app: Flask, data: bytes, name: str = "exam") -> list[list[Any]]:
    table = Table(app.extensions["models"][name], io.BytesIO(data), 1000)
    return load_workbook(io.BytesIO(b"".join(table.predicted()))).get_sheet_by_index(0).to_python()


HEADER = ["curso", "estudio", "sueno"]


def test_workbook_comes_back_as_a_workbook(app):
    rows = answer(
        app, workbook([HEADER, ["a", 6.536, 8], ["b", "6,5", 8], ["=1+1", ("=3*2", None, 6), 8], ["c", 25, 8]])
    )
    assert rows[0] == [*HEADER, "prediction", "probability", "warning", "error"]
    assert rows[1][:4] == ["a", 6.536, 8, "Aprobado"] and 0.5 < rows[1][4] < 1
    assert [row[3] for row in rows[1:]] == ["Aprobado", "Aprobado", "Aprobado", ""]
    assert rows[4][6] == "line 5: estudio: is out of range: from 0 to 24"


def test_first_sheet_with_cells_counts_and_rows_above_and_between_may_be_empty(app):
    rows = answer(app, workbook([], [[], [], HEADER, [], ["a", 6, 8]], [["other"]]))
    assert [row[:4] for row in rows[1:]] == [["a", 6, 8, "Aprobado"]]


def test_days_are_written_as_iso_8601_does(app):
    rows = answer(app, workbook([HEADER, [datetime.date(2026, 11, 26), 6, 8]]))
    assert rows[1][0] == "2026-11-26"


def test_upload(client):
    response = upload(client, "exam", workbook([HEADER, ["a", 6, 8]]), "table.xlsx")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == 'attachment; filename="exam.xlsx"'
    assert response.content_type.endswith("spreadsheetml.sheet")
    assert response.data.startswith(b"PK")
    response.close()


def zipped(entries: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_sheet(rows: bytes) -> bytes:
    """Return a workbook whose sheet has such rows of XML."""
    given = zipfile.ZipFile(io.BytesIO(workbook([HEADER])))
    entries = {name: given.read(name) for name in given.namelist()}
    entries["xl/worksheets/sheet1.xml"] = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + b"</sheetData></worksheet>"
    )
    return zipped(entries)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
TOO_LARGE, UNREADABLE = "The workbook is too large", "The workbook can't be read"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "unpacked, larger than it may be": (lambda: zipped({"xl/a": bytes(workbook_check.MOST_BYTES + 1)}), TOO_LARGE),
    "many files": (lambda: zipped({f"f{number}": b"" for number in range(1001)}), TOO_LARGE),
    "a cell far away": (lambda: with_sheet(b'<row><c r="A1"/></row><row><c r="XFD1048576"/></row>'), TOO_LARGE),
    "a row far away": (lambda: with_sheet(b'<row r="1048576"><c/><c/></row>'), TOO_LARGE),
    "a row beyond all": (lambda: with_sheet(b'<row r="99999999999999999999"><c/></row>'), TOO_LARGE),
    "a column beyond all": (lambda: with_sheet(b'<row><c r="AAAAAAAAAAAA1"/></row>'), TOO_LARGE),
    "cells without places":
        (lambda: with_sheet(b"<row>" + b"<c/>" * (workbook_check.MOST_CELLS + 1) + b"</row>"), TOO_LARGE),
    "a narrow sheet of more rows than its answers may have":
        (lambda: with_sheet(b"<row><c/></row>" * (workbook_check.MOST_CELLS // 5 + 1)), TOO_LARGE),
    "elements without end": (lambda: with_sheet(b"<a/>" * (workbook_check.MOST_ELEMENTS + 1)), TOO_LARGE),
    "entities": (lambda: zipped({"xl/workbook.xml": BOMB}), UNREADABLE),
    "no workbook": (lambda: zipped({"a.txt": b"a"}), UNREADABLE),
    "cut off": (lambda: workbook([HEADER])[:900], UNREADABLE),
    "broken XML": (lambda: with_sheet(b"<row>"), UNREADABLE),
    "no sheet with cells": (lambda: workbook([]), "The table is empty"),
    "other columns": (lambda: workbook([["a"], [1]]), "is missing these columns"),
    "a column too many": (lambda: workbook([["a"] * 1001]), "has more than 1000 columns"),
}  # fmt: skip
"""What it is → how to make it, and the words with which it is refused."""


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_a_table_is_refused(app, kind):
    make, sentence = REFUSED[kind]
    with pytest.raises(BadTable) as refusal:
        Table(app.extensions["models"]["exam"], io.BytesIO(make()), 1000)
    assert sentence in str(refusal.value)


def test_what_the_directory_says_is_no_more_than_what_is_read(app):
    """A file that unpacks to more than its entry says is cut there, and its checksum is wrong."""
    data = bytearray(workbook([HEADER, ["a", 6, 8]]))
    place = data.rindex(b"PK\1\2")
    data[place + 24 : place + 28] = (9).to_bytes(4, "little")
    with pytest.raises(BadTable):
        Table(app.extensions["models"]["exam"], io.BytesIO(bytes(data)), 1000)


def test_as_many_cells_as_may_be_take_bounded_memory(app):
    import resource

    rows = [[f"{number}", 6 + number % 7, 8] for number in range(20_000)]
    table = Table(app.extensions["models"]["exam"], io.BytesIO(workbook([HEADER, *rows])), 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(map(len, table.predicted())) > 300_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
