"""Workbooks (xlsx): read as CSV is, and come back as workbooks; what is larger than it looks is refused unread."""

import datetime
import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from python_calamine import load_workbook

from app.tables import BadTable, Table, workbook_extent
from app.tables.workbook_check import MOST_BYTES, PIECE_BYTES
from tests.attacks.workbooks import FAR, opendocument, parts, zipped
from tests.meter import Meter
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


def with_sheet(rows: bytes, texts: bytes = b"") -> bytes:
    """Return a workbook whose sheet has such rows of XML, not packed: it can't be taken for a bomb."""
    return zipped(parts(rows, texts=texts), zipfile.ZIP_STORED)


def shared(index: bytes) -> bytes:
    """Return a workbook with a cell that shares a text."""
    return with_sheet(b'<row><c t="s"><v>' + index + b"</v></c></row>", b"<si><t>a</t></si>" * 20)


def directory_line(data: bytes, name: str) -> int:
    """Return where the line of a file begins in a zip's directory."""
    place = data.rindex(name.encode()) - 46
    assert data[place:].startswith(b"PK\1\2")
    return place


def larger_than_its_zip() -> bytes:
    """Return a bomb that says it is packed to more bytes than the whole zip has."""
    data = bytearray(zipped(parts(b" " * (1 << 20))))
    place = directory_line(data, "xl/worksheets/sheet1.xml")
    data[place + 20 : place + 24] = (1 << 20).to_bytes(4, "little")
    return bytes(data)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
TOO_LARGE, UNREADABLE = "The workbook is too large", "The workbook can't be read"
ROW = b'<row r="3"><c r="A3"><v>6.5</v></c><c r="B3" s="1"><v>8</v></c></row>'
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "unpacked, larger than it may be":
        (lambda: zipped({"xl/a.xml": (b"%64d" % 1 + bytes(range(64))) * (MOST_BYTES // 127)}), TOO_LARGE),
    "a bomb": (lambda: zipped(parts(b" " * 200_000)), TOO_LARGE),
    "a bomb that lies": (larger_than_its_zip, TOO_LARGE),
    "blanks without end": (lambda: with_sheet(b" " * (PIECE_BYTES * 3)), TOO_LARGE),
    "more kinds of elements than there are":
        (lambda: with_sheet(b"".join(b"<a%d/>" % number for number in range(3000))), TOO_LARGE),
    "a text that cells share, all in all larger than it may be":
        (lambda: with_sheet(b'<row><c t="s"><v>0</v></c></row>' * 1000,
                            b"<si><t>" + b"a" * 70_000 + b"</t></si>"), TOO_LARGE),
    "a text in two pieces": (lambda: shared(b"1<!-- -->2"), UNREADABLE),
    "a text by an entity": (lambda: shared(b"1&#50;"), UNREADABLE),
    "a text with a zero before it": (lambda: shared(b"01"), UNREADABLE),
    "texts in a sheet": (lambda: with_sheet(b"<row><c/></row><si><t>a</t></si>"), UNREADABLE),
    "cells among texts": (lambda: with_sheet(b"", b"<si><t>a</t></si><c/>"), UNREADABLE),
    "OpenDocument, harmless": (lambda: zipped(opendocument(rows=2, columns=2)), UNREADABLE),
    "OpenDocument": (lambda: zipped(opendocument()), UNREADABLE),
    "many files": (lambda: zipped({f"f{number}": b"" for number in range(1001)}), TOO_LARGE),
    "many sheets": (lambda: zipped(parts(*[b""] * 200)), TOO_LARGE),
    "a cell far away": (lambda: with_sheet(b'<row><c r="A1"/></row><row><c r="XFD1048576"/></row>'), TOO_LARGE),
    "a row far away": (lambda: with_sheet(b'<row r="1048576"><c/><c/></row>'), TOO_LARGE),
    "a row beyond all": (lambda: with_sheet(b'<row r="99999999999999999999"><c/></row>'), TOO_LARGE),
    "a column beyond all": (lambda: with_sheet(b'<row><c r="AAAAAAAAAAAA1"/></row>'), TOO_LARGE),
    "cells without places":
        (lambda: with_sheet(b"<row>" + b"<c/>" * (workbook_extent.MOST_CELLS + 1) + b"</row>"), TOO_LARGE),
    "a narrow sheet of more rows than its answers may have":
        (lambda: with_sheet(b"<row><c/></row>" * (workbook_extent.MOST_CELLS // 5 + 1)), TOO_LARGE),
    "more rows than its answers may have, told without parsing them":
        (lambda: with_sheet(b"<a></b>" + ROW * (workbook_extent.MOST_CELLS // 5)), TOO_LARGE),
    "elements without end": (lambda: with_sheet(b"<a/>" * (workbook_extent.MOST_ELEMENTS + 1)), TOO_LARGE),
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


def test_texts_are_those_of_the_sheet_and_shared_ones(app):
    rows = b'<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>2</v></c><c><v>8</v></c></row>'
    texts = b"<si><t>estudio</t></si><si><r><t>sue</t></r><r><t>no</t></r></si><si><t>6,5</t></si>"
    assert answer(app, with_sheet(rows, texts))[1][:3] == ["6,5", 8, "Aprobado"]


def test_rows_without_cells_whose_height_was_set_do_not_count(app):
    names = b'<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
    texts = b"<si><t>estudio</t></si><si><t>sueno</t></si>"
    empty = b'<row ht="20" customHeight="1"/><row ht="20"></row>' * 80_000
    rows = answer(app, with_sheet(names + ROW.replace(b"3", b"2") + empty, texts))
    assert [row[:3] for row in rows[1:]] == [[6.5, 8, "Aprobado"]]


def test_number_of_a_text_is_read_whole_wherever_the_file_is_cut(app):
    names = b'<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
    row = b'<row><c t="s"><v>10</v></c><c><v>8</v></c></row>'
    texts = b"<si><t>estudio</t></si><si><t>sueno</t></si>" + b"<si><t>6</t></si>" * 9
    rows = answer(app, with_sheet(names + row * 20_000, texts))
    assert len(rows) == 20_001 and all(row[2] == "Aprobado" for row in rows[1:])


def growth_of_memory() -> Callable[[], int]:
    """Return a function that tells by how many KiB this process's memory grew at most since now."""
    meter = Meter(lambda: [os.getpid()], lambda: [os.getpid()])
    meter.begin()
    return lambda: int(meter.end()["peak_kib"])


def test_sheets_that_are_not_the_table_are_not_read(app):
    names = b'<row><c t="str"><v>estudio</v></c><c t="str"><v>sueno</v></c></row>'
    table = names + b"<row><c><v>6</v></c><c><v>8</v></c></row>"
    data = zipped(parts(table, *[FAR] * 190))
    grown = growth_of_memory()
    assert answer(app, data)[1][2] == "Aprobado"
    assert grown() < 64 << 10


def test_what_the_directory_says_is_no_more_than_what_is_read(app):
    """A file that unpacks to more than its entry says is cut there, and its checksum is wrong."""
    data = bytearray(workbook([HEADER, ["a", 6, 8]]))
    place = directory_line(data, "xl/worksheets/sheet1.xml")
    data[place + 24 : place + 28] = (9).to_bytes(4, "little")
    with pytest.raises(BadTable):
        Table(app.extensions["models"]["exam"], io.BytesIO(bytes(data)), 1000)


def test_as_many_cells_as_may_be_take_bounded_memory(app):
    rows = [[f"{number}", 6 + number % 7, 8] for number in range(20_000)]
    table = Table(app.extensions["models"]["exam"], io.BytesIO(workbook([HEADER, *rows])), 1000)
    grown = growth_of_memory()
    assert sum(map(len, table.predicted())) > 300_000
    assert grown() < 64 << 10


def test_lines_are_those_of_the_sheet_wherever_its_cells_begin(app):
    rows = answer(app, workbook([[], [], [], HEADER, ["a", 6, 8], [], ["b", "x", 8]]))
    assert rows[-1][-1].startswith("line 7: ")


@pytest.mark.parametrize("letters", ["!Ѐ一", "AAAA", "٣", "É"])
def test_columns_that_no_sheet_has_are_refused_and_not_kept(letters):
    before = workbook_extent._place.cache_info().currsize
    with pytest.raises(BadTable):
        workbook_extent._place(letters)
    assert workbook_extent._place.cache_info().currsize == before


@pytest.mark.parametrize("kind", ["encoding", "LZMA"])
def test_workbook_that_python_cannot_read_is_refused_in_a_sentence(app, kind):
    data = workbook([HEADER, ["a", 6, 8]])
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as written:
        for name in given.namelist():
            text = given.read(name).replace(b'encoding="UTF-8"', b'encoding="foo"' if kind == "encoding" else b"")
            written.writestr(name, text, zipfile.ZIP_DEFLATED if kind == "encoding" else zipfile.ZIP_LZMA)
    with pytest.raises(BadTable):
        Table(app.extensions["models"]["exam"], packed, 1000)


def test_answer_that_nobody_takes_leaves_nothing_behind(app, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = Table(app.extensions["models"]["exam"], io.BytesIO(workbook([HEADER, ["a", 6, 8]])), 1000)
    pieces = table.predicted()
    next(pieces)
    assert [*tmp_path.iterdir()]
    pieces.close()
    table.close()
    assert [*tmp_path.iterdir()] == []
