"""Slow clients, five hundred of one address: others are answered meanwhile, by Debian's Nginx before Gunicorn."""

import json
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from deploy.base.paths import KIT
from tests.slow_clients import BEGINNINGS, SlowClients
from tests.unit.templates.conftest import asking
from tests.unit.templates.rendering import Rendering

COUNT, SECONDS, MOST_REOPENED = 500, 8, 3
PATIENT = Rendering({"nginx_client_timeout": 5})
NAME = PATIENT.option("nginx_server_names")[0]
ROW = b'{"estudio": 6, "sueno": 8}'


@pytest.fixture
def site(served: Callable[..., object], application: Callable[..., object]) -> tuple[str, int]:
    """Where a site answers, with an application behind it."""
    return "127.0.0.1", served(PATIENT, asking(PATIENT, application(PATIENT))).port


def test_predictions_are_answered_beside_slow_clients(site):
    """How fast, the bench says: here others run beside."""
    prober = str(KIT / "tests" / "prober.py")
    url = f"http://{site[0]}:{site[1]}/api/v1/models/exam/predictions"
    for kind in BEGINNINGS:
        with SlowClients(site, NAME, kind, COUNT, "127.0.0.2") as clients:
            must_answer(site)  # what all of them have asked for at once has come first
            command = [sys.executable, prober, url, NAME, str(SECONDS)]
            figures = json.loads(subprocess.run(command, input=ROW, check=True, capture_output=True).stdout)
        print(kind, figures)
        assert figures["reopened"] <= MOST_REOPENED, (kind, figures)
        assert figures["failed"] == 0 and figures["requests"] > 20, (kind, figures)
        assert clients.let_go or kind == "reads", kind


def must_answer(site: tuple[str, int]) -> None:
    """Wait for an answer."""
    connection = HTTPConnection(*site, timeout=60)
    connection.request("POST", "/modelo", ROW, {"Host": NAME, "Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()
