"""The practice's own address, and those of the tutorials."""

import pytest

from tests.csrf import token
from tests.unit.app.test_protocols import LABELS, ROWS

TUTORIALS = ("/predict", "/resultado")
PLAIN = {"estudio": 6, "sueno": 8}


@pytest.mark.parametrize("path", ["/modelo", *TUTORIALS])
def test_practice_answers_the_default_model_s_label(client, path):
    for row, label in zip(ROWS, LABELS, strict=True):
        assert client.post(path, json=row).json == client.post(path, json=[row]).json == {"predict": label}


@pytest.mark.parametrize("path", ["/modelo", *TUTORIALS])
@pytest.mark.parametrize("body", [[], ROWS, "6", 6, [None], [6]])
def test_practice_takes_one_row(client, path, body):
    response = client.post(path, json=body, headers={"Accept-Language": "en"})
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.json["detail"] == "The body must be one row: a JSON object, or an array of one."


@pytest.mark.parametrize("estudio", ["6", " 6 ", "6.0", "6,0", "0.6e1"])
def test_numbers_may_be_texts(client, estudio):
    assert client.post("/modelo", json={"estudio": estudio, "sueno": 8}).json == {"predict": "Aprobado"}


@pytest.mark.parametrize(
    ("estudio", "sentence"),
    [
        ("", "is missing"),
        ("seis", "is not a number"),
        ("25", "is out of range: from 0 to 24"),
        ("24.001", "is out of range: from 0 to 24"),
        ("1,234", "is ambiguous: write 1234 or 1.234"),
        ([6], "is not a number"),
        (True, "is not a number"),
    ],
)
def test_text_that_is_no_number_of_the_field(client, estudio, sentence):
    response = client.post("/modelo", json={"estudio": estudio, "sueno": 8}, headers={"Accept-Language": "en"})
    assert (response.status_code, response.json["detail"]) == (422, f"estudio: {sentence}")


def test_point_of_a_text_is_decimal(client):
    """A form would refuse it as ambiguous; a program means 2.345."""
    texts, numbers = ({"estudio": kind("2.345"), "sueno": kind("8.125")} for kind in (str, float))
    assert client.post("/modelo", json=texts).json == client.post("/modelo", json=numbers).json


def test_every_kind_of_field_may_be_a_text(app, client):
    validator, example = (
        app.extensions["models"]["every_kind"].validator,
        app.extensions["models"]["every_kind"].contract,
    )
    texts = {name: {True: "sí"}.get(value, str(value)) for name, value in example.example.items()}
    assert validator.mixed(texts) == validator.typed(example.example)


@pytest.mark.parametrize("name", ["estudios", "feature1"])
def test_only_the_contract_s_names_are_known(client, name):
    response = client.post("/modelo", json={name: "1", "sueno": "8"})
    assert {error["field"] for error in response.json["errors"]} == {"estudio", name}


@pytest.mark.parametrize("path", TUTORIALS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_tutorial_s_form_gets_the_model_s_page(client, path, kind):
    response = client.post(path, data=PLAIN, content_type=kind, headers={"Accept-Language": "es"})
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert '<h2 id="answer">Aprobado</h2>' in response.text
    assert 'action="/models/exam"' in response.text


def test_page_that_answers_a_tutorial_can_be_sent_again(client):
    page = client.post("/predict", data=PLAIN).text
    assert client.post("/models/exam", data=PLAIN | {"csrf_token": token(page)}).status_code == 200


def test_no_other_form_goes_without_its_token(client):
    assert client.post("/models/exam", data=PLAIN).status_code == 400


@pytest.mark.parametrize("path", TUTORIALS)
def test_tutorial_s_form_with_errors_gets_them_on_the_page(client, path):
    response = client.post(path, data={"estudio": "25", "otro": "1"}, headers={"Accept-Language": "en"})
    assert (response.status_code, response.mimetype) == (422, "text/html")
    assert "is out of range: from 0 to 24" in response.text
    assert "otro" in response.text


@pytest.mark.parametrize("path", TUTORIALS)
def test_tutorial_s_addresses_refuse_in_what_was_sent(client, path):
    long = client.post(path, data={"estudio": "9" * 70_000})
    assert (long.status_code, long.mimetype) == (413, "text/html")
    other = client.post(path, data="estudio=6", content_type="text/plain")
    assert (other.status_code, other.mimetype) == (415, "application/problem+json")


@pytest.mark.parametrize("path", TUTORIALS)
def test_opened_address_leads_to_the_form(client, path):
    response = client.get(path)
    assert (response.status_code, response.location) == (303, "/models/exam")
