"""A probability as a hundred icons: as many are filled as the sentence beside them says."""

import re

import pytest
from playwright.sync_api import Browser

from app.icon_array import icon_array
from app.texts import Texts

CASES = Texts(es="pasajeros así", en="such passengers")
CASES_OF = [
    (0.545, "55 of 100 such passengers: died", 55),
    (0.5, "50 of 100 such passengers: died", 50),
    (0.004, "fewer than 1 of 100 such passengers: died", 1),
    (0.9996, "more than 99 of 100 such passengers: died", 99),
    (0.006, "1 of 100 such passengers: died", 1),
    (0.0, "0 of 100 such passengers: died", 0),
    (1.0, "100 of 100 such passengers: died", 100),
]
DRAWN = """([filled, rest]) => {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = canvas.height = 100;
  context.lineCap = "round";
  for (const [path, width, colour] of [[rest, 4, "#0f0"], [filled, 8, "#f00"]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(new Path2D(path));
  }
  const icons = [...Array(100).keys()].map(place =>
    context.getImageData(place % 10 * 10 + 5, Math.floor(place / 10) * 10 + 5, 1, 1).data);
  return [icons.filter(icon => icon[0] > 200).length, icons.filter(icon => icon[1] > 200).length];
}"""
"""Draws the paths with round ends, and counts the icons of either kind by the colour in their middles."""


@pytest.mark.parametrize(("share", "sentence", "filled"), CASES_OF)
def test_as_many_are_filled_as_the_sentence_says(app, browser: Browser, share, sentence, filled):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        icons = icon_array(share, "died", CASES)
    assert icons.sentence == sentence
    page = browser.new_page()
    assert page.evaluate(DRAWN, [icons.filled, icons.rest]) == [filled, 100 - filled]
    page.close()


def test_page_shows_them_in_either_language_and_says_what_the_owner_calls_them(submit):
    entries = {"class": "third", "sex": "female", "age": "adult"}
    english, spanish = (submit("titanic", entries, language=language).text for language in ("en", "es"))
    assert re.search(r"<p[^>]*>5\d of 100 such people on board: You would have died</p>", english)
    assert re.search(r"<p[^>]*>5\d de cada 100 personas así a bordo: Habrías muerto</p>", spanish)


def test_cases_have_a_name_where_the_owner_gives_none(app):
    with app.test_request_context(headers={"Accept-Language": "es"}):
        assert icon_array(0.25, "no", None).sentence == "25 de cada 100 casos así: no"
