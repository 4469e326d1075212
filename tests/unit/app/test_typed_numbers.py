"""Numbers typed into a form: the page reads them as it prints them, or asks."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app import create_app, whatif
from app.settings import Settings
from tests.csrf import token
from tests.typed import ASKED, OTHERS, TYPED

LANGUAGES = ("es", "en")
ANSWER = re.compile(r'<h2 id="answer">(.*) m²</h2>')
READINGS = re.compile(r'<p class="small mt-2 mb-0">(.*?)</p>')


@pytest.fixture(scope="module")
def numbers(numbers_bundles: Path) -> Flask:
    return create_app(Settings(app_bundles=numbers_bundles, app_default_model="", secret_key="x" * 32))


@pytest.fixture
def page(numbers: Flask) -> Callable[..., str]:
    """Return the page that answers to texts in fields, in a language."""
    client = numbers.test_client()

    def post(language: str, **texts: str) -> str:
        headers = {"Accept-Language": language}
        form = {"csrf_token": token(client.get("/models/numbers", headers=headers).text)} | OTHERS | texts
        return html.unescape(client.post("/models/numbers", data=form, headers=headers).text)

    return post


def answer(page: str) -> str | None:
    """Return what a page answers, without the unit; None where it refuses."""
    match = ANSWER.search(page)
    return match and match[1]


@pytest.mark.parametrize("text", TYPED)
def test_number_is_read_as_the_page_prints_it(page, text):
    expected = TYPED[text] or (None, None)
    assert tuple(answer(page(language, valor=text)) for language in LANGUAGES) == expected


@pytest.mark.parametrize(("language", "name", "text"), ASKED)
def test_page_asks_what_it_would_have_to_guess(page, language, name, text):
    shown = page(language, **{name: text})
    assert answer(shown) is None
    assert f": {ASKED[language, name, text]}.</div>" in shown


def test_ways_to_write_a_number_that_a_page_names_are_not_asked_for_again(page):
    for (language, name, _), sentence in ASKED.items():
        for text in re.findall(r"[\d,.]*\d", sentence) if " write " in sentence or " escribe " in sentence else ():
            assert not re.search("dos maneras|two ways", page(language, **{name: text})), text


@pytest.mark.parametrize(
    ("language", "texts", "lines"),
    [("es", {"valor": "1e3", "precio": "1000 €"}, ["Valor: se ha leído como 1.000 m²."]),
     ("en", {"valor": "1 234,5", "precio": "1,000"}, ["Value: read as 1,234.5 m²."]),
     ("en", {"valor": " 2536 m2 ", "tasa": "1,5", "precio": "EUR99.50"},
      ["Price: read as 99.5 EUR.", "Rate: read as 1.5 %."]),
     ("es", {"valor": "2.536", "year_built": "2.024", "tasa": ""}, ["Año: se ha leído como 2024."]),
     ("es", {"precio": ""}, [])],
)  # fmt: skip
def test_answer_says_how_it_read_what_is_written_otherwise(page, language, texts, lines):
    assert READINGS.findall(page(language, **texts)) == lines


@pytest.mark.parametrize(
    ("language", "texts"),
    [("es", ["De 50 a 244.382,44. Por ejemplo, 99.999,5.", "De 1900 a 2024. Por ejemplo, 1990.", 'value="1200"',
             'aria-describedby="field-2-help field-2-unit"',
             '<span class="input-group-text" id="field-2-unit">€</span>']),
     ("en", ["From 50 to 244,382.44. For example, 99,999.5.", "From 1900 to 2024. For example, 1990.",
             '<span class="input-group-text" id="field-2-unit">EUR</span>'])],
)  # fmt: skip
def test_bounds_examples_and_units_are_those_of_the_contract(numbers, language, texts):
    client = numbers.test_client()
    shown = client.get("/models/numbers", headers={"Accept-Language": language}).text
    assert [text for text in texts if text not in shown] == []


@pytest.mark.parametrize(("language", "values"), [("es", ["1234,5", "1990", "99999,5", "1,5"]),
                                                  ("en", ["1234.5", "1990", "99999.5", "1.5"])])  # fmt: skip
def test_example_is_written_as_the_page_reads_it(numbers, page, language, values):
    shown = numbers.test_client().get("/models/numbers?example=1", headers={"Accept-Language": language}).text
    assert re.findall(r'type="text" value="([^"]*)"', shown) == values
    names = [*OTHERS]
    answered = page(language, **dict(zip(names, values, strict=True)))
    assert READINGS.findall(answered) == []
    assert answer(answered) == {"es": "1.234,5", "en": "1,234.5"}[language]


def test_number_without_a_bound_below_gets_no_keyboard_that_lacks_the_minus(numbers):
    shown = numbers.test_client().get("/models/numbers").text
    keyboards = re.findall(r'id="field-(\d)" inputmode="(\w+)"', shown)
    assert keyboards == [("1", "numeric"), ("2", "decimal"), ("3", "decimal")]
    assert not re.search(r'type="number"|\b(min|max|step)="', shown)


def test_what_if_ends_where_the_range_ends(page, monkeypatch):
    monkeypatch.setattr(whatif, "FLAT", 0)  # so that a price is drawn which moves nothing
    shown = page("en", precio="100")
    assert "<span>50</span> <span>1</span>" in shown and "<span>244,382.44</span> <span>1</span>" in shown
    assert '<figcaption class="mb-2">Price (EUR)</figcaption>' in shown
