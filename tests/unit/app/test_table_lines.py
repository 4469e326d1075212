"""What people write around a table: titles, comments, merged names, units, totals: read, or said line by line."""

import csv
import html
import io
from types import SimpleNamespace

import pytest
from flask import Flask

from app.fields.number_text import NumberText
from app.tables import BadTable, Table, marks
from app.tables.csv_file import CsvFile
from app.tables.encoding import CHUNK_BYTES, encoding_of
from tests.unit.app.test_csv_upload import upload
from tests.unit.app.test_workbooks import answer, workbook

NAMES = "curso;estudio;sueno\n"
ROWS = "a;6;8\nb;2;4\n"
LEFT_OUT = "line {line} names the columns: what stands above it was left out"
UNITS = "looks like units or other words about the columns, not like a row: delete this line"
TOTAL = "looks like a total, not like a row: delete this line, or its first word"


def answered(app: Flask, text: str, name: str = "exam") -> list[dict[str, str]]:
    table = Table(app.extensions["models"][name], io.BytesIO(text.encode()), 1000)
    lines = csv.reader(io.StringIO(b"".join(table.predicted()).decode()), delimiter=table._file.separator or ",")
    header = next(lines)
    return [dict(zip(header, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("Notas del curso 2026\n", 2),
        ("# exported by Notas 3.1\n# on 2026-11-26\n", 3),
        ("Notas, primer trimestre\n\n", 3),
        ("Notas;;\n;;\n", 3),
        ("Notas del curso;;\n;horas;\n", 3),
        ("a, b, c; d\n", 2),
        ("", 0),
    ],
)
def test_names_below_a_title_are_found(app, above, line):
    rows = answered(app, above + NAMES + ROWS)
    assert [(row["curso"], row["prediction"]) for row in rows] == [("a", "Aprobado"), ("b", "Suspendido")]
    notes = [LEFT_OUT.format(line=line)] if above else []
    assert rows[0]["warning"].split("; ") == [*notes, "columns not used: curso"]
    assert rows[1]["warning"] == ""


def test_names_below_a_title_are_found_in_a_workbook(app):
    rows = answer(app, workbook([["Notas del curso"], [], ["curso", "estudio", "sueno"], ["a", 6, 8]]))
    assert rows[0][:3] == ["curso", "estudio", "sueno"]
    assert rows[1][:4] == ["a", 6, 8, "Aprobado"]
    assert rows[1][5] == LEFT_OUT.format(line=3) + "; columns not used: curso"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Notas del curso 2026\ncurso;studio;sueno_\na;6;8\n",
         "Line 1 looks like a title: delete it, so that the first line names the columns."),
        ("curso;estudio;\n;;sueno\na;6;8\n",
         "Line 2 has sueno: write all names into one line, and delete what stands above it."),
        ("curso;horas;horas\n;estudio;de sueño\na;6;8\n",
         "Line 2 has estudio: write all names into one line, and delete what stands above it."),
    ],
)  # fmt: skip
def test_lines_that_have_not_all_names_are_pointed_at(app, text, advice):
    for data in (text.encode(), workbook([line.split(";") for line in text.splitlines()])):
        with pytest.raises(BadTable) as refusal:
            Table(app.extensions["models"]["exam"], io.BytesIO(data), 1000)
        assert str(refusal.value).endswith(f"). {advice}") or str(refusal.value).endswith(f". {advice}")


def test_advice_is_given_in_the_reader_s_language(client):
    page = html.unescape(upload(client, "exam", b"Notas\nx;y\n1;2\n", language="es").text)
    assert "La línea 1 parece un título: bórrala" in page


def test_names_far_down_are_not_looked_for(app):
    with pytest.raises(BadTable):
        Table(app.extensions["models"]["exam"], io.BytesIO(b"a title\n" * 20 + NAMES.encode()), 1000)


def test_units_below_the_names_are_said_and_spoil_nothing(app):
    rows = answered(app, NAMES + ";(horas);h\n" + ROWS)
    assert [row["prediction"] for row in rows] == ["", "Aprobado", "Suspendido"]
    assert rows[0]["error"] == f"line 2: {UNITS}"


@pytest.mark.parametrize("line", ["a;6;mucho\n", ";;\n", "a;?;ocho\n"])
def test_row_that_is_wrong_is_not_taken_for_units(app, line):
    assert not [row for row in answered(app, NAMES + line + ROWS) if UNITS in row["error"]]


def test_units_are_in_the_first_row_alone(app):
    rows = answered(app, NAMES + ROWS + "c;seis;ocho\n")
    assert rows[2]["error"] == "line 4: estudio: is not a number; sueno: is not a number"


@pytest.mark.parametrize("word", ["Total", "TOTAL:", " totales", "Suma"])
@pytest.mark.parametrize("count", [2, 254, 255, 256])
def test_total_at_the_end_is_not_predicted(app, word, count):
    rows = answered(app, NAMES + "a;6;8\n" * count + f"{word};8;12\n")
    assert [row["prediction"] for row in rows] == ["Aprobado"] * count + [""]
    assert rows[-1]["error"] == f"line {count + 2}: {TOTAL}"


@pytest.mark.parametrize(
    "rows", ["a;6;8\nTotal;6;8\nb;6;8\nTotal;6;8\n", "Total;6;8\na;6;8\n", "a;6;8\nTotal Recall;6;8\n"]
)
def test_word_that_is_one_of_the_table_s_own_is_predicted(app, rows):
    assert [row["error"] for row in answered(app, NAMES + rows)] == [""] * rows.count("\n")


def test_total_is_refused_in_a_table_whose_every_row_must_be_valid(client):
    response = client.post("/models/exam/invocations", data=NAMES + ROWS + "Total;8;12\n", content_type="text/csv",
                           headers={"Accept-Language": "en"})  # fmt: skip
    assert response.status_code == 422 and f"line 4: {TOTAL}" in response.text


@pytest.mark.parametrize(("text", "number"), [("12,5 €", 12.5), ("€12", 12.0), ("1.234,5€", 1234.5), ("$7", 7.0)])
def test_currency_beside_a_number_says_nothing_of_its_value(text, number):
    assert NumberText(None, lambda _: True, is_whole=False, is_grouped=True).read(text, None) == number


def test_currency_beside_another_unit_is_refused(app):
    assert answered(app, "estudio;sueno\n12 €;8\n")[0]["error"] == "line 2: estudio: is not a number"


def test_mark_of_a_column_is_found_beside_its_currency():
    columns = marks.evidence(iter([["12,5 €"], ["2,536 €"]]), ["price"], ["price"])
    assert marks.settled(columns, {}, None) == {"price": ","}
    assert columns["price"].is_number


def test_percent_sign_is_not_guessed(app):
    rows = answered(app, "estudio;sueno\n12,5 %;8\n")
    assert rows[0]["error"].startswith("line 2: estudio: has a percent sign: write it without")


@pytest.mark.parametrize("line_end", ["\x0b", "\u2028", "\x85", "\x0c"])
def test_line_ends_of_word_processors_end_no_line(app, line_end):
    """Such a title took the first row with it: it was counted as two lines, and skipped as one."""
    rows = answered(app, f"Notas{line_end}primer trimestre\nestudio,sueno\n6,8\n2,4\n")
    assert [row["prediction"] for row in rows] == ["Aprobado", "Suspendido"]
    assert rows[0]["warning"] == LEFT_OUT.format(line=2)


def test_one_column_with_decimal_commas_is_read_where_all_may_be_missing():
    file = CsvFile(io.BytesIO(b"price\n1,5\n2,5\n"), ["price", "size"], 1000, required=["price", "size"])
    assert [cells for _, cells in file.rows()] == [["1,5"], ["2,5"]]


def test_row_of_very_many_cells_takes_no_more_memory_than_a_wide_table():
    file = CsvFile(io.BytesIO(b"a,b\n" + b"x," * 200_000 + b"x\n"), ["a", "b"], 1000)
    ((_, cells),) = file.rows()
    assert cells is not None and len(cells) == 1001


@pytest.mark.parametrize("rest", [0, 1, 2, 3])
def test_ambiguous_number_at_the_end_is_seen_wherever_the_file_is_cut(rest):
    data = b"x;y\n" + b"1;2\n" * (CHUNK_BYTES // 4)
    data = data[: CHUNK_BYTES + rest - 6] + b"\n1.234"
    assert encoding_of(io.BytesIO(data)).is_ambiguous


def test_missing_columns_are_named_as_some_of_more(app):
    columns = [f"c{number}" for number in range(20)]
    model = SimpleNamespace(validator=SimpleNamespace(names={*columns}, required=columns), contract=None)
    with pytest.raises(BadTable) as refusal:
        Table(model, io.BytesIO(b"a,b\n1,2\n"), 1000)
    assert ", …." in str(refusal.value.fault)
