"""The form on a model's page: its inputs, its prediction, its errors, its curves."""

import html
import re

import pytest

from tests.csrf import token

EXAM = {"estudio": "6", "sueno": "8"}


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("exam", ['aria-describedby="field-0-help field-0-unit" class="form-control" id="field-0" inputmode="decimal" '
                  'name="estudio" required type="text"', '<span class="input-group-text" id="field-0-unit">h</span>']),
        ("titanic", ['<select', '<option value="">Elige…</option><option value="first">En primera clase</option>']),
        ("diabetes", ['inputmode="numeric" name="age" required type="text"']),
        ("every_kind", ['name="sí/no" type="radio" value=""', 'maxlength="40" name="nota" required type="text"',
                        'inputmode="numeric" name="niños" type="text" value="0"',
                        'id="field-0" name="altura (cm)" required type="text"']),
    ],
)  # fmt: skip
def test_each_kind_of_field_gets_its_input(client, name, inputs):
    page = client.get(f"/models/{name}", headers={"Accept-Language": "es"}).text
    for element in inputs:
        assert element in page
    assert 'role="alert"' not in page


@pytest.mark.parametrize("estudio", ["6", "6.0", " 6,0 ", "6e0"])
def test_prediction_is_on_the_same_page_as_the_entries(submit, estudio):
    response = submit("exam", {"estudio": estudio, "sueno": "8"})
    assert response.status_code == 200
    assert '<h2 id="answer">Aprobado</h2>' in response.text
    assert re.search(
        r'<meter min="0" max="1" value="0\.\d{6}" aria-labelledby="share-1"></meter>\s+'
        r'<span class="figure">\d\d,\d\xa0%</span>',
        response.text,
    )
    assert f'value="{estudio}"' in response.text


@pytest.mark.parametrize(
    ("name", "entries", "language", "text"),
    [
        ("exam", {"estudio": "1", "sueno": "4.5"}, "en", "Fail"),
        ("titanic", {"class": "first", "sex": "female", "age": "adult"}, "es", "Habrías sobrevivido"),
        ("titanic", {"class": "crew", "sex": "male", "age": "adult"}, "en", "You would have died"),
    ],
)
def test_prediction_is_a_label_that_people_read(submit, name, entries, language, text):
    assert f'<h2 id="answer">{text}</h2>' in submit(name, entries, language=language).text


FILLED = (
    r'<input(?![^>]*type="radio")[^>]*name="([^"]+)"[^>]*value="([^"]*)"',
    r'<input checked[^>]*name="([^"]+)" type="radio" value="([^"]*)"',
    r'<select[^>]*name="([^"]+)".*?<option selected value="([^"]*)"',
)
"""Inputs with their names and values."""


def test_example_fills_every_form_without_javascript_and_is_predicted(client, app):
    for name in app.extensions["models"]:
        page = client.get(f"/models/{name}?example=1").text
        pairs = [pair for pattern in FILLED for pair in re.findall(pattern, page)]
        entries = {html.unescape(field): html.unescape(value) for field, value in pairs}
        response = client.post(f"/models/{name}", data=entries)
        assert response.status_code == 200, name
        assert 'id="answer"' in response.text


def test_regression_shows_its_number_as_the_reader_writes_it(submit, client):
    example = client.get("/api/v1/models/diabetes").json["contract"]["fields"]
    entries = {field["name"]: str(field["example"]) for field in example}
    pages = {code: submit("diabetes", entries, language=code).text for code in ("es", "en")}
    numbers = {code: re.search(r'<h2 id="answer">([^<]+)</h2>', page)[1] for code, page in pages.items()}
    assert re.fullmatch(r"\d+,\d+", numbers["es"])
    assert numbers["en"] == numbers["es"].replace(",", ".")


INVALID_ENTRIES = [
    ({}, ["Horas de estudio</a>: falta", "Horas de sueño</a>: falta"]),
    ({"estudio": "seis", "sueno": "1_0"}, ["estudio</a>: no es un número", "sueño</a>: no es un número"]),
    ({"estudio": "25", "sueno": "inf"}, ["está fuera del intervalo: de 0 a 24", "sueño</a>: no es un número"]),
    ({"estudio": "<script>", "sueno": "8"}, ["no es un número", "&lt;script&gt;"]),
    ({"estudio": "6", "suenno": "8"}, ["suenno: no es un campo de este modelo", "«sueno»"]),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "sentences"), INVALID_ENTRIES)
def test_errors_are_beside_their_fields_and_the_entries_are_kept(submit, entries, sentences):
    response = submit("exam", entries)
    assert response.status_code == 422
    assert "<title>Error: " in response.text
    for sentence in sentences:
        assert sentence in response.text
    assert 'role="alert"' in response.text
    for value in entries.values():
        assert html.escape(value) in response.text
    if "<script>" in entries.values():
        assert "<script>" not in response.text


def test_invalid_input_names_its_error_for_screen_readers(submit):
    page = submit("exam", {"estudio": "25", "sueno": "8"}).text
    described = 'aria-describedby="field-0-help field-0-unit field-0-error" aria-invalid="true"'
    assert re.search(rf'{described}[^>]*id="field-0"', page)
    assert 'id="field-0-error"' in page
    assert 'href="#field-0"' in page
    assert "field-1-error" not in page


@pytest.mark.parametrize("csrf_token", ["", "wrong"])
def test_form_of_another_site_is_refused(client, csrf_token):
    client.get("/models/exam")
    response = client.post("/models/exam", data=EXAM | {"csrf_token": csrf_token}, headers={"Accept-Language": "en"})
    assert response.status_code == 400
    assert "This form has expired" in response.text
    assert 'value="6"' in response.text
    assert 'id="answer"' not in response.text


def test_summary_of_errors_comes_first_has_the_focus_and_leads_to_the_fields(submit):
    page = submit("every_kind", {"altura (cm)": "x", "nota": "", "sí/no": "quizá"}, language="en").text
    first = re.search(r"<main[^>]*>\s*<div([^>]*)>(.*?)</div>", page, re.S)
    assert {'role="alert"', 'tabindex="-1"', "autofocus"} <= {*first[1].split()}
    links = re.findall(r'href="#([^"]+)">([^<]+)</a>: ', first[2])
    assert links == [("field-0", "Height"), ("field-2-0", "Yes or no"), ("field-4", "Note")]
    assert all(f'id="{target}"' in page for target, _ in links)


def test_repeated_value_is_refused(client):
    page = client.get("/models/exam").text
    entries = {"csrf_token": token(page), "estudio": ["6", "7"], "sueno": "8"}
    assert client.post("/models/exam", data=entries).status_code == 422


def test_what_if_draws_a_curve_for_each_field(submit):
    page = submit("exam", EXAM).text
    assert page.count("<polyline") == 2
    assert page.count('<circle class="here"') == 2
    assert re.findall(r"<script>|\son\w+=", page) == [], "a script in the page itself, which its policy forbids"
    bars = submit("titanic", {"class": "third", "sex": "female", "age": "adult"}).text
    bars = bars[bars.index('id="what-if"') :]
    assert bars.count('<svg class="bar"') == 4 + 2
    assert bars.count('aria-current="true"') == 2
    assert "Apenas influyen: Edad." in bars


def test_what_if_is_one_batch(submit, app, monkeypatch):
    batches = []
    model = app.extensions["models"]["exam"]
    compute = type(model).compute
    monkeypatch.setattr(
        type(model), "compute", lambda self, rows, **named: batches.append(len(rows)) or compute(self, rows, **named)
    )
    submit("exam", EXAM)
    assert [size > 1 for size in batches] == [False, True]


def test_failing_curves_leave_the_prediction(submit, monkeypatch, caplog):
    monkeypatch.setattr("app.pages.what_if", lambda *_: 1 / 0)
    page = submit("exam", EXAM).text
    assert 'id="answer"' in page
    assert "What" not in page
    assert "ZeroDivisionError" in caplog.text
