"""The gates, tried on servers that answer as hosts may."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from puerto import gates, golden, http_client
from puerto.errors import HostError
from puerto.layout import Application
from puerto.plan import Plan

from app.model import Tolerance
from tests.plans import SENT

PLAN = Plan.read(SENT)
RELEASE, OTHER = PLAN.id, "ba9876543210"


@contextmanager
def site(monkeypatch: pytest.MonkeyPatch, next_response: Callable[[], tuple[str, float]]) -> Iterator[None]:
    """Serve /health on a port that the gates take for Nginx's.

    Args:
        next_response: returns for each request the release that answers, and the seconds that it takes.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            release, seconds = next_response()
            time.sleep(seconds)
            self.send_response(200)
            self.send_header("X-Release", release)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setattr(http_client, "NGINX", server.server_address)
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield
        server.shutdown()


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """An application whose release has no models: the gate of golden rows has nothing to ask."""
    return Application(tmp_path, "flask_app")


@pytest.mark.parametrize("seconds", [0.0, 0.15])
def test_right_answers_pass_however_slow(monkeypatch, application, seconds):
    monkeypatch.setattr(gates, "SWITCH_SECONDS", 0.4)
    with site(monkeypatch, lambda: (RELEASE, seconds)):
        passed = gates.verify(application, PLAN)
    assert passed[0].measured == f"site.example is answered by {RELEASE}"


@pytest.mark.parametrize("pattern", [[OTHER], [RELEASE, OTHER], [RELEASE] * 4 + [OTHER]])
def test_answer_of_another_release_now_and_then_is_refused(monkeypatch, application, pattern):
    monkeypatch.setattr(gates, "SWITCH_SECONDS", 0.4)
    releases = iter(pattern * 1000)
    error = f"through Nginx, site.example: status 200 from release {OTHER}; release {RELEASE} was expected"
    with site(monkeypatch, lambda: (next(releases), 0.0)), pytest.raises(HostError, match=error):
        gates.verify(application, PLAN)


TOLERANCE = Tolerance(relative=1e-6, absolute=1e-9)


@pytest.mark.parametrize("recorded", [1000.0, -0.5, 1e-3, 0.0, 1e12])
@pytest.mark.parametrize("difference", [0.0, 1e-8, 0.9e-6, 1.1e-6, 1e-3, -1e-8, -1e-3])
def test_host_and_build_agree_on_what_is_equal(recorded, difference):
    """The rule needs two homes, since the host has the standard library alone; its numbers come with the bundle."""
    for value in (recorded * (1 + difference), recorded + difference):
        assert golden.is_equal(recorded, value, TOLERANCE.model_dump()) == TOLERANCE.allows(recorded, value)


def test_all_of_several_answers_are_compared():
    recorded, tolerance = {"price": 1000.0, "kind": "flat"}, TOLERANCE.model_dump()
    assert golden.is_equal(recorded, {"price": 1000.0000001, "kind": "flat"}, tolerance)
    for other in ({"price": 1001.0}, {"kind": "house"}):
        assert not golden.is_equal(recorded, recorded | other, tolerance)
    assert not golden.is_equal(recorded, {"price": 1000.0}, tolerance)
    assert not golden.is_equal(recorded, 1000.0, tolerance)


def test_golden_rows_bring_the_tolerance_of_their_model(application, bundles):
    (application.root / "releases" / RELEASE).mkdir(parents=True)
    (application.root / "releases" / RELEASE / "bundles").symlink_to(bundles)
    tolerances = {rows.model: rows.tolerance for rows in golden.golden_rows(application, RELEASE)}
    for name, tolerance in tolerances.items():
        manifest = json.loads((bundles / name / "model.json").read_text())
        assert tolerance == manifest["tolerance"]
    recorded = json.loads((bundles / "diabetes" / "model.json").read_text())["golden"]
    largest = max(abs(row["value"]) for row in recorded)
    assert tolerances["diabetes"] == {"relative": 1e-6, "absolute": pytest.approx(1e-12 * largest)}
    assert tolerances["exam"]["absolute"] == 0, "its answers are categories"
