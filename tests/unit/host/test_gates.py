"""The gates, before which servers stand that answer as hosts may."""

import json
import threading
import time
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
def site(monkeypatch, answers):
    """Serve /health on a port that the gates take for Nginx's: a release, after some seconds, for each request."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            release, seconds = answers()
            time.sleep(seconds)
            self.send_response(200)
            self.send_header("X-Release", release)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        monkeypatch.setattr(http_client, "NGINX", server.server_address)
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield
        server.shutdown()


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """One whose release has no models; the golden rows' gate has nothing to ask."""
    return Application(tmp_path, "flask_app")


@pytest.mark.parametrize("seconds", [0.0, 0.15])
def test_site_that_answers_rightly_is_good_however_slowly(monkeypatch, application, seconds):
    monkeypatch.setattr(gates, "SWITCH_SECONDS", 0.4)
    with site(monkeypatch, lambda: (RELEASE, seconds)):
        passed = gates.verify(application, PLAN)
    assert passed[0].measured == f"site.example is answered by {RELEASE}"


@pytest.mark.parametrize("pattern", [[OTHER], [RELEASE, OTHER], [RELEASE] * 4 + [OTHER]])
def test_site_that_another_release_answers_now_and_then_is_not(monkeypatch, application, pattern):
    monkeypatch.setattr(gates, "SWITCH_SECONDS", 0.4)
    asked = iter(pattern * 1000)
    words = f"through Nginx, site.example answers status 200 from release {OTHER} rather than release {RELEASE}"
    with site(monkeypatch, lambda: (next(asked), 0.0)), pytest.raises(HostError, match=words):
        gates.verify(application, PLAN)


SAME = Tolerance(relative=1e-6, absolute=1e-9)


@pytest.mark.parametrize("recorded", [1000.0, -0.5, 1e-3, 0.0, 1e12])
@pytest.mark.parametrize("off", [0.0, 1e-8, 0.9e-6, 1.1e-6, 1e-3, -1e-8, -1e-3])
def test_host_calls_the_same_what_the_build_does(recorded, off):
    """Two homes of the rule that can't be one, since the host has the standard library alone; its numbers are told."""
    for said in (recorded * (1 + off), recorded + off):
        assert golden.is_same(recorded, said, SAME.model_dump()) == SAME.allows(recorded, said)


def test_golden_rows_bring_the_tolerance_of_their_model(application, bundles):
    (application.root / "releases" / RELEASE).mkdir(parents=True)
    (application.root / "releases" / RELEASE / "bundles").symlink_to(bundles)
    told = {rows.model: rows.tolerance for rows in golden.golden_rows(application, RELEASE)}
    for name, tolerance in told.items():
        manifest = json.loads((bundles / name / "model.json").read_text())
        assert tolerance == manifest["tolerance"]
    recorded = json.loads((bundles / "diabetes" / "model.json").read_text())["golden"]
    largest = max(abs(row["value"]) for row in recorded)
    assert told["diabetes"] == {"relative": 1e-6, "absolute": pytest.approx(1e-12 * largest)}
    assert told["exam"]["absolute"] == 0, "its answers are words"
