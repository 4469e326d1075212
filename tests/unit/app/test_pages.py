"""The pages for people, in both languages."""

import json
import re
import shutil

import pytest

from app import create_app, metrics
from app.settings import Settings


@pytest.mark.parametrize(("language", "text"), [("es", "¿Aprobarás el examen?"), ("en", "Will you pass the exam?")])
def test_home_lists_every_model(client, language, text):
    page = client.get("/", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}">' in page
    assert text in page
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
    response = client.get("/language/en?next=/models/exam", headers={"Accept-Language": "es"})
    assert (response.status_code, response.headers["Location"]) == (303, "/models/exam")
    assert '<html lang="en">' in client.get("/models/exam", headers={"Accept-Language": "es"}).text


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "%0d", "//[", "https://[",
     "/\t/evil.example"],
)  # fmt: skip
def test_language_switch_leads_nowhere_else(client, address):
    assert client.get("/language/en", query_string={"next": address}).headers["Location"] == "/"


def test_unknown_language_is_not_found(client):
    assert client.get("/language/fr").status_code == 404


def test_card_names_the_address_for_programs(client):
    page = client.get("/models/exam", headers={"Host": "practica_flask"}).text
    assert ">POST /api/v1/models/exam/predictions<" in page
    body = page.split("<body>")[1]
    assert "http://" not in body.replace("http://www.w3.org", "")


def test_card_has_metrics_source_and_versions(client):
    page = client.get("/models/titanic", headers={"Accept-Language": "en"}).text
    for text in ("Accuracy", "2,201", "British Board of Trade", "scikit-learn 1.", "MIT", "21 November 2026"):
        assert text in page


@pytest.mark.parametrize(
    ("accepted", "day"),
    [("en", "21 November 2026"), ("en-GB", "21 November 2026"), ("fr, en-US;q=0.5", "November 21, 2026"),
     ("es-MX", "21 de noviembre de 2026"), ("en-XX", "21 November 2026"),
     ("es, en-US;q=0.5", "21 de noviembre de 2026")],
)  # fmt: skip
def test_date_is_written_as_the_readers_region_does(client, accepted, day):
    assert f"<dd>{day}</dd>" in client.get("/models/titanic", headers={"Accept-Language": accepted}).text


@pytest.mark.parametrize(
    ("metric", "value", "spanish", "english"),
    [("accuracy on the given table", 0.9023, "Exactitud, con la tabla con la que se entrenó: 90,2\xa0%",
      "Accuracy, on the table it was trained on: 90.2%"),
     ("accuracy on rows not trained on", 0.8, "Exactitud, con filas con las que no se entrenó: 80\xa0%",
      "Accuracy, on rows it wasn't trained on: 80%"),
     ("rows not trained on", 111, "Filas con las que no se entrenó: 111", "Rows it wasn't trained on: 111"),
     ("r2_score", 0.5, "R²: 0,5", "R²: 0.5"), ("ROC_AUC", 0.75, "Área bajo la curva ROC: 0,75",
      "Area under the ROC curve: 0.75"), ("gain", 12345.6, "gain: 12.346", "gain: 12,346")],
)  # fmt: skip
def test_metric_has_a_name_and_a_figure_for_people(app, metric, value, spanish, english):
    for language, sentence in (("es", spanish), ("en", english)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert f"{metrics.name_of(metric)}: {metrics.in_words(metric, value)}" == sentence


def test_pages_load_nothing_from_elsewhere(client):
    for address in ("/", "/models/exam", "/api/docs", "/nowhere"):
        page = client.get(address).text
        for source in re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page):
            assert source.startswith("/"), source
            with client.get(source) as response:
                assert response.status_code == 200, source


def test_unknown_model_gets_a_page_that_lists_the_models(client):
    response = client.get("/models/nowhere", headers={"Accept-Language": "en"})
    assert response.status_code == 404
    assert "exam, titanic" in response.text


def test_texts_of_a_contract_are_escaped(bundles, tmp_path):
    """Whatever a contract contains is shown as text."""
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
