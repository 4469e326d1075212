"""The home page of many models: in the order of their titles, and searched without a script."""

import json
import re
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import catalogue, create_app
from app.settings import Settings

TITLES = {
    "z": ("Ánimo", "Mood"),
    "y": ("¿Zarpará el barco?", "Will the ship sail?"),
    "x": ("«Barcos» <de> vela", "“Ships” with sails"),
}


@pytest.fixture(scope="module")
def many(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Return a client of more models than the home page lists without a search."""
    folder = tmp_path_factory.mktemp("many")
    filler = {f"m{place}": (f"Modelo {place}", f"Model {place}") for place in range(27)}
    for name, (spanish, english) in (TITLES | filler).items():
        shutil.copytree(bundles / "exam", folder / name)
        manifest = json.loads((folder / name / "model.json").read_text())
        manifest["contract"] |= {"name": name, "title": {"es": spanish, "en": english}}
        (folder / name / "model.json").write_text(json.dumps(manifest))
    return create_app(Settings(app_bundles=folder, app_default_model="")).test_client()


def found(client: FlaskClient, query: str, language: str = "es") -> list[str]:
    page = client.get("/", query_string={"q": query} if query else {}, headers={"Accept-Language": language}).text
    return re.findall(r'stretched-link" href="/models/([^"]+)"', page)


@pytest.mark.parametrize(
    ("language", "first", "last"), [("es", ["z", "x"], ["y"]), ("en", ["m0", "m1", "m2"], ["x", "y"])]
)
def test_models_stand_by_title_whatever_accents_and_marks_it_begins_with(many, language, first, last):
    names = found(many, "", language)
    assert len(names) == 30
    assert names[: len(first)] == first
    assert names[-len(last) :] == last


@pytest.mark.parametrize(
    ("query", "names"),
    [("barco", ["x", "y"]), ("BARCO zarpara", ["y"]), ("animo", ["z"]), ("Ánimo", ["z"]), ("ship", []), ("<de>", ["x"]),
     ("modelo 7", ["m7", "m17"]), ("nothing" * 1000, []), ("%00'\"", [])],
)  # fmt: skip
def test_search_finds_all_words_in_small_letters_without_accents(many, query, names):
    assert found(many, query) == names


def test_search_says_how_many_and_leads_back_to_all(many):
    page = many.get("/?q=ship", headers={"Accept-Language": "en"}).text
    assert "Models found: 2." in page and '<a href="/">All 30</a>' in page and 'value="ship"' in page


def test_few_models_need_no_search(client):
    assert 'type="search"' not in client.get("/").text
    assert len(client.application.extensions["models"]) <= catalogue.MANY
