"""The application under Gunicorn: with a model that hangs, or attacked."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser

from app import create_app
from app.settings import Settings
from deploy.base.paths import KIT
from deploy.models.builder import build
from tests import chromium, siege
from tests.hanging import bundle
from tests.meter import Meter
from tests.served import Served, served
from tests.unit.app.hanging_site import TIMEOUT, Site


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served]]:
    folder = tmp_path_factory.mktemp("deadline")
    bundle(folder / "bundles")
    settings = {"APP_REQUEST_TIMEOUT": str(TIMEOUT), "GUNICORN_GRACEFUL_TIMEOUT": "5"}
    with served(folder / "bundles", **settings) as server:
        yield folder, server


@pytest.fixture
def site(hanging: tuple[Path, Served]) -> Site:
    return Site(*hanging)


@pytest.fixture(scope="module")
def besieged(bundles: Path) -> Iterator[tuple[siege.Site, Meter]]:
    """A site under one Gunicorn worker, and a meter of it."""
    with served(bundles, GUNICORN_WORKERS="1") as gunicorn:
        host, port = gunicorn.address.split(":")
        site = siege.Site(host, int(port), "practica_flask")
        site.open_form("/models/exam")
        yield site, Meter(lambda: gunicorn.workers, lambda: gunicorn.workers)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as running:
        yield running


@pytest.fixture(scope="session")
def houses_bundles(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the project's models, and one of 79 fields."""
    folder = tmp_path_factory.mktemp("houses") / "bundles"
    for name in ("exam", "titanic"):
        shutil.copytree(bundles / name, folder / name)
    assert build(KIT / "tests" / "unit" / "houses", folder, random_rows=50)
    return folder


@pytest.fixture(scope="session")
def opinion(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose one model takes a single text."""
    folder = tmp_path_factory.mktemp("opinion")
    assert build(KIT / "tests" / "unit" / "opinion", folder)
    return create_app(Settings(app_bundles=folder, app_default_model="", secret_key="x" * 32))
