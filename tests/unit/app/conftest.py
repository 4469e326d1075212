"""The application under Gunicorn, with a model that hangs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hanging import bundle
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
