"""The command line: how it reads its arguments, and how it asks a site from this machine."""

import argparse
import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import testinfra

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.cli import commands, output, parser
from deploy.environments.addresses import in_url

RELEASE = "0123456789ab"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ("", "local")),
        (["production"], ("", "production")),
        (["0123456789ab"], ("0123456789ab", "local")),
        (["production", "0123"], ("0123", "production")),
        (["0123", "production"], ("0123", "production")),
    ],
)
def test_rollback_takes_a_release_an_environment_or_both(arguments, expected):
    assert commands.release_and_environment(arguments) == expected


@pytest.mark.parametrize("arguments", [["0123", "4567"], ["staging", "production"]])
def test_rollback_takes_one_of_each(arguments):
    with pytest.raises(DeployError, match="rollback takes at most one release and one environment"):
        commands.release_and_environment(arguments)


def test_end_of_the_input_at_a_question_is_no_traceback(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    options = argparse.Namespace(run=lambda *_: input("Go on? [y/N] "))
    with closing(Console("adopt", stream := io.StringIO())) as console:
        assert parser._run(console, options) == 130
    assert stream.getvalue().startswith("Interrupted.")


class Server(HTTPServer):
    """A server at an address of this machine, which answers with a status and, if it is ours, a release."""

    def __init__(self, address: str, status: int = 200, release: str = "") -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        headers = {"X-Release": release} if release else {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for header in headers.items():
                    self.send_header(*header)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__((address, 0), Handler)


@contextmanager
def serving(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve, on the port at which the command asks hosts."""
    monkeypatch.setattr(output, "HTTP_PORT", server.server_port)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def console() -> Iterator[Console]:
    """A console that writes to memory."""
    console = Console("test", io.StringIO())
    yield console
    console.log.close()


def report_of(address: str) -> dict:
    """Return what a run reports about a host."""
    return {
        "address": address,
        "server_names": ["site.example", "www.site.example"],
        "release": {"id": RELEASE},
        "url": "http://site.example/",
        "default_model": "",
    }


@pytest.mark.parametrize("status", [200, 404, 503])
def test_address_of_another_machine_is_no_success(monkeypatch, console, status):
    monkeypatch.setattr(output, "SWITCH_SECONDS", 0.1)
    sentence = f"should be answered by release {RELEASE}, but from here it is answered by something that isn't"
    with serving(Server("127.0.0.1", status), monkeypatch), pytest.raises(DeployError, match=sentence):
        output.check_from_here(console, report_of("127.0.0.1"))


def test_address_of_another_release_is_no_success(monkeypatch, console):
    monkeypatch.setattr(output, "SWITCH_SECONDS", 0.1)
    sentence = f"should be answered by release {RELEASE}, but from here it is answered by release ba9876543210"
    server = Server("127.0.0.1", release="ba9876543210")
    with serving(server, monkeypatch), pytest.raises(DeployError, match=sentence):
        output.check_from_here(console, report_of("127.0.0.1"))


def test_address_that_cannot_be_reached_from_here_is_reported(monkeypatch, console):
    monkeypatch.setattr(output, "HTTP_PORT", 9)
    output.check_from_here(console, report_of("127.0.0.1"))
    assert "can't be reached" in console.stream.getvalue()


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_check_from_here_asks_no_proxy(monkeypatch, console, variable):
    """A company's proxy, which doesn't know a host that is being made, would refuse it."""
    proxy = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_port}")
    with serving(Server("127.0.0.1", release=RELEASE), monkeypatch):
        output.check_from_here(console, report_of("127.0.0.1"))
    proxy.server_close()
    assert f"is answered by {RELEASE}" in console.stream.getvalue()


def test_host_that_has_an_ipv6_address_is_asked_and_shown(monkeypatch, console, bundles):
    monkeypatch.setattr(output, "BUNDLES", bundles)
    with serving(Server("::1", release=RELEASE), monkeypatch):
        output.check_from_here(console, report_of("::1"))
    output.show_address(console, report_of("::1"), "changed=0")
    printed = console.stream.getvalue()
    assert f"http://[::1]/health is answered by {RELEASE}" in printed
    assert re.search(r"--resolve 'site\.example:\d+:\[::1\]' http://site\.example/modelo", printed), printed
    assert "/etc/hosts   ::1 site.example www.site.example\n" in printed


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("site.example", "site.example"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("fe80::1%eth0", "[fe80::1%25eth0]"),
    ],
)
def test_address_in_a_url(address, expected):
    assert in_url(address) == expected
    host = testinfra.get_host(f"ssh://root@{in_url(address)}:22")
    assert (host.backend.host.name, host.backend.host.port) == (address, "22")
