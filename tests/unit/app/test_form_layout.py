"""Forms of many fields, and of many choices: what is asked first, what is folded, what is searched."""

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.engines import EngineOutputs
from app.forms import MANY
from app.settings import Settings
from tests.csrf import token

TOWNS = [{"value": f"t{number}", "label": {"es": f"Villa {number}", "en": f"Town {number}"}} for number in range(5000)]
TOWNS[7]["label"] = TOWNS[8]["label"] = {"es": "Villa Doble", "en": "Twin Town"}
TOWN = {"name": "town", "kind": "category", "label": "Town", "choices": TOWNS, "example": "t3"}


class Ramp:
    """An engine of which each field counts as much as its place in the contract."""

    gives_probabilities = False

    def compute(self, rows: Any) -> Any:
        return EngineOutputs(
            values=[
                float(sum(place * (value or 0) for place, value in enumerate(row) if not isinstance(value, str)))
                for row in rows
            ]
        )


def number(place: int, **more: Any) -> dict[str, Any]:
    limits = {"minimum": 0, "maximum": 9, "example": 5}
    return {"name": f"n{place}", "kind": "number", "label": f"Number {place}", **limits, **more}


@pytest.fixture
def client_of(bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of a model with such fields, computed by `Ramp`."""

    def client(fields: list[dict[str, Any]]) -> FlaskClient:
        shutil.copytree(bundles / "diabetes", tmp_path / "diabetes")
        file = tmp_path / "diabetes" / "model.json"
        manifest = json.loads(file.read_text())
        manifest["contract"]["fields"] = fields
        manifest["golden"], manifest["columns"] = [], {}
        file.write_text(json.dumps(manifest))
        monkeypatch.setattr("app.model._engine", lambda *_: Ramp())
        return create_app(Settings(app_bundles=tmp_path, app_default_model="", secret_key="x" * 32)).test_client()

    return client


def sent(client: FlaskClient, entries: dict[str, str], language: str = "en") -> str:
    headers = {"Accept-Language": language}
    page = client.get("/models/diabetes", headers=headers).text
    return client.post("/models/diabetes", data={"csrf_token": token(page)} | entries, headers=headers).text


def asked(page: str) -> list[str]:
    """Return the names of a form's inputs, in the page's order."""
    return re.findall(r'<(?:input|select)[^>]* name="([nt][^"]*)"', page.split("</form>")[0])


def test_many_fields_begin_with_those_that_move_the_answer_most_and_fold_the_others(client_of):
    page = (
        client_of([number(place, missing=place != 2) for place in range(40)])
        .get("/models/diabetes?", headers={"Accept-Language": "en"})
        .text
    )
    assert asked(page)[:MANY] == [f"n{place}" for place in range(39, 39 - MANY, -1)]
    shown, folded = page.split("<details>")[:2]
    assert 'name="n2"' in shown and 'name="n3"' not in shown and 'name="n3"' in folded
    assert "27 more, which may stay empty" in folded
    assert page.count("(required)") == 1
    assert "Leave it empty" not in page and 'class="actions sticky"' in page


def test_fold_is_open_where_an_input_in_it_is_refused(client_of):
    client = client_of([number(place, missing=True) for place in range(40)])
    assert "<details>" in sent(client, {"n39": "x"}) and "<details open>" not in sent(client, {"n39": "x"})
    assert "<details open>" in sent(client, {"n3": "x"})
    assert "Others that change it still less: 28." in sent(client, {"n39": "5"})


def test_groups_are_the_owner_s(client_of):
    fields = [
        number(0),
        number(1, group={"es": "Casa", "en": "House"}),
        number(2),
        number(3, group={"es": "Casa", "en": "House"}),
    ]
    page = client_of(fields).get("/models/diabetes", headers={"Accept-Language": "es"}).text
    assert re.findall(r'<legend class="h5">([^<]+)<', page) == ["Otras propiedades", "Casa"]
    assert asked(page) == ["n0", "n2", "n1", "n3"]


def test_few_fields_have_no_groups_and_nothing_folded(client):
    page = client.get("/models/every_kind").text
    form = page[page.index("<form") : page.index("</form>")]
    assert '<legend class="h5">' not in form and "<details" not in form and "sticky" not in form


@pytest.mark.parametrize(
    ("language", "typed", "value"),
    [
        ("en", "Town 4321", "t4321"),
        ("es", "villa  4321 ", "t4321"),
        ("en", "t12", "t12"),
        ("en", "Twin Town (t8)", "t8"),
    ],
)
def test_choice_of_thousands_is_typed_by_its_label_or_its_value(client_of, language, typed, value):
    page = sent(client_of([number(0), TOWN]), {"n0": "1", "town": typed}, language)
    assert f'"town": "{value}"' in html.unescape(page)
    assert f'value="{html.escape(typed)}"' in page


@pytest.mark.parametrize("typed", ["Town 5000", "Villa 4321", "Twin Town", "<b>"])
def test_what_is_no_choice_of_thousands_is_refused(client_of, typed):
    page = sent(client_of([number(0), TOWN]), {"n0": "1", "town": typed})
    assert 'id="answer"' not in page and "is not one of the choices" in page and "<b>" not in page


def test_page_of_thousands_of_choices_is_short_and_its_example_a_label(client_of):
    page = client_of([number(0), TOWN]).get("/models/diabetes?example=1", headers={"Accept-Language": "en"}).text
    assert len(page.encode()) < 300_000
    assert page.count("<option>") == 5000
    assert 'list="field-1-choices"' in page and 'value="Town 3"' in page and "5,000 choices: type to search." in page


def test_choices_that_would_make_a_page_long_can_still_be_typed(client_of):
    towns = [{"value": f"t{number}", "label": f"{'Town ' * 30}{number}"} for number in range(5000)]
    client = client_of([number(0), TOWN | {"choices": towns}, TOWN | {"name": "two", "choices": towns}])
    assert len(client.get("/models/diabetes").text.encode()) < 300_000
    page = sent(client, {"n0": "1", "town": towns[4999]["label"], "two": "t1"})
    assert '"town": "t4999"' in html.unescape(page)
