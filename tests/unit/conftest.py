"""The application over a bundle built for the tests, without a server."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.settings import Settings
from deploy.bundles import build
from deploy.project import MODELS


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    assert build(MODELS / "exam", folder)
    return folder


@pytest.fixture(scope="session")
def app(bundles: Path) -> Flask:
    return create_app(Settings(app_bundles=bundles, secret_key="x" * 32, app_max_body_kib=4, app_fingerprint="f1"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
