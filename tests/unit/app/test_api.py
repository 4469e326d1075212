"""The API: models, predictions, refusals."""

import json
import re

import pytest

ROW = {"estudio": 6, "sueno": 8}
PREDICTIONS = "/api/v1/models/exam/predictions"
PREDICTION = "/api/v1/models/exam/prediction"


def test_models_are_listed_with_contract_metrics_and_version(client, app):
    cards = client.get("/api/v1/models").json
    assert [card["name"] for card in cards] == ["diabetes", "every_kind", "exam", "titanic"]
    card = client.get("/api/v1/models/titanic").json
    assert card == cards[-1]
    assert card["version"] == app.extensions["models"]["titanic"].version
    assert 0.5 < card["metrics"]["accuracy"] < 1
    label = {"es": "En primera clase", "en": "In first class"}
    assert card["contract"]["fields"][0]["choices"][0] == {"value": "first", "label": label}


@pytest.mark.parametrize(("body", "count"), [(ROW, 1), ([ROW], 1), ([ROW, {"estudio": 1, "sueno": 4.5}], 2)])
def test_one_row_or_many(client, body, count):
    document = client.post(PREDICTIONS, json=body, headers={"Accept-Language": "en"}).json
    assert document["model"] == "exam"
    assert len(document["predictions"]) == count
    first = document["predictions"][0]
    assert (first["value"], first["label"]) == ("Aprobado", "Pass")
    assert first["probability"] == first["probabilities"]["Aprobado"]
    assert sum(first["probabilities"].values()) == pytest.approx(1)


def test_number_has_a_value_and_an_interval_where_one_was_measured(client):
    fields = client.get("/api/v1/models/diabetes").json["contract"]["fields"]
    row = {field["name"]: field["example"] for field in fields}
    (prediction,) = client.post("/api/v1/models/diabetes/predictions", json=row).json["predictions"]
    assert list(prediction) == ["value", "interval"]
    low, high, coverage = prediction["interval"].values()
    assert (low < prediction["value"] < high, coverage) == (True, 0.9)
    assert 25 < prediction["value"] < 346


def test_prediction_for_a_row_in_the_address_can_be_cached(client):
    response = client.get(f"{PREDICTION}?estudio=6&sueno=8")
    assert response.json["prediction"]["value"] == "Aprobado"
    assert response.headers["Cache-Control"] == "public, no-cache"
    again = client.get(f"{PREDICTION}?estudio=6&sueno=8", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", response.headers["ETag"])
    weak = client.get(f"{PREDICTION}?estudio=6&sueno=8", headers={"If-None-Match": f"W/{response.headers['ETag']}"})
    assert weak.status_code == 304, "as Nginx makes it of a compressed response"


def test_tag_changes_only_with_model_and_language(client, app, monkeypatch):
    def tag(language: str = "en") -> str:
        return client.get(f"{PREDICTION}?estudio=6&sueno=8", headers={"Accept-Language": language}).headers["ETag"]

    first = tag()
    assert tag() == first
    assert tag("es") != first
    monkeypatch.setattr(type(app.extensions["models"]["exam"]), "version", "another")
    assert tag() != first


def test_wrong_address_is_no_304(client):
    tag = client.get(f"{PREDICTION}?estudio=6&sueno=8").headers["ETag"]
    assert client.get(f"{PREDICTION}?estudio=99&sueno=8", headers={"If-None-Match": tag}).status_code == 422


WRONG_ROWS = [
    ("{}", {"estudio": "is missing", "sueno": "is missing"}),
    ('{"estudio": null, "sueno": 8}', {"estudio": "is missing"}),
    ('{"estudio": "6", "sueno": true}', {"estudio": "is a text: write 6, without quotes", "sueno": "is not a number"}),
    ('{"estudio": 1e999, "sueno": 1' + "0" * 400 + "}",
     {"estudio": "is not a finite number", "sueno": "is not a finite number"}),
    ('{"estudio": [6], "sueno": {"a": 1}}', {"estudio": "is not a number", "sueno": "is not a number"}),
    ('{"estudio": -0.1, "sueno": 24.01}',
     {"estudio": "is out of range: from 0 to 24", "sueno": "is out of range: from 0 to 24"}),
    ('{"estudio": 6, "suenno": 8}',
     {"sueno": "is missing", "suenno": "is not a field of this model; the closest is “sueno”"}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "sentences"), WRONG_ROWS)
def test_wrong_row_gets_a_sentence_per_field(client, row, sentences):
    response = client.post(PREDICTIONS, data=row, content_type="application/json", headers={"Accept-Language": "en"})
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    errors = response.json["errors"]
    assert {error["field"]: error["detail"] for error in errors} == sentences
    assert {error["pointer"] for error in errors} == {f"#/{name}" for name in sentences}
    assert response.json["status"] == 422
    assert re.fullmatch("[0-9a-f]{32}", response.json["request_id"])


def test_wrong_rows_are_found_among_many(client):
    rows = [ROW, {"estudio": 25, "sueno": 8}, ROW, {"sueno": 8, "a/b~c": 1}]
    response = client.post(PREDICTIONS, json=rows)
    assert [error["pointer"] for error in response.json["errors"]] == ["#/1/estudio", "#/3/estudio", "#/3/a~1b~0c"]


def test_sentences_come_in_spanish_too(client):
    response = client.post(PREDICTIONS, json={}, headers={"Accept-Language": "es"})
    assert [error["detail"] for error in response.json["errors"]] == ["falta", "falta"]


MALFORMED = [
    (b"", 400),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[" * 60_000, 400),
    (b"[" * 70_000, 413),
    (b'{"estudio": NaN, "sueno": 8}', 400),
    (b'{"estudio": -Infinity, "sueno": 8}', 400),
    (b'{"\\ud800": 1}', 400),
    (b'{"estudio": "\\ud800", "sueno": 8}', 400),
    (b"[]", 422),
    (b"[1]", 422),
    (b"[[]]", 422),
    (b"6", 422),
    (b"null", 422),
    (b'"text"', 422),
]


@pytest.mark.parametrize(("body", "status"), MALFORMED)
@pytest.mark.parametrize(
    "path", [PREDICTIONS, "/modelo", "/invocations", "/models/exam/invocations", "/v2/models/exam/infer"]
)
def test_body_that_is_no_row(client, path, body, status):
    response = client.post(path, data=body, content_type="application/json")
    assert response.status_code == status
    is_ours = path in (PREDICTIONS, "/modelo")
    assert response.content_type == ("application/problem+json" if is_ours else "application/json")
    assert response.json["detail" if is_ours else "error" if "v2" in path else "message"]


def test_thousands_of_unknown_names_get_a_few_sentences(client):
    response = client.post(PREDICTIONS, json={f"x{number}": 1 for number in range(3000)})
    assert (response.status_code, len(response.json["errors"])) == (422, 12)


def test_thousands_of_faults_get_a_hundred_sentences(client):
    response = client.post(PREDICTIONS, json=[{}] * 100)
    assert (response.status_code, len(response.json["errors"])) == (422, 100)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/api/v1/models/nowhere", {}, 404),
        ("POST", "/api/v1/models/nowhere/predictions", {}, 404),
        ("GET", "/api/v1/nowhere", {}, 404),
        ("GET", PREDICTIONS, {}, 405),
        ("DELETE", "/api/v1/models", {}, 405),
        ("POST", PREDICTION, {}, 405),
        ("GET", "/modelo", {}, 405),
        ("POST", PREDICTIONS, {"Content-Type": "text/plain"}, 415),
        ("POST", "/modelo", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("GET", "/api/v1/models", {"Accept": "text/html"}, 406),
        ("GET", PREDICTION, {}, 422),
    ],
)
def test_refusal_has_its_status_and_is_a_problem(client, method, path, headers, status):
    response = client.open(path, method=method, headers=headers, data=b"x" if method == "POST" else None)
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert response.json["status"] == status
    if status == 405:
        assert response.headers["Allow"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*;q=0.5", "text/html, */*;q=0.1", None])
def test_client_that_accepts_json_gets_it(client, accept):
    assert client.get("/api/v1/models", headers={"Accept": accept} if accept else {}).status_code == 200


def test_rows_above_the_limit_are_refused(client):
    assert client.post(PREDICTIONS, json=[ROW] * 100).status_code == 200
    response = client.post(PREDICTIONS, json=[ROW] * 101, headers={"Accept-Language": "en"})
    assert response.status_code == 413
    assert "101 rows; at most 100" in response.json["detail"]


def test_json_keeps_letters_and_the_contract_s_order(client):
    response = client.get("/api/v1/models/exam")
    assert "¿Aprobarás el examen?".encode() in response.data
    assert [field["name"] for field in json.loads(response.data)["contract"]["fields"]] == ["estudio", "sueno"]
