"""The application over bundles built for the tests, without a server."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from deploy.base.paths import KIT, MODELS
from deploy.models.builder import build
from tests.csrf import token

OWN = ("diabetes", "exam", "titanic")
"""The project's models: a checkout may have others beside them."""


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    assert all(build(MODELS / name, folder) for name in OWN)
    assert build(KIT / "tests" / "unit" / "every_kind", folder)
    return folder


@pytest.fixture(scope="session")
def numbers_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers")
    assert build(KIT / "tests" / "unit" / "numbers", folder / "bundles")
    return folder / "bundles"


@pytest.fixture(scope="session")
def app(bundles: Path) -> Flask:
    return create_app(Settings(app_bundles=bundles, secret_key="x" * 32, app_max_body_kib=64, app_max_rows=100))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def submit(client: FlaskClient) -> Callable[..., Any]:
    """Submit a model's form as a browser does: first the page, then the entries with the page's token."""

    def post(name: str, entries: dict[str, Any], language: str = "es") -> Any:
        headers = {"Accept-Language": language}
        page = client.get(f"/models/{name}", headers=headers).text
        return client.post(f"/models/{name}", data={"csrf_token": token(page)} | entries, headers=headers)

    return post
