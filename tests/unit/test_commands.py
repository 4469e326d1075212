"""The command line's own reading."""

import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy import telling, verbs
from deploy.console import Console
from deploy.errors import DeployError


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ("", "local")),
        (["production"], ("", "production")),
        (["0123456789ab"], ("0123456789ab", "local")),
        (["production", "0123"], ("0123", "production")),
        (["0123", "production"], ("0123", "production")),
    ],
)
def test_rollback_takes_a_release_an_environment_or_both(words, found):
    assert verbs.number_and_environment(words) == found


@pytest.mark.parametrize("words", [["0123", "4567"], ["staging", "production"]])
def test_rollback_takes_one_of_each(words):
    with pytest.raises(DeployError, match="rollback takes one release and one environment"):
        verbs.number_and_environment(words)


@pytest.fixture(params=[200, 404, 503])
def strange_machine(request):
    """A server that isn't ours, and answers with that status."""

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(request.param)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def console():
    """One that writes to memory."""
    made = Console("test", io.StringIO())
    yield made
    made.log.close()


def test_address_of_another_machine_is_no_success(strange_machine, monkeypatch, console):
    monkeypatch.setattr(telling, "SWITCH_SECONDS", 0.1)
    said = {"address": strange_machine, "server_names": ["site.example"], "release": {"id": "0123456789ab"}}
    with pytest.raises(DeployError, match="is answered by release none, seen from here, not by 0123456789ab"):
        telling.seen_from_here(console, said)


def test_address_that_cannot_be_reached_from_here_is_told(console):
    said = {"address": "127.0.0.1:9", "server_names": ["site.example"], "release": {"id": "0123456789ab"}}
    telling.seen_from_here(console, said)
    assert "not to be reached" in console.stream.getvalue()
