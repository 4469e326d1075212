"""What a page says of a prediction: the likeliest first, no verdict where it is close, what moves it, and for paper."""

import html
import json
import re

import pytest

from app.answers import answer_of
from app.contract import Contract
from app.predictions import Prediction

CONTRACT = {
    "name": "rain", "title": "Rain", "description": "Rain.",
    "predicts": {"kind": "classification", "label": "Rain", "labels": [
        {"value": place, "label": label} for place, label in enumerate(("none", "some", "much"))]},
    "fields": [{"name": "x", "kind": "number", "label": "X", "example": 1}],
}  # fmt: skip
THIRD = {"class": "third", "sex": "female", "age": "adult"}


@pytest.mark.parametrize(
    ("probabilities", "margin", "is_close"),
    [((0.2, 0.7, 0.1), None, False), ((0.4, 0.45, 0.15), None, True), ((0.4, 0.45, 0.15), 0.01, False),
     ((0.15, 0.8, 0.05), 0.9, True)],
)  # fmt: skip
def test_likeliest_is_first_and_no_verdict_below_the_margin(app, probabilities, margin, is_close):
    predicts = CONTRACT["predicts"] | ({} if margin is None else {"margin": margin})
    contract = Contract.model_validate(CONTRACT | {"predicts": predicts})
    with app.test_request_context(headers={"Accept-Language": "en"}):
        answer = answer_of(contract, Prediction(1, 1, probabilities))
    assert ([share.label for share in answer.shares], answer.is_close) == (["some", "none", "much"], is_close)


def test_headline_is_the_predicted_label_where_another_is_likelier(app):
    """As of a classifier that decides by a threshold of its own: page and API say the same."""
    contract = Contract.model_validate(CONTRACT)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        close, clear = (answer_of(contract, Prediction(1, 1, shares)) for shares in ((0.5, 0.4, 0.1), (0.9, 0.1, 0)))
    assert (close.own.label, close.own.percentage, close.rival.percentage) == ("some", "40%", "50%")
    assert close.is_close and not clear.is_close
    assert clear.headline == "some"


def test_close_answer_is_said_with_its_probability(submit):
    english, spanish = (submit("titanic", THIRD, language=language).text for language in ("en", "es"))
    assert '<h2 id="answer">54.5%: You would have died</h2>' in english
    assert "Too close to call: the next is at 45.5%." in english
    assert '<h2 id="answer">54,5\xa0%: Habrías muerto</h2>' in spanish


def test_answer_stands_before_the_form_and_its_bars_by_likelihood(submit):
    page = submit("exam", {"estudio": "1", "sueno": "4.5"}, language="en").text
    assert page.index('id="answer"') < page.index("<form")
    assert re.findall(r'<dt id="share-\d">([^<]+)<', page) == ["Fail", "Pass"]


def test_curves_are_the_six_that_move_it_most_and_the_others_are_named(submit, client):
    fields = client.get("/api/v1/models/diabetes").json["contract"]["fields"]
    page = submit("diabetes", {field["name"]: str(field["example"]) for field in fields}, language="en").text
    assert page.count("<figure") == 6
    named = re.findall(r"These (?:change it less|hardly change it): ([^.]+)\.<", page)
    assert sum(len(labels.split("; ")) for labels in named) == len(fields) - 6


def test_answer_is_there_as_json_as_the_api_gives_it(submit, client):
    page = submit("titanic", THIRD, language="en").text
    document = json.loads(html.unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page, re.S)[1]))
    body = client.post("/api/v1/models/titanic/predictions", json=THIRD, headers={"Accept-Language": "en"}).json
    assert document == {
        "model": "titanic",
        "version": body["version"],
        "row": THIRD,
        "prediction": body["predictions"][0],
    }


def test_paper_gets_what_was_entered_and_where_it_comes_from(submit, client):
    page = submit("titanic", THIRD, language="es").text
    paper = page.split('<section class="print">')[1].split("</section>")[0]
    assert "<dt>Sexo</dt><dd>Mujer</dd>" in paper
    address = re.search(r'<a href="([^"]+)">([^<]+)</a>', paper)
    assert address[1] == address[2] and client.get(html.unescape(address[1])).status_code == 200
    assert "/models/titanic/answer/" in address[1] and re.search(r"\d de \w+ de 20\d\d", paper)
    assert '<section class="print">' not in client.get("/models/titanic?example=1").text
