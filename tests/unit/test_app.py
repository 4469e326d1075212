"""What the application answers, to people and to programs."""

import json
import re

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from app import HEADERS, create_app
from app.settings import Settings

NUMBER = "no es un número: escribe uno entre 0 y 24"
MISSING = "falta: escribe un número entre 0 y 24"
RANGE = "está fuera del intervalo: escribe un número entre 0 y 24"

WRONG_ROWS = [
    ("{}", {"estudio": MISSING, "sueno": MISSING}),
    ('{"estudio": null, "sueno": 8}', {"estudio": MISSING}),
    ('{"estudio": "6", "sueno": true}', {"estudio": NUMBER, "sueno": NUMBER}),
    ('{"estudio": NaN, "sueno": -Infinity}', {"estudio": NUMBER, "sueno": NUMBER}),
    ('{"estudio": 1e999, "sueno": 1' + "0" * 400 + "}", {"estudio": NUMBER, "sueno": NUMBER}),
    ('{"estudio": [6], "sueno": {"a": 1}}', {"estudio": NUMBER, "sueno": NUMBER}),
    ('{"estudio": -0.1, "sueno": 24.01}', {"estudio": RANGE, "sueno": RANGE}),
    (
        '{"estudio": 6, "sueno": 8, "suenno": 8}',
        {"suenno": "no es un campo de este modelo; el más parecido es «sueno»"},
    ),
]

MALFORMED = [
    (b"", 400),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[" * 100_000, 413),
    (b"[" * 4000, 400),
    (b'{"\\ud800": 1}', 400),
    (b'{"estudio": "\\ud800", "sueno": 8}', 400),
    (b"[1]", 422),
    (b"6", 422),
    (b"null", 422),
]


ANY_TEXT = st.text() | st.text(st.characters(categories=["Cs"]))
"""Lone surrogates included: JSON can write them, UTF-8 can't."""


def post(client, data, content_type="application/json"):
    return client.post("/modelo", data=data, content_type=content_type)


@pytest.mark.parametrize(
    ("row", "label"), [({"estudio": 6, "sueno": 8}, "Aprobado"), ({"estudio": 1, "sueno": 4.5}, "Suspendido")]
)
def test_row_gets_its_label(client, row, label):
    answer = post(client, json.dumps(row))
    assert (answer.status_code, answer.json) == (200, {"predict": label})


@pytest.mark.parametrize(("row", "sentences"), WRONG_ROWS)
def test_wrong_row_gets_a_sentence_per_field(client, row, sentences):
    answer = post(client, row)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"] == sentences


@pytest.mark.parametrize(("body", "status"), MALFORMED)
def test_body_that_is_no_row(client, body, status):
    answer = post(client, body)
    assert answer.status_code == status
    assert answer.json["status"] == status
    assert answer.json["detail"]


def test_thousands_of_unknown_names_get_a_few_sentences(client):
    answer = post(client, json.dumps({f"x{number}": 1 for number in range(300)}))
    assert (answer.status_code, len(answer.json["errors"])) == (422, 12)


def test_body_that_is_not_called_json(client):
    assert post(client, '{"estudio": 6, "sueno": 8}', "text/plain").status_code == 415


def test_method_that_a_route_has_not(client):
    answer = client.get("/modelo")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@given(value=st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | ANY_TEXT, st.lists, max_leaves=5))
def test_any_json_gets_an_answer_that_is_not_our_fault(app: Flask, value):
    client = app.test_client()
    for row in (value, {"estudio": value, "sueno": 8}, {str(value): 1}):
        assert post(client, json.dumps(row)).status_code in (200, 400, 413, 422)


def test_form_is_shown(client):
    page = client.get("/").text
    assert '<input id="estudio" name="estudio" type="number"' in page
    assert 'role="alert"' not in page


@pytest.mark.parametrize("estudio", ["6", "6.5", " 6,5 "])
def test_form_shows_label_and_probability(client, estudio):
    answer = client.post("/", data={"estudio": estudio, "sueno": "8"})
    assert answer.status_code == 200
    assert "Aprobado" in answer.text
    assert re.search(r"Probabilidad: [89]\d,\d %", answer.text)


@pytest.mark.parametrize(
    ("form", "sentences"),
    [
        ({}, [f"Horas de estudio: {MISSING}", f"Horas de sueño: {MISSING}"]),
        ({"estudio": "seis", "sueno": "1_0"}, [f"Horas de estudio: {NUMBER}", f"Horas de sueño: {NUMBER}"]),
        ({"estudio": "25", "sueno": "inf"}, [f"Horas de estudio: {RANGE}", f"Horas de sueño: {NUMBER}"]),
        ({"estudio": "<script>", "sueno": "8"}, [f"Horas de estudio: {NUMBER}", "&lt;script&gt;"]),
    ],
)
def test_form_with_faults_keeps_what_was_typed(client, form, sentences):
    answer = client.post("/", data=form)
    assert answer.status_code == 422
    assert all(sentence in answer.text for sentence in sentences)
    assert 'value="8"' in answer.text or form.get("sueno") != "8"


def test_health_names_release_configuration_and_model(client):
    answer = client.get("/health")
    assert answer.json["status"] == "ok"
    assert answer.json["release"] == answer.headers["X-Release"] == "development"
    assert answer.json["configuration"] == "f1"
    assert answer.json["model"]["name"] == "exam"
    assert answer.headers["Cache-Control"] == "no-store"


def test_unknown_address_gets_a_page(client):
    answer = client.get("/nada")
    assert answer.status_code == 404
    assert "Volver al formulario" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/problem+json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
    ],
)
def test_unknown_address_is_told_as_the_client_reads(client, accept, kind):
    answer = client.get("/nada", headers={"Accept": accept})
    assert (answer.status_code, answer.content_type) == (404, kind)


def test_every_answer_has_the_headers(client):
    for address in ("/", "/health", "/nada"):
        assert HEADERS.items() <= dict(client.get(address).headers).items()
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_forwarded_address_counts_behind_as_many_proxies_as_said(bundles, proxies, address):
    app = create_app(Settings(app_bundles=bundles, app_proxies=proxies))
    seen = []
    app.before_request(lambda: seen.append(request.remote_addr))
    app.test_client().get("/health", headers={"X-Forwarded-For": "203.0.113.7"})
    assert seen == [address]


def test_body_limit_is_the_setting_s(bundles):
    client = create_app(Settings(app_bundles=bundles, app_max_body_kib=1)).test_client()
    assert [post(client, b" " * size).status_code for size in (1024, 1025)] == [400, 413]


def test_failure_inside_the_model_is_logged_and_not_shown(app, client, caplog):
    model = app.extensions["model"]
    app.extensions["model"] = type("Broken", (), {"contract": model.contract, "predict": lambda self, row: 1 / 0})()
    try:
        answer = post(client, '{"estudio": 6, "sueno": 8}')
    finally:
        app.extensions["model"] = model
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    number = answer.json["detail"].rpartition("(")[2].rstrip(")")
    assert number in caplog.text
    assert "ZeroDivisionError" in caplog.text
