"""Tables: every way of writing one, bad rows among good ones, in constant memory."""

import codecs
import csv
import io
import tracemalloc

import pytest

from app.csv_file import BadTable
from app.tables import Table

ROWS = [["6", "8"], ["1", "4.5"]]


@pytest.fixture
def answered(app):
    """Answer a table: the lines as lists of cells."""

    def of(data: bytes | str, name: str = "exam", separator: str = ",") -> list[list[str]]:
        file = io.BytesIO(data.encode() if isinstance(data, str) else data)
        with app.test_request_context(headers={"Accept-Language": "en"}):
            text = b"".join(Table(app.extensions["models"][name], file, 1000).answered()).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=separator))

    return of


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_separator_mark_and_line_end(answered, separator, mark, end):
    lines = [separator.join(cells) + end for cells in [["estudio", "sueno"], *ROWS]]
    found = answered(mark + "".join(lines).encode(), separator=separator)
    assert found[0] == ["estudio", "sueno", "prediction", "probability", "error"]
    assert [line[2] for line in found[1:]] == ["Aprobado", "Suspendido"]
    assert all(0.5 < float(line[3]) <= 1 and line[4] == "" for line in found[1:])


def test_mark_is_given_back(app):
    model = app.extensions["models"]["exam"]
    for mark in (b"", codecs.BOM_UTF8):
        answer = b"".join(Table(model, io.BytesIO(mark + b"estudio,sueno\n6,8\n"), 1000).answered())
        assert answer.startswith(codecs.BOM_UTF8) == bool(mark)


def test_decimal_commas_go_with_semicolons(answered):
    found = answered("estudio;sueno\n6,5;8\n", separator=";")
    assert found[1][2:] == [answered("estudio,sueno\n6.5,8\n")[1][2], answered("estudio,sueno\n6.5,8\n")[1][3], ""]


def test_columns_in_any_order_and_quoted(answered):
    assert answered('sueno ,"estudio"\n8,"6"\n')[1][2] == "Aprobado"


def test_bad_row_is_marked_with_its_line_and_does_not_stop_the_rest(answered):
    text = 'estudio,sueno\n6,8\n25,x\n\n"6\n",8\n6\n6,8,9\n,\n1,4.5\n'
    found = answered(text)
    assert [line[2] for line in found[1:]] == ["Aprobado", "", "Aprobado", "", "", "Suspendido"]
    errors = [line[-1] for line in found[1:]]
    assert errors[1] == "line 3: estudio: is out of range: from 0 to 24; sueno: is not a number"
    assert errors[3] == "line 7: has 1 cells instead of 2"
    assert errors[4] == "line 8: has 3 cells instead of 2"
    assert {len(line) for line in found} == {5}


def test_columns_of_answers_do_not_hide_those_of_the_table(app, bundles, tmp_path):
    import json
    import shutil

    from app.model import load

    shutil.copytree(bundles / "exam", tmp_path / "exam")
    manifest = json.loads((tmp_path / "exam" / "model.json").read_text())
    manifest["contract"]["fields"][0]["name"] = "prediction"
    manifest["columns"] = {"prediction": "float64", "sueno": "float64"}
    (tmp_path / "exam" / "model.json").write_text(json.dumps(manifest))
    table = Table(load(tmp_path / "exam"), io.BytesIO(b"prediction,sueno\n6,8\n"), 1000)
    assert b"".join(table.answered()).splitlines()[0] == b"prediction,sueno,prediction_,probability,error"


def test_regression_has_no_probability(answered, app):
    contract = app.extensions["models"]["diabetes"].contract
    text = ",".join(contract.example) + "\n" + ",".join(map(str, contract.example.values())) + "\n"
    found = answered(text, "diabetes")
    assert found[0][-2:] == ["prediction", "error"]
    assert 25 < float(found[1][-2]) < 346


def test_table_with_a_header_alone(answered):
    assert answered("estudio,sueno\n") == [["estudio", "sueno", "prediction", "probability", "error"]]


def test_endless_cell_is_a_bad_row(answered):
    found = answered("estudio,sueno\n" + "9" * 200_000 + ",8\n6,8\n")
    assert [bool(line[-1]) for line in found[1:]] == [True, False]


def test_failure_inside_the_model_marks_its_rows(answered, app, monkeypatch, caplog):
    monkeypatch.setattr(type(app.extensions["models"]["exam"]), "answers", lambda *_: 1 / 0)
    found = answered("estudio,sueno\n6,8\n25,8\n")
    assert found[1][-1] == "the model failed on these rows"
    assert "out of range" in found[2][-1]
    assert "ZeroDivisionError" in caplog.text


def test_memory_does_not_grow_with_the_table(app):
    def most(rows: int) -> int:
        file = io.BytesIO(b"estudio,sueno\n" + b"6,8\n" * rows)
        tracemalloc.start()
        for _ in Table(app.extensions["models"]["exam"], file, 1000).answered():
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(1000)
    assert most(20_000) < 1.5 * most(2000)


@pytest.mark.parametrize("data", [b"", b"\n\n", b",,\n", b"\xef\xbb\xbf"])
def test_table_without_a_header(app, data):
    with pytest.raises(BadTable):
        Table(app.extensions["models"]["exam"], io.BytesIO(data), 1000)
