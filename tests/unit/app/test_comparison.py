"""Two answers side by side: from an answer, one change and one click; one address holds both."""

import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from app import links
from app.comparison import compared
from app.predictions import Prediction
from app.texts import Texts

THIRD = {"class": "third", "sex": "female", "age": "adult"}
FIRST = THIRD | {"class": "first"}


def button(page: str) -> str:
    """Return where the button that compares sends the form."""
    return html.unescape(re.search(r'formaction="([^"]+)"', page)[1])


def cells(page: str) -> list[list[str]]:
    """Return the rows of a comparison's tables."""
    rows = re.findall(r"<tr[^>]*>(<th scope=\"row\">.*?)</tr>", page, re.S)
    texts = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return [[html.unescape(re.sub("<.*?>", "", cell)) for cell in row] for row in texts]


def compare(client, page: str, entries: dict[str, str], language: str = "en"):
    """Send a form to be compared, and follow to the comparison."""
    sent = client.post(button(page), data=entries, headers={"Accept-Language": language})
    assert sent.status_code == 303, sent.text
    return client.get(sent.headers["Location"], headers={"Accept-Language": language}), sent.headers["Location"]


def test_one_change_and_one_click_lead_to_both_answers_side_by_side(submit, client):
    page, address = compare(client, submit("titanic", THIRD, language="en").text, FIRST)
    assert page.status_code == 200
    table = cells(page.text)
    assert table[0] == ["Answer", "Too close to call", "You would have survived"]
    assert re.search(r'id="answer">“You would have survived” goes from 45.5% to 9\d\.\d%\.<', page.text)
    assert sorted(row[0] for row in table[1:3]) == ["You would have died", "You would have survived"]
    assert {row[2].split()[1][0] for row in table[1:3]} == {"+", "−"}
    assert table[3:] == [["How you travelled", "In third class", "In first class"]]
    assert parse_qs(urlsplit(address).query) == {"class": ["third", "first"], "sex": ["female"], "age": ["adult"]}
    assert f"{html.escape(address)}" in page.text


def test_comparison_is_opened_by_anybody_and_leads_to_each_answer(submit, app):
    client = app.test_client()
    page, address = compare(client, submit("titanic", THIRD, language="es").text, FIRST, "es")
    fresh = app.test_client().get(address, headers={"Accept-Language": "es"})
    assert cells(fresh.text) == cells(page.text)
    assert fresh.headers["Cache-Control"] == "no-store"
    answers = [html.unescape(link) for link in re.findall(r'<th scope="col"><a href="([^"]+)">[AB]<', fresh.text)]
    shares = [
        re.findall(r"\d+,\d\xa0%", app.test_client().get(link, headers={"Accept-Language": "es"}).text)
        for link in answers[:2]
    ]
    assert cells(fresh.text)[1][1] in shares[0] and cells(fresh.text)[1][2].split(" ")[0] in shares[1]


def test_next_case_is_compared_with_the_first_too(submit, client):
    page, _ = compare(client, submit("titanic", THIRD, language="en").text, FIRST)
    assert "Compare with A" in page.text
    _, address = compare(client, page.text, FIRST | {"age": "child"})
    assert parse_qs(urlsplit(address).query) == {
        "class": ["third", "first"],
        "sex": ["female"],
        "age": ["adult", "child"],
    }


def test_what_is_missing_in_one_is_a_difference(submit, client):
    entries = {
        "altura (cm)": "1",
        "niños": "2",
        "sí/no": "true",
        "plan": "10",
        "nota": "x",
        "libre": "1",
        "día": "",
        "cita": "",
    }
    page, _ = compare(client, submit("every_kind", entries, language="en").text, entries | {"plan": "", "libre": "2"})
    assert cells(page.text)[-2:] == [["Plan", "Ten", "not given"], ["Free", "1", "2"]]


@pytest.mark.parametrize(("values", "sentence", "change"), [
    ((1.0, 13.5), "B's answer is 12.5 higher.", "+12.5"), ((13.5, 1.0), "B's answer is 12.5 lower.", "−12.5"),
    ((144.2719, 150.5), "B's answer is 6.23 higher.", "+6.23"), ((2.0, 2.0000001), "Both get the same answer.", "0"),
    ((203020, 203021.4), "B's answer is 1 higher.", "+1"), ((0.0, 0.0), "Both get the same answer.", "0"),
    ((2.0, 2.0), "Both get the same answer.", "0"),
])  # fmt: skip
def test_numbers_are_subtracted(app, values, sentence, change):
    model = app.extensions["models"]["diabetes"]
    row = [field.example for field in model.contract.fields]
    with app.test_request_context(headers={"Accept-Language": "en"}):
        result = compared(model, (row, row), [Prediction(value) for value in values])
    assert (result.sentence, result.lines[0].change, result.changed) == (sentence, change, [])


@pytest.mark.parametrize(("change", "sentence"), [
    (5.0, "La respuesta de B supera en 5 a la de A."), (-5.0, "La respuesta de B queda 5 por debajo de la de A."),
])  # fmt: skip
def test_numbers_are_compared_in_spanish(app, change, sentence):
    model = app.extensions["models"]["diabetes"]
    row = [field.example for field in model.contract.fields]
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert compared(model, (row, row), [Prediction(100.0), Prediction(100.0 + change)]).sentence == sentence


@pytest.mark.parametrize(("first", "second", "sentence"), [
    ((0.48, 0.52), (0.48, 0.52), "Both get the same probabilities."),
    ((0.48, 0.52), (0.48001, 0.51999), "Both get the same probabilities."),
    ((0.48, 0.52), (0.51, 0.49), "“Same” goes from 48% to 51%."),
    ((0.48, 0.52), (0.45, 0.55), "“Same” goes from 52% to 55%."),
])  # fmt: skip
def test_close_shares_are_compared_label_by_label(app, first, second, sentence):
    """Even where both labels are called the same."""
    model = app.extensions["models"]["every_kind"]
    predicts = model.contract.predicts
    labels = [label.model_copy(update={"label": Texts(es="Igual", en="Same")}) for label in predicts.labels]
    contract = model.contract.model_copy(update={"predicts": predicts.model_copy(update={"labels": (*labels,)})})
    alike = replace(model, manifest=model.manifest.model_copy(update={"contract": contract}))
    row = model.validator.typed(model.contract.example)
    pairs = [
        Prediction(int(shares[1] > shares[0]) + 1, int(shares[1] > shares[0]), shares) for shares in (first, second)
    ]
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert compared(alike, (row, row), pairs).sentence == sentence


def test_form_at_fault_can_still_be_compared(submit, client):
    page = submit("exam", {"estudio": "6", "sueno": "8"}, language="en").text
    sent = client.post(button(page), data={"estudio": "25", "sueno": "8"}, headers={"Accept-Language": "en"})
    assert sent.status_code == 422 and "is out of range" in sent.text
    assert button(sent.text) == button(page)


def test_what_is_too_long_together_is_said(opinion):
    client = opinion.test_client()
    (model,) = opinion.extensions["models"].values()
    text = "ñ" * 400  # of six characters each in an address
    assert links.ADDRESS_BYTES / 2 < len(quote(text)) < links.ADDRESS_BYTES
    first = f"/models/{model.name}/comparison/{model.version}?texto={quote(text)}"
    sent = client.post(first, data={"texto": "y" + text}, headers={"Accept-Language": "en"})
    assert sent.status_code == 200 and "too long for one address" in sent.text and 'id="answer"' in sent.text


@pytest.mark.parametrize(
    "query", ["estudio=1&estudio=2&estudio=3&sueno=8", "estudio=1&estudio=25.5&sueno=8", "estudio=1"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_address_that_the_model_refuses_shows_why(client, query, method):
    address = f"/models/exam/comparison/0123456789ab?{query}"
    response = client.open(address, method=method, data={"estudio": "1", "sueno": "2"} if method == "post" else None)
    assert response.status_code == 422
    assert 'role="alert"' in response.text
