"""The card of a model: what its owner says is published in the reader's language, and nothing else."""

import json
import re
import shutil
from pathlib import Path

from app import create_app
from app.settings import Settings

CARD = {
    "intended_use": {"es": "Orientar", "en": "To orient"},
    "contact": "school@example.org, https://school.example <b>",
    "groups": [{"name": "Sex: female", "rows": 470, "metrics": {"accuracy on rows not trained on": 0.79}}],
}


def page_with(card: dict, bundles: Path, folder: Path, language: str) -> str:
    shutil.copytree(bundles / "exam", folder / "exam")
    manifest = folder / "exam" / "model.json"
    content = json.loads(manifest.read_text())
    content["contract"]["card"] = card
    manifest.write_text(json.dumps(content))
    app = create_app(Settings(app_bundles=folder, app_default_model="", secret_key="x" * 32))
    page = app.test_client().get("/models/exam", headers={"Accept-Language": language}).text
    return page[page.index('id="card"') :]


def test_what_is_said_is_published_and_what_is_not_leaves_no_blank(bundles, tmp_path):
    english = page_with(CARD, bundles, tmp_path / "en", "en")
    assert "<dt>What it is for</dt><dd>To orient</dd>" in english
    assert 'href="mailto:school@example.org"' in english and 'href="https://school.example"' in english
    assert "&lt;b&gt;" in english and "<b>" not in english
    assert re.search(r"Sex: female</th><td>470</td><td>Accuracy, on rows it wasn&#39;t trained on: 79%</td>", english)
    assert "What it isn't for" not in english and "Limitations" not in english
    full = page_with(CARD | {"out_of_scope": "x"}, bundles, tmp_path / "full", "en")
    assert "<dt>What it isn't for</dt><dd>x</dd>" in full
    spanish = page_with(CARD, bundles, tmp_path / "es", "es")
    assert "<dt>Para qué sirve</dt><dd>Orientar</dd>" in spanish and "Cómo se comporta con cada grupo" in spanish


def test_card_without_anything_has_no_table_and_no_heading_of_its_own(bundles, tmp_path):
    page = page_with({}, bundles, tmp_path / "bundles", "en")
    assert "What it is for" not in page and "<table" not in page
