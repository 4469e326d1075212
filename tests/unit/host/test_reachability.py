"""What an authority would see of a site's names: found out before it is asked."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from puerto import reachability

NAMES = ["shop.example", "www.shop.example"]


def leads_to(*addresses: str) -> Callable[..., Any]:
    """Return a DNS that knows no names but the site's."""
    real = socket.getaddrinfo

    def find(name: str, port: int, *others: int, **options: int) -> Any:
        if not name.startswith(("shop", "www.shop")):
            return real(name, port, *others, **options)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return find


def test_name_without_an_address_is_named(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", leads_to())
    (sentence,) = reachability.unresolved(["shop.example"])
    assert sentence.startswith("shop.example leads nowhere, DNS has no address for it: make an A record")


@contextmanager
def served(folder: Path, address: str) -> Iterator[int]:
    """Another server, or the site itself, on a port of this machine's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = folder / self.path[1:]
            self.send_response(200 if file.is_file() else 404)
            self.end_headers()
            self.wfile.write(file.read_bytes() if file.is_file() else b"x" * 2**20)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer((address, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("address", "is_within"), [("127.0.1.1", True), ("::1", True), ("fe80::1%eth0", True), ("203.0.113.7", False)]
)
def test_address_within_a_host_is_of_no_use_to_others(address, is_within):
    assert reachability._is_within_host(address) == is_within


@pytest.fixture
def own_address(monkeypatch: pytest.MonkeyPatch) -> str:
    """One of this machine's, taken for one that others reach: a machine without a network has none of those."""
    address, is_within = "127.0.0.2", reachability._is_within_host
    monkeypatch.setattr(reachability, "_is_within_host", lambda other: other != address and is_within(other))
    return address


def test_site_that_shows_the_challenge_is_in_nobody_s_way(tmp_path, monkeypatch, own_address):
    """Nor is an address within the host, as /etc/hosts may give the host's own name."""
    monkeypatch.setattr(socket, "getaddrinfo", leads_to(own_address, "127.0.1.1"))
    with served(tmp_path, own_address) as port:
        assert reachability.obstacles(NAMES, tmp_path, port) == reachability.Obstacles()
    assert list((tmp_path / reachability.CHALLENGES).iterdir()) == [], "nothing is left there"


def test_who_does_not_show_it_is_named(tmp_path, monkeypatch, own_address):
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(socket, "getaddrinfo", leads_to(own_address))
    with served(tmp_path / "other", own_address) as port:
        (sentence,) = reachability.obstacles(NAMES[:1], tmp_path, port).certain
        assert sentence.startswith("shop.example leads to this host, which doesn't show the challenge (status 404)")
        monkeypatch.setattr(reachability, "_is_own", lambda address: False)
        (sentence,) = reachability.obstacles(NAMES[:1], tmp_path, port).certain
        assert sentence.startswith(f"shop.example leads to {own_address}, where another server answers (status 404)")


@pytest.mark.parametrize(("is_own", "kind"), [(True, "certain"), (False, "possible")])
def test_silence_of_another_s_address_may_only_be_so_from_here(tmp_path, monkeypatch, own_address, is_own, kind):
    """A router may not lead back: the authority decides."""
    monkeypatch.setattr(socket, "getaddrinfo", leads_to(own_address))
    monkeypatch.setattr(reachability, "_is_own", lambda address: is_own)
    with socket.socket() as closed:
        closed.bind(("", 0))
        found = reachability.obstacles(NAMES[:1], tmp_path, closed.getsockname()[1])
    (sentence,) = getattr(found, kind)
    assert sentence.startswith(f"shop.example leads to {own_address}, where nothing answers on port 80")
    assert len(found.certain) + len(found.possible) == 1
