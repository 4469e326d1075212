"""What the application is told of a request by Debian's Nginx, and what comes back through it."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from tests.unit.templates.conftest import Served, asking
from tests.unit.templates.rendering import Rendering

SITE = Rendering({"nginx_server_names": ["site.example"]})
PROXIED = Rendering({"nginx_server_names": ["site.example"], "nginx_trusted_proxies": ["192.0.2.0/24"]})


class _Echo(BaseHTTPRequestHandler):
    """Answers with the name that it was told."""

    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass

    def address_string(self) -> str:
        return "nginx"


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Path]:
    """A socket of an application that answers with the name that it was told."""
    path = tmp_path / "app.sock"
    with ThreadingUnixStreamServer(str(path), _Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


HOSTS = {
    "GET / HTTP/1.1\r\nHost: site.example": "site.example",
    "GET / HTTP/1.1\r\nHost: Site.Example:8443": "Site.Example:8443",
    "GET http://site.example/ HTTP/1.1\r\nHost: site.example": "site.example",
    "GET http://site.example/ HTTP/1.1\r\nHost: evil.example": "site.example",
    "GET http://site.example/ HTTP/1.1\r\nHost: site.example.evil.example": "site.example",
    "GET http://site.example/ HTTP/1.1\r\nHost: site.example:80@evil.example": "site.example",
}
"""The beginning of a request → the name that is believed."""


@pytest.mark.parametrize("rendering", [SITE, PROXIED], ids=["alone", "behind a proxy"])
def test_name_beside_another_in_the_address_is_not_believed(served: Callable[..., Served], echo, rendering):
    site = served(rendering, asking(rendering, echo))
    for head, expected in HOSTS.items():
        with socket.create_connection(("127.0.0.1", site.port), 10) as connection:
            connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
        is_refused = answer.startswith("HTTP/1.1 400") and "evil" in head
        assert is_refused or answer.rpartition("\r\n")[2] == expected, head


LONG = "x" * 7900
"""Nearly as long as a line may be that Nginx takes."""

ANSWERED = {
    f"/models/exam?x={LONG}": 200,
    f"/api/v1/models/exam/prediction?estudio=6&sueno=8&x={LONG}": 200,
    f"/api/v1/models/exam/prediction?estudio=&x={LONG}": 422,
    f"/models/exam/answer?estudio=6&sueno=8&x={LONG}": 414,
    f"/language/en?next=/{LONG}": 303,
    f"/{LONG}": 404,
}
"""Path → what the application answers."""


def test_long_line_is_answered_by_the_application(served: Callable[..., Served], application):
    site = served(SITE, asking(SITE, application(SITE)))
    statuses = {}
    for path in ANSWERED:
        connection = HTTPConnection("127.0.0.1", site.port)
        connection.request("GET", path, headers={"Host": "site.example", "Accept-Language": f"en,{LONG}"})
        statuses[path] = (response := connection.getresponse()).status
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        connection.close()
    assert statuses == ANSWERED
