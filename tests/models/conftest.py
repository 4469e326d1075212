"""A project that models are imported into, empty or with one model."""

from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from deploy.models import cli, importer, installation
from tests.models.project import HIGH, TABLE, Importer


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Importer:
    """With a state of its own: the checkout's may hold models that somebody replaced."""

    def state(*parts: str) -> Path:
        path = tmp_path.joinpath(".puerto", *parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    for module in (importer, installation):
        monkeypatch.setattr(module, "state", state)
    return Importer(tmp_path)


@pytest.fixture
def stranger(add: Importer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one model, which was added, for the commands."""
    add(add.file("stranger.joblib", LogisticRegression().fit(TABLE[["u", "v"]], HIGH)), data=add.table())
    monkeypatch.setattr(cli, "MODELS", add.models)
    monkeypatch.setattr(cli, "BUNDLES", add.bundles)
    return add.models / "stranger"
