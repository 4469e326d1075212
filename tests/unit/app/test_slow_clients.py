"""Clients that send byte by byte, read nothing or wait: the deadline ends their requests, and costs no worker."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.unit.app.hanging_site import MARGIN, PATH, TIMEOUT, Site, visitors


def test_client_that_sends_its_body_byte_by_byte_costs_no_worker(site):
    started = time.monotonic()  # before it connects: Gunicorn's thread may wait for the first byte already
    with site_socket(site) as client, visitors(site, keep_alive=True) as errors:
        client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode())
        response = drip(client, b"[")
        assert response.startswith(b"HTTP/1.1 503 "), response
        assert TIMEOUT <= time.monotonic() - started < TIMEOUT + MARGIN
    assert errors == []
    (line,) = site.wait_for(1, "took longer than")
    assert (line["route"], line["model"], line["status"]) == (PATH, "hanging", 503)
    assert site.lines("is replaced") == []


def test_client_that_sends_its_headers_byte_by_byte_costs_no_worker(site):
    with site_socket(site) as client:
        client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Slow: ".encode())
        assert drip(client, b"x").startswith(b"HTTP/1.1 503 ")
    (line,) = site.wait_for(1, "took longer than")
    assert (line["route"], line["model"], line["status"]) == (None, None, 503)
    assert site.lines("is replaced") == []


def test_client_that_reads_nothing_is_cut_off_and_costs_no_worker(site):
    with site_socket(site) as client, visitors(site, keep_alive=True) as errors:
        with suppress(ConnectionError):
            while True:  # until responses of a mebibyte fill all buffers on their way, and it is cut off
                client.sendall(b"GET /swagger/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
        (line,) = site.wait_for(1, "took longer than")
    assert errors == []
    assert (line["route"], line["status"]) == ("/swagger/<path:filename>", None), "its headers have gone out"
    assert site.lines("is replaced") == []


def test_idle_connection_is_left_alone(site):
    """Browsers open some before they need them."""
    with site_socket(site) as client:
        time.sleep(2 * TIMEOUT)
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert site.lines("took longer than") == []


@contextmanager
def site_socket(site: Site) -> Iterator[socket.socket]:
    with socket.create_connection((site.host, site.port), 30) as client:
        yield client


def drip(client: socket.socket, byte: bytes, patience: float = TIMEOUT + MARGIN) -> bytes:
    """Send a byte at a time until something comes back; return that."""
    client.settimeout(0.05)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            return client.recv(65536)
        except TimeoutError:
            client.sendall(byte)
    return b""
