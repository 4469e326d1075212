"""The command line's own reading."""

import io
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import testinfra

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.cli import commands, output
from deploy.environments.addresses import in_url

RELEASE = "0123456789ab"


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
    assert commands.number_and_environment(words) == found


@pytest.mark.parametrize("words", [["0123", "4567"], ["staging", "production"]])
def test_rollback_takes_one_of_each(words):
    with pytest.raises(DeployError, match="rollback takes one release and one environment"):
        commands.number_and_environment(words)


class Machine(HTTPServer):
    """A server at an address of this machine, which answers with a status and, if it is ours, a release."""

    def __init__(self, address: str, status: int = 200, release: str = "") -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        headers = {"X-Release": release} if release else {}

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for header in headers.items():
                    self.send_header(*header)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__((address, 0), Answering)


@contextmanager
def serving(machine: Machine, monkeypatch):
    """Serve, at the port that hosts are asked at."""
    monkeypatch.setattr(output, "HTTP_PORT", machine.server_port)
    threading.Thread(target=machine.serve_forever).start()
    try:
        yield
    finally:
        machine.shutdown()
        machine.server_close()


@pytest.fixture
def console():
    """One that writes to memory."""
    made = Console("test", io.StringIO())
    yield made
    made.log.close()


def said_of(address: str) -> dict:
    """Return what a run says of a host."""
    return {"address": address, "server_names": ["site.example", "www.site.example"], "release": {"id": RELEASE},
            "url": "http://site.example/", "default_model": ""}  # fmt: skip


@pytest.mark.parametrize("status", [200, 404, 503])
def test_address_of_another_machine_is_no_success(monkeypatch, console, status):
    monkeypatch.setattr(output, "SWITCH_SECONDS", 0.1)
    words = f"is answered by release none, seen from here, not by {RELEASE}"
    with serving(Machine("127.0.0.1", status), monkeypatch), pytest.raises(DeployError, match=words):
        output.seen_from_here(console, said_of("127.0.0.1"))


def test_address_that_cannot_be_reached_from_here_is_told(monkeypatch, console):
    monkeypatch.setattr(output, "HTTP_PORT", 9)
    output.seen_from_here(console, said_of("127.0.0.1"))
    assert "not to be reached" in console.stream.getvalue()


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_look_from_here_asks_no_proxy(monkeypatch, console, variable):
    """A company's proxy, which knows nothing of a host that is being made, refuses it."""
    proxy = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_port}")
    with serving(Machine("127.0.0.1", release=RELEASE), monkeypatch):
        output.seen_from_here(console, said_of("127.0.0.1"))
    proxy.server_close()
    assert f"is answered by {RELEASE}" in console.stream.getvalue()


def test_host_that_has_an_ipv6_address_is_asked_and_told(monkeypatch, console, bundles):
    monkeypatch.setattr(output, "BUNDLES", bundles)
    with serving(Machine("::1", release=RELEASE), monkeypatch):
        output.seen_from_here(console, said_of("::1"))
    output.address(console, said_of("::1"), "changed=0")
    told = console.stream.getvalue()
    assert f"http://[::1]/health is answered by {RELEASE}" in told
    assert "--resolve 'site.example:80:[::1]' http://site.example/modelo" in told
    assert "/etc/hosts   ::1 site.example www.site.example\n" in told


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("site.example", "site.example"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("fe80::1%eth0", "[fe80::1%25eth0]"),
    ],
)
def test_address_in_a_url(address, written):
    assert in_url(address) == written
    host = testinfra.get_host(f"ssh://root@{in_url(address)}:22")
    assert (host.backend.host.name, host.backend.host.port) == (address, "22")
