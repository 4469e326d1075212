"""The pages for people, in both languages."""

import html
import io
import re

import pytest

from app import create_app
from app.settings import Settings
from tests.unit.conftest import token

EXAM = {"estudio": "6", "sueno": "8"}


@pytest.mark.parametrize(("language", "words"), [("es", "¿Aprobarás el examen?"), ("en", "Will you pass the exam?")])
def test_home_lists_every_model(client, language, words):
    page = client.get("/", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}">' in page
    assert words in page
    for name in ("exam", "titanic", "diabetes", "every_kind"):
        assert f'href="/models/{name}"' in page


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("es-MX,es;q=0.9", "es"), ("en-GB", "en"), ("fr, en;q=0.5", "en"), ("fr", "es"), ("", "es"), ("*", "es"),
     ("es;q=0.1, en;q=0.9", "en"), (";;;", "es")],
)  # fmt: skip
def test_language_is_the_one_that_the_browser_prefers(client, accepted, language):
    assert f'<html lang="{language}">' in client.get("/", headers={"Accept-Language": accepted}).text


def test_language_switch_is_kept_and_leads_back(client):
    answer = client.get("/language/en?next=/models/exam", headers={"Accept-Language": "es"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/models/exam")
    assert '<html lang="en">' in client.get("/models/exam", headers={"Accept-Language": "es"}).text


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "%0d"]
)
def test_language_switch_leads_nowhere_else(client, address):
    assert client.get("/language/en", query_string={"next": address}).headers["Location"] == "/"


def test_language_that_there_is_not(client):
    assert client.get("/language/fr").status_code == 404


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("exam", ['id="field-0" inputmode="decimal" max="24" min="0" name="estudio" required step="any"']),
        ("titanic", ['<select', '<option value="">Elige…</option><option value="first">En primera clase</option>']),
        ("diabetes", ['inputmode="numeric" max="79" min="19" name="age" required step="1" type="number"']),
        ("every_kind", ['name="sí/no" type="radio" value=""', 'maxlength="40" name="nota" required type="text"',
                        'name="niños" step="1" type="number" value="0"']),
    ],
)  # fmt: skip
def test_each_kind_of_field_gets_its_input(client, name, inputs):
    page = client.get(f"/models/{name}", headers={"Accept-Language": "es"}).text
    for each in inputs:
        assert each in page
    assert 'role="alert"' not in page


def test_the_model_s_card_says_where_programs_post(client):
    page = client.get("/models/exam", headers={"Host": "practica_flask"}).text
    assert ">POST /api/v1/models/exam/predictions<" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


@pytest.mark.parametrize("estudio", ["6", "6.0", " 6,0 ", "6e0"])
def test_answer_is_on_the_same_page_with_what_was_typed(send, estudio):
    answer = send("exam", {"estudio": estudio, "sueno": "8"})
    assert answer.status_code == 200
    assert '<h2 id="answer">Aprobado</h2>' in answer.text
    assert re.search(
        r'<meter min="0" max="1" value="0\.\d{6}" aria-labelledby="share-1"></meter>\s+\d\d,\d\xa0?\s?%', answer.text
    )
    assert f'value="{estudio}"' in answer.text


@pytest.mark.parametrize(
    ("name", "typed", "language", "words"),
    [
        ("exam", {"estudio": "1", "sueno": "4.5"}, "en", "Fail"),
        ("titanic", {"class": "first", "sex": "female", "age": "adult"}, "es", "Habrías sobrevivido"),
        ("titanic", {"class": "crew", "sex": "male", "age": "adult"}, "en", "You would have died"),
    ],
)
def test_answer_is_in_words(send, name, typed, language, words):
    assert f'<h2 id="answer">{words}</h2>' in send(name, typed, language=language).text


def test_example_fills_every_form_without_javascript_and_is_answered(client, app):
    for name in app.extensions["models"]:
        page = client.get(f"/models/{name}?example=1").text
        typed = {html.unescape(field): html.unescape(value) for field, value in re.findall(
            r'<input(?![^>]*type="radio")[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page)}  # fmt: skip
        typed |= {html.unescape(field): value for field, value in re.findall(
            r'<input checked[^>]*name="([^"]+)" type="radio" value="([^"]*)"', page)}  # fmt: skip
        typed |= {html.unescape(field): value for field, value in re.findall(
            r'<select[^>]*name="([^"]+)".*?<option selected value="([^"]*)"', page)}  # fmt: skip
        answer = client.post(f"/models/{name}", data=typed)
        assert answer.status_code == 200, name
        assert 'id="answer"' in answer.text


def test_regression_says_its_number_as_the_reader_writes_it(send, client):
    example = client.get("/api/v1/models/diabetes").json["contract"]["fields"]
    typed = {field["name"]: str(field["example"]) for field in example}
    said = {code: re.search(r'<h2 id="answer">([^<]+)</h2>', send("diabetes", typed, language=code).text)[1]
            for code in ("es", "en")}  # fmt: skip
    assert re.fullmatch(r"\d+,\d+", said["es"])
    assert said["en"] == said["es"].replace(",", ".")


FAULTS = [
    ({}, ["Horas de estudio (h)</a>: falta", "Horas de sueño (h)</a>: falta"]),
    ({"estudio": "seis", "sueno": "1_0"}, ["estudio (h)</a>: no es un número", "sueño (h)</a>: no es un número"]),
    ({"estudio": "25", "sueno": "inf"}, ["está fuera del intervalo: de 0 a 24", "sueño (h)</a>: no es un número"]),
    ({"estudio": "<script>", "sueno": "8"}, ["no es un número", "&lt;script&gt;"]),
    ({"estudio": "6", "sueno": "8", "suenno": "8"}, ["suenno: no es un campo de este modelo", "«sueno»"]),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "sentences"), FAULTS)
def test_faults_stand_beside_their_fields_and_what_was_typed_is_kept(send, typed, sentences):
    answer = send("exam", typed)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    for sentence in sentences:
        assert sentence in answer.text
    assert 'role="alert"' in answer.text
    for value in typed.values():
        assert html.escape(value) in answer.text
    if "<script>" in typed.values():
        assert "<script>" not in answer.text


def test_faulty_input_names_its_error_for_screen_readers(send):
    page = send("exam", {"estudio": "25", "sueno": "8"}).text
    assert re.search(r'aria-describedby="field-0-help field-0-error" aria-invalid="true"[^>]*id="field-0"', page)
    assert 'id="field-0-error"' in page
    assert 'href="#field-0"' in page
    assert "field-1-error" not in page


@pytest.mark.parametrize("given", ["", "wrong"])
def test_form_of_another_site_is_not_believed(client, given):
    client.get("/models/exam")
    answer = client.post("/models/exam", data=EXAM | {"csrf_token": given}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert "This form is too old to be believed" in answer.text
    assert 'value="6"' in answer.text
    assert 'id="answer"' not in answer.text


def test_value_given_twice_is_refused(client):
    page = client.get("/models/exam").text
    typed = {"csrf_token": token(page), "estudio": ["6", "7"], "sueno": "8"}
    assert client.post("/models/exam", data=typed).status_code == 422


def test_what_if_draws_a_curve_for_each_field(send):
    page = send("exam", EXAM).text
    assert page.count("<polyline") == 2
    assert page.count('class="here"') == 2
    assert "<script" not in page
    bars = send("titanic", {"class": "third", "sex": "female", "age": "adult"}).text
    assert bars.count('<svg class="bar"') == 8
    assert bars.count('aria-current="true"') == 3 + 1  # the language's too


def test_what_if_is_one_batch(send, app, monkeypatch):
    batches = []
    model = app.extensions["models"]["exam"]
    predict = type(model).predict
    monkeypatch.setattr(type(model), "predict", lambda self, rows: batches.append(len(rows)) or predict(self, rows))
    send("exam", EXAM)
    assert [size > 1 for size in batches] == [False, True]


def test_picture_that_fails_leaves_the_answer(send, monkeypatch, caplog):
    monkeypatch.setattr("app.pages.curves", lambda *_: 1 / 0)
    page = send("exam", EXAM).text
    assert 'id="answer"' in page
    assert "What" not in page
    assert "ZeroDivisionError" in caplog.text


def test_card_tells_metrics_source_versions(client):
    page = client.get("/models/titanic", headers={"Accept-Language": "en"}).text
    for words in ("Accuracy", "2,201", "British Board of Trade", "scikit-learn 1.", "MIT", "Nov 21, 2026"):
        assert words in page


def test_pages_load_nothing_from_elsewhere(client):
    for address in ("/", "/models/exam", "/api/docs", "/nowhere"):
        page = client.get(address).text
        for source in re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page):
            assert source.startswith("/"), source
            with client.get(source) as answer:
                assert answer.status_code == 200, source


def test_unknown_model_gets_a_page_that_names_those_there_are(client):
    answer = client.get("/models/nowhere", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "exam, titanic" in answer.text


def test_labels_of_strangers_are_escaped(bundles, tmp_path):
    """A contract's words are text, whatever stands in them."""
    import json
    import shutil

    shutil.copytree(bundles / "exam", tmp_path / "exam")
    manifest = json.loads((tmp_path / "exam" / "model.json").read_text())
    manifest["contract"]["title"] = {"es": "<script>1</script>", "en": "x"}
    manifest["contract"]["fields"][0]["label"] = {"es": "<b>x</b>", "en": "x"}
    (tmp_path / "exam" / "model.json").write_text(json.dumps(manifest))
    client = create_app(Settings(app_bundles=tmp_path)).test_client()
    for address in ("/", "/models/exam"):
        page = client.get(address, headers={"Accept-Language": "es"}).text
        assert "<script>1" not in page
        assert "<b>x" not in page


def upload(client, name, data, file="table.csv", language="en"):
    headers = {"Accept-Language": language}
    page = client.get(f"/models/{name}", headers=headers).text
    sent = {"csrf_token": token(page), "table": (io.BytesIO(data), file)}
    return client.post(f"/models/{name}/table", data=sent, headers=headers)


def test_table_comes_back_as_a_file(client):
    answer = upload(client, "exam", b"estudio,sueno\n6,8\n")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="exam.csv"'
    assert answer.text.splitlines()[0] == "estudio,sueno,prediction,probability,error"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The table is empty"),
        (b"a,b\n1,2\n", "The column “a” is no field of this model"),
        (b"estudio\n1\n", "The table lacks these columns: sueno"),
        (b"estudio,estudio,sueno\n1,2,3\n", "The column estudio stands there twice"),
        ("estudio,sueño\n".encode("latin-1"), "The file is not UTF-8"),
        (b"PK\x03\x04\0\0\0", "The file is no text"),
    ],
)
def test_table_that_does_not_fit_is_refused_beside_its_input(client, data, words):
    answer = upload(client, "exam", data)
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)
    assert 'aria-invalid="true" aria-describedby="table-fault"' in answer.text


def test_table_that_was_not_chosen(client):
    page = client.get("/models/exam", headers={"Accept-Language": "en"}).text
    sent = {"csrf_token": token(page), "table": (io.BytesIO(), "")}
    answer = client.post("/models/exam/table", data=sent, headers={"Accept-Language": "en"})
    assert (answer.status_code, "Choose the file of a table." in answer.text) == (422, True)


def test_table_of_another_site_is_not_believed(client):
    answer = client.post("/models/exam/table", data={"table": (io.BytesIO(b"estudio,sueno\n"), "t.csv")})
    assert answer.status_code == 400
