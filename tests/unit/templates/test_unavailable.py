"""What Nginx answers by itself, while no application does: Debian's own Nginx is asked here."""

import json
from collections.abc import Callable

import pytest
import requests

from app.protocols import refusals
from deploy.base.paths import KIT
from tests.unit.templates.conftest import Served
from tests.unit.templates.rendering import DEFAULTS, Rendering

STATIC = KIT / "app" / "static"
SENTENCE = json.loads((STATIC / "unavailable.json").read_text())["detail"]
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"

Ask = Callable[[str, str], requests.Response]


@pytest.fixture
def ask(served: Callable[[Rendering], Served]) -> Ask:
    """Ask a site without an application: path, Accept → response."""
    site = served(DEFAULTS)

    def get(path: str, accept: str) -> requests.Response:
        headers = {"Host": DEFAULTS.option("nginx_server_names")[0], "Accept": accept}
        return requests.get(f"http://127.0.0.1:{site.port}{path}", headers=headers, timeout=10)

    return get


def test_each_client_gets_an_error_that_it_can_read(ask):
    for path in ("/v2", "/v2/health/ready", "/v2/models/exam/infer?x=1"):
        must_be_json(ask(path, HTML), "application/json", {"error": SENTENCE})
    for path in ("/invocations", "/models/exam/invocations", "/ping", "/models/exam/version"):
        document = {"error_code": refusals.CODES[503], "message": SENTENCE}
        must_be_json(ask(path, "*/*"), "application/json", document)
    for path in ("/", "/v20", "/modelo", "/models/exam", "/api/v1/models", "/predict"):
        must_be_json(
            ask(path, "*/*"), "application/problem+json", json.loads((STATIC / "unavailable.json").read_text())
        )
        page = ask(path, HTML)
        assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html"), path
        assert page.headers["Content-Language"] == "es, en"


def must_be_json(response: requests.Response, kind: str, document: dict[str, str]) -> None:
    assert (response.status_code, response.headers["Content-Type"]) == (503, kind)
    assert (response.headers["Retry-After"], response.headers["Content-Language"]) == ("30", "en")
    assert response.json() == document


def test_files_are_written_as_the_application_writes_its_errors():
    for path, name in (("/v2", "open_inference"), ("/ping", "mlflow")):
        assert json.loads((STATIC / f"unavailable.{name}").read_text()) == refusals.document(path, 503, SENTENCE)
