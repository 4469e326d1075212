"""A table is read as it is written (encoding, separator, words for what is missing), and comes back written alike."""

import codecs
import csv
import dataclasses
import io
import json
import shutil
from pathlib import Path

import pytest
from flask import Flask

from app import create_app, languages
from app.contract import Contract
from app.fields import CategoryField
from app.settings import Settings
from app.tables import BadTable, CsvFile, Table
from app.tables import table as table_module
from app.tables.header import column_names
from app.validator import RowValidator
from tests.csrf import token


def answer(app: Flask, data: bytes, name: str = "exam") -> bytes:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        return b"".join(Table(app.extensions["models"][name], io.BytesIO(data), 1000).predicted())


def rows(app: Flask, text: str, name: str = "exam", separator: str = ",") -> list[list[str]]:
    return [*csv.reader(io.StringIO(answer(app, text.encode(), name).decode()), delimiter=separator)]


TEXT = "curso;estudio;sueno\r\n2.º año;6,5;8\r\n"
ENCODINGS = {
    "utf-8": b"", "utf-8-sig": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}  # fmt: skip


@pytest.mark.parametrize("codec", ENCODINGS)
def test_table_comes_back_in_its_encoding_with_its_marks(app, codec):
    mark, codec = ENCODINGS[codec], codec.removesuffix("-sig")
    returned = answer(app, mark + TEXT.encode(codec))
    assert returned.startswith(mark)
    lines = returned.removeprefix(mark).decode(codec).splitlines()
    assert lines[0] == "curso;estudio;sueno;prediction;probability;warning;error"
    assert lines[1].startswith("2.º año;6,5;8;Aprobado;0,")
    assert len(lines[1].split(";")[4]) > 10


def test_content_type_says_the_encoding(app):
    charsets = {}
    for codec, mark in ENCODINGS.items():
        data = mark + TEXT.encode(codec.removesuffix("-sig"))
        charsets[codec] = Table(app.extensions["models"]["exam"], io.BytesIO(data), 1000).answer.content_type
    assert charsets["cp1252"] == "text/csv; charset=windows-1252"
    assert charsets["utf-16-be"] == charsets["utf-16-le"] == "text/csv; charset=utf-16"
    assert charsets["utf-8"] == charsets["utf-8-sig"] == "text/csv; charset=utf-8"


def test_other_columns_are_kept_and_named_once(app):
    text = 'id,estudio,note,sueno,prediction,error\n1,6,"a, b",8,old,\n'
    unused = "columns not used: id, note, prediction, error"
    assert rows(app, text) == [
        ["id", "estudio", "note", "sueno", "prediction", "error", "prediction_", "probability", "warning", "error_"],
        ["1", "6", "a, b", "8", "old", "", "Aprobado", rows(app, text)[1][7], unused, ""],
    ]
    table = Table(app.extensions["models"]["exam"], io.BytesIO(text.encode()), 1000)
    assert table.unused == ["id", "note", "prediction", "error"]


def test_separators_at_a_line_s_end_and_lines_of_nothing_else(app):
    lines = rows(app, "estudio;sueno;;;\n6;8;;;\n;;;;\n\n1;4,5\n1;4,5;;;;;\n", separator=";")
    assert [line[:3] for line in lines] == [
        ["estudio", "sueno", ""],
        ["6", "8", ""],
        ["1", "4,5", ""],
        ["1", "4,5", ""],
    ]
    assert [line[-1] for line in lines[1:]] == ["", "line 5: has the wrong number of cells: 2 instead of 5", ""]


def test_index_without_a_name(app):
    assert rows(app, ",estudio,sueno\n0,6,8\n")[1][:4] == ["0", "6", "8", "Aprobado"]


NAMES = {
    "blanks": ([" a ", "b"], [" a", "b"], [" a", "b"]),
    "the model's own blanks first": ([" a", "a"], [" a", "a"], [" a", "a"]),
    "a line break": (["Price\r\n(EUR)"], ["Price\n(EUR)"], ["Price\n(EUR)"]),
    "none": (["", "a", " "], ["a"], ["Unnamed: 0", "a", "Unnamed: 2"]),
    "twice, and not the model's": (["x", "x", "x", "a"], ["a"], ["x", "x.1", "x.2", "a"]),
    "twice, as pandas has it": (["x", "x"], ["x", "x.1"], ["x", "x.1"]),
}  # fmt: skip
"""Header, the model's names → the columns' names."""


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_columns(kind):
    header, known, expected = NAMES[kind]
    assert column_names(header, known) == expected


def test_name_of_the_model_s_that_appears_twice():
    with pytest.raises(BadTable):
        column_names(["x", "x "], ["x"])


ONE_COLUMN = {
    "a\n1,5\n2,5\n": [["1,5"], ["2,5"]], "a\n1\n\n2\n": [["1"], ["2"]], 'a\n1\n""\n2\n\n': [["1"], [""], ["2"]],
    "a\nGood, but; late\n": [["Good, but; late"]],
}  # fmt: skip


@pytest.mark.parametrize("text", ONE_COLUMN)
def test_table_of_one_column_has_no_separators(text):
    file = CsvFile(io.BytesIO(text.encode()), ["a"], 10)
    assert [cells for _, cells in file.rows()] == ONE_COLUMN[text]


def test_columns_that_the_model_knows_decide_what_separates():
    assert CsvFile(io.BytesIO(b"a, b;c, d;e, f, g\n1;2;3\n"), ["a, b", "c, d"], 10).separator == ";"


@pytest.mark.parametrize("word", ["", " ", "NA", "N/A", "n/a", "#N/A", "null", "None", "NaN", "?", "-", "#N/D"])
def test_words_for_a_missing_value(app, word):
    example = app.extensions["models"]["every_kind"].contract.example
    missing = [field.name for field in app.extensions["models"]["every_kind"].contract.fields if field.missing]
    cells = {name: str(value) for name, value in example.items()} | dict.fromkeys(missing, word)
    text = "|".join(cells) + "\n" + "|".join(cells.values()) + "\n"
    assert rows(app, text, "every_kind", "|")[1][-1] == ""


@pytest.mark.parametrize("cell", ["2", "2.0", "2,0", " 2 "])
def test_choice_that_is_a_number_is_known_however_it_is_written(cell):
    assert validator_of((1, 2, 3)).text({"a": cell}) == [2]


def test_choice_that_looks_missing_is_a_value():
    validator = validator_of(("None", "one"), missing=True)
    assert [validator.text({"a": cell}) for cell in ("None", "NA", "")] == [["None"], [None], [None]]
    assert validator.texts(["a"], [["None"], ["NA"]]) == [["None"], [None]]


def validator_of(values: tuple[object, ...], **properties: object) -> RowValidator:
    choices = [{"value": value, "label": str(value)} for value in values]
    properties |= {"kind": "category", "name": "a", "label": "a", "choices": choices, "example": values[0]}
    return RowValidator(Contract.model_construct(fields=(CategoryField.model_validate(properties),)))


def test_ambiguous_numbers_of_a_column_with_both_marks_are_refused_with_both_readings(app):
    lines = rows(app, "estudio;sueno\n1,5;8\n1.5;8\n2.536;8\n", separator=";")
    assert [line[-1] for line in lines[1:]] == ["", "", "line 4: estudio: is ambiguous: write 2536 or 2.536"]


def test_range_of_the_contract_tells_thousands_from_decimals(app):
    assert [line[-1] for line in rows(app, "estudio;sueno\n2,536;8\n7,727;8\n", separator=";")[1:]] == ["", ""]
    assert [line[-1] for line in rows(app, "estudio;sueno\n2.536;8\n7.727;8\n", separator=";")[1:]] == ["", ""]


def test_form_with_a_name_of_two_lines_is_read_as_browsers_send_it(bundles, tmp_path):
    folder = tmp_path / "exam"
    shutil.copytree(bundles / "exam", folder)
    manifest = json.loads((folder / "model.json").read_text())
    manifest["contract"]["fields"][0]["name"] = "estudio\n(h)"
    manifest["contract"]["examples"] = []
    manifest["columns"] = {"estudio\n(h)": "float64", "sueno": "float64"}
    (folder / "model.json").write_text(json.dumps(manifest))
    client = create_app(Settings(app_bundles=tmp_path, secret_key="x" * 32)).test_client()
    entries = {"csrf_token": token(client.get("/models/exam").text), "estudio\r\n(h)": "6", "sueno": "8"}
    assert client.post("/models/exam", data=entries).status_code == 200


def test_answer_with_letters_that_its_encoding_lacks_is_utf_8(app):
    model = app.extensions["models"]["exam"]
    predicts = model.contract.predicts
    labels = [label.model_copy(update={"value": f"{label.value} ≥ 5"}) for label in predicts.labels]
    update = {"predicts": predicts.model_copy(update={"labels": tuple(labels)})}
    polish = dataclasses.replace(model, manifest=model.manifest.model_copy(update={
        "contract": model.contract.model_copy(update=update)
    }))  # fmt: skip
    table = Table(polish, io.BytesIO(TEXT.encode("cp1252")), 1000)
    assert table.answer.content_type == "text/csv; charset=utf-8"
    returned = b"".join(table.predicted())
    assert returned.startswith(codecs.BOM_UTF8)
    assert returned.decode("utf-8-sig").splitlines()[1].startswith("2.º año;6,5;8;Aprobado ≥ 5;0,")


def test_sentences_can_be_written_in_windows_1252():
    catalogue = Path(languages.__file__).parent / "translations" / "es" / "LC_MESSAGES" / "messages.po"
    lacking = {letter for letter in catalogue.read_text(encoding="utf-8") if not letter.encode("cp1252", "ignore")}
    assert not lacking


def test_bad_rows_beyond_some_are_not_explained_and_good_ones_answered(app, monkeypatch):
    monkeypatch.setattr(table_module, "MOST_EXPLAINED", 2)
    lines = rows(app, "estudio,sueno\n" + "x,8\n" * 4 + "6,8\n")
    unexplained = "can't be predicted; what is wrong is said of the first 2 such rows"
    assert [line[-1] for line in lines[2:]] == ["line 3: estudio: is not a number", unexplained, unexplained, ""]
    assert lines[5][2] == "Aprobado"


@pytest.mark.parametrize("header", ["estudio sueno", '"estudio" "sueno"', "estudio   sueno  curso"])
def test_columns_between_blanks_are_refused_by_what_to_do(app, header):
    with pytest.raises(BadTable, match="separated by blanks: save the table with commas or semicolons"):
        answer(app, f"{header}\n6 8\n".encode())
