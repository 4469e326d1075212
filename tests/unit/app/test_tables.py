"""Tables: every way of writing one, bad rows among good ones, in constant memory; headers that no table has."""

import codecs
import csv
import io
import tracemalloc
from collections.abc import Callable

import pytest
from flask import Flask

from app.tables import BadTable, Table

ROWS = [["6", "8"], ["1", "4.5"]]


@pytest.fixture
def predicted(app: Flask) -> Callable[..., list[list[str]]]:
    """Predict a table: its lines as lists of cells."""

    def predict(data: bytes | str, name: str = "exam", separator: str = ",") -> list[list[str]]:
        file = io.BytesIO(data.encode() if isinstance(data, str) else data)
        with app.test_request_context(headers={"Accept-Language": "en"}):
            text = b"".join(Table(app.extensions["models"][name], file, 1000).predicted()).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=separator))

    return predict


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_separator_mark_and_line_end(predicted, separator, mark, end):
    text = "".join(separator.join(cells) + end for cells in [["estudio", "sueno"], *ROWS])
    lines = predicted(mark + text.encode(), separator=separator)
    assert lines[0] == ["estudio", "sueno", "prediction", "probability", "warning", "error"]
    assert [line[2] for line in lines[1:]] == ["Aprobado", "Suspendido"]
    assert all(0.5 < float(line[3]) <= 1 and line[4] == "" for line in lines[1:])


def test_byte_order_mark_is_kept(app):
    model = app.extensions["models"]["exam"]
    for mark in (b"", codecs.BOM_UTF8):
        output = b"".join(Table(model, io.BytesIO(mark + b"estudio,sueno\n6,8\n"), 1000).predicted())
        assert output.startswith(codecs.BOM_UTF8) == bool(mark)


def test_decimal_commas_go_with_semicolons(predicted):
    lines = predicted("estudio;sueno\n6,5;8\n", separator=";")
    with_dots = predicted("estudio,sueno\n6.5,8\n")[1]
    assert lines[1][2:] == [with_dots[2], with_dots[3].replace(".", ","), "", ""]


def test_columns_in_any_order_and_quoted(predicted):
    assert predicted('sueno ,"estudio"\n8,"6"\n')[1][2] == "Aprobado"


def test_bad_row_is_marked_with_its_line_and_does_not_stop_the_rest(predicted):
    text = 'estudio,sueno\n6,8\n25,x\n\n"6\n",8\n6\n6,8,9\n,\n1,4.5\n'
    lines = predicted(text)
    assert [line[2] for line in lines[1:]] == ["Aprobado", "", "Aprobado", "", "", "Suspendido"]
    errors = [line[-1] for line in lines[1:]]
    assert errors[1] == "line 3: estudio: is out of range: from 0 to 24; sueno: is not a number"
    assert errors[3] == "line 7: has the wrong number of cells: 1 instead of 2"
    assert errors[4] == "line 8: has the wrong number of cells: 3 instead of 2"
    assert {len(line) for line in lines} == {6}


def test_added_columns_do_not_hide_those_of_the_table(app, bundles, tmp_path):
    import json
    import shutil

    from app.model import load

    shutil.copytree(bundles / "exam", tmp_path / "exam")
    manifest = json.loads((tmp_path / "exam" / "model.json").read_text())
    manifest["contract"]["fields"][0]["name"] = "prediction"
    manifest["contract"]["examples"] = []
    manifest["columns"] = {"prediction": "float64", "sueno": "float64"}
    (tmp_path / "exam" / "model.json").write_text(json.dumps(manifest))
    table = Table(load(tmp_path / "exam"), io.BytesIO(b"prediction,sueno\n6,8\n"), 1000)
    assert b"".join(table.predicted()).splitlines()[0] == b"prediction,sueno,prediction_,probability,warning,error"


def test_regression_has_no_probability(predicted, app):
    contract = app.extensions["models"]["diabetes"].contract
    text = ",".join(contract.example) + "\n" + ",".join(map(str, contract.example.values())) + "\n"
    lines = predicted(text, "diabetes")
    assert lines[0][-3:] == ["prediction", "warning", "error"]
    assert 25 < float(lines[1][-3]) < 346


def test_table_with_only_a_header(predicted):
    assert predicted("estudio,sueno\n") == [["estudio", "sueno", "prediction", "probability", "warning", "error"]]


def test_endless_cell_is_a_bad_row(predicted):
    lines = predicted("estudio,sueno\n" + "9" * 200_000 + ",8\n6,8\n")
    assert [bool(line[-1]) for line in lines[1:]] == [True, False]


def test_failure_inside_the_model_marks_its_rows(predicted, app, monkeypatch, caplog):
    monkeypatch.setattr(type(app.extensions["models"]["exam"]), "compute", lambda *_: 1 / 0)
    lines = predicted("estudio,sueno\n6,8\n25,8\n")
    assert lines[1][-1] == "line 2: the model failed on these rows"
    assert "out of range" in lines[2][-1]
    assert "ZeroDivisionError" in caplog.text


def test_memory_does_not_grow_with_the_table(app):
    def peak(rows: int) -> int:
        file = io.BytesIO(b"estudio,sueno\n" + b"6,8\n" * rows)
        tracemalloc.start()
        for _ in Table(app.extensions["models"]["exam"], file, 1000).predicted():
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1000)
    assert peak(20_000) < 1.5 * peak(2000)


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n", b"\xef\xbb\xbf"])
def test_table_without_a_header(app, data):
    with pytest.raises(BadTable):
        table(app, data)


def table(app: Flask, data: bytes, most: int = 1000) -> Table:
    return Table(app.extensions["models"]["exam"], io.BytesIO(data), most)


@pytest.mark.parametrize(("data", "sentence"), [
    (",".join(f"n{number:05}" for number in range(24_000)).encode() + b"\n1\n", "has more than 1000 columns"),
    (b"estudio," * 1000 + b"sueno\n1\n", "has more than 1000 columns"),
    (b"estudio," * 998 + b"sueno\n1\n", "The column “estudio” appears twice"),
    (b"a" * 600_000 + b"\n1\n", "longer than their names can be"),
    (b"a" * 99_000 + b",b\n1\n", "is missing these columns: estudio"),
    (b'"' + b"a\n" * 300_000, "longer than their names can be"),
    (b"estudio,sueno\n" + b"1" * (1 << 21) + b"\n", "A line is longer than"),
])  # fmt: skip
def test_unusable_table_is_refused_with_a_sentence(app, data, sentence):
    with pytest.raises(BadTable) as refusal:
        table(app, data)
    assert sentence in str(refusal.value.fault)


def test_header_with_a_cell_beyond_csv_s_limit_is_not_called_empty(app):
    with pytest.raises(BadTable) as refusal:
        table(app, b"a" * 140_000 + b",b\n1,2\n", most=2000)
    assert "one name is longer than 131072 characters" in str(refusal.value.fault)


def test_name_over_two_lines_is_read_as_before(app):
    assert table(app, b'"estudio\n",sueno\n6,8\n').header == ["estudio", "sueno"]
