"""What MDN's HTTP Observatory would give each kind of answer: of Debian's Nginx before Gunicorn, by HTTPS."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest

from tests import observatory
from tests.observatory import Answer
from tests.unit.templates.conftest import Served, asking
from tests.unit.templates.rendering import Rendering

LEAST = 130
STRICT = Rendering(
    {
        "nginx_https": "own",
        "nginx_hsts_seconds": 63072000,
        "nginx_certificate": "/srv/full.pem",
        "nginx_limit_tables": 1,
        "app_max_body_kib": 8,
    }
)
NAME = STRICT.option("nginx_server_names")[0]


@dataclass(frozen=True)
class Whole:
    """A site, and the file that puts it under maintenance."""

    served: Served
    maintenance: Path

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[HTTPResponse, str]:
        """Ask as a stranger, by HTTPS."""
        connection = _Tls(NAME, self.served.https_port, source_address=("127.0.0.2", 0))
        return self._response(connection, path, method, body, headers)

    def location(self, path: str) -> str:
        """Return where an address leads by HTTP."""
        connection = HTTPConnection("127.0.0.1", self.served.port)
        return self._response(connection, path, "GET", b"", {})[0].getheader("Location") or ""

    @staticmethod
    def _response(
        connection: HTTPConnection, path: str, method: str, body: bytes, headers: dict[str, str]
    ) -> tuple[HTTPResponse, str]:
        connection.request(method, path, body or None, {"Host": NAME, **headers})
        response = connection.getresponse()
        try:
            return response, response.read().decode()
        finally:
            connection.close()


class _Tls(HTTPSConnection):
    """Takes any certificate, at this machine's address."""

    def connect(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.port), 30, self.source_address)
        self.sock = context.wrap_socket(plain, server_hostname=NAME)


@pytest.fixture
def whole(served: Callable[..., Served], application: Callable[[Rendering], Path], tmp_path: Path) -> Whole:
    """The application under Gunicorn, with the site before it."""
    flag = tmp_path / "maintenance"
    text = asking(STRICT, application(STRICT)).replace(f"{STRICT.option('app_root')}/shared/maintenance", str(flag))
    return Whole(served(STRICT, text), flag)


PREDICTION = "/api/v1/models/exam/prediction?estudio=6&sueno=8"
HTML = {"Accept": "text/html"}
ANSWERS = {
    "page": (200, "/", "GET", b"", HTML),
    "form": (200, "/models/exam", "GET", b"", HTML),
    "docs": (200, "/api/docs", "GET", b"", HTML),
    "API": (200, "/api/v1/models", "GET", b"", {}),
    "prediction by address": (200, PREDICTION, "GET", b"", {}),
    "prediction": (200, "/modelo", "POST", b'{"estudio": 6, "sueno": 8}', {"Content-Type": "application/json"}),
    "static file": (200, "/static/style.css", "GET", b"", {}),
    "a library's file": (200, "/swagger/swagger-ui.css", "GET", b"", {}),
    "no page": (404, "/nothing", "GET", b"", HTML),
    "no file": (404, "/static/nothing", "GET", b"", {}),
    "no method": (405, "/", "DELETE", b"", HTML),
    "Nginx's no method": (405, "/static/style.css", "POST", b"x", {}),
    "too large": (413, "/modelo", "POST", b"x" * 9000, {"Content-Type": "application/json"}),
    "invalid": (422, "/modelo", "POST", b"{}", {"Content-Type": "application/json"}),
}


def test_every_answer_is_a_plus(whole):
    """One site for all of them: it takes seconds to start."""
    kinds = dict(ANSWERS)
    for path in (PREDICTION, "/static/style.css"):
        response, _ = whole.ask(path)
        kinds[f"unchanged {path}"] = (304, path, "GET", b"", {"If-None-Match": response.getheader("ETag") or ""})
    for name, answer in kinds.items():
        _must_be_good(whole, name, *answer)
    for _ in range(4):
        whole.ask("/models/exam/table", "POST", b"x")
    for accept in ("text/html", "*/*"):
        _must_be_good(whole, "too many", 429, "/models/exam/table", "POST", b"x", {"Accept": accept})
    whole.maintenance.touch()
    for name in ("page", "API", "prediction by address"):
        _must_be_good(whole, f"maintained {name}", 503, *ANSWERS[name][1:])


def _must_be_good(
    whole: Whole, name: str, status: int, path: str, method: str, body: bytes, headers: dict[str, str]
) -> None:
    response, text = whole.ask(path, method, body, **headers)
    assert response.status == status, name
    every = [(header.lower(), value) for header, value in response.getheaders()]
    answer = Answer(f"https://{NAME}{path}", every, text, whole.location(path))
    assert observatory.score(answer) >= LEAST, (name, observatory.points(answer))


GOOD = Answer(
    "https://site.example/",
    [
        ("content-security-policy", "default-src 'none'; script-src 'self'; frame-ancestors 'none'"),
        ("strict-transport-security", "max-age=63072000"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("set-cookie", "__Host-session=x; Secure; HttpOnly; Path=/; SameSite=Lax"),
    ],
    '<script src="/static/x.js"></script>',
    "https://site.example/",
)
WORSE = {
    "content_security_policy": ("content-security-policy", "script-src 'self' 'unsafe-inline'; frame-ancestors 'self'"),
    "strict_transport_security": ("strict-transport-security", "max-age=300"),
    "x_frame_options": ("content-security-policy", "default-src 'none'"),
    "x_content_type_options": ("x-content-type-options", "nosniff, nosniff"),
    "referrer_policy": ("referrer-policy", "unsafe-url"),
    "cross_origin_resource_policy": ("cross-origin-resource-policy", "none"),
    "cross_origin_opener_policy": ("cross-origin-opener-policy", "x"),
    "cross_origin_embedder_policy": ("cross-origin-embedder-policy", "x"),
    "cookies": ("set-cookie", "language=es; Path=/"),
}


@pytest.mark.parametrize("rule", WORSE)
def test_each_rule_takes_points_from_what_is_worse(rule):
    name, value = WORSE[rule]
    worse = replace(GOOD, headers=[(name, value), *(pair for pair in GOOD.headers if pair[0] != name)])
    assert observatory.score(GOOD) == 155
    assert observatory.points(worse)[rule] < observatory.points(GOOD)[rule]
    assert observatory.score(worse) < observatory.score(GOOD)


def test_redirect_scripts_and_sharing_count_too():
    for worse in (
        replace(GOOD, redirect="http://site.example/x"),
        replace(GOOD, redirect="https://other.example/"),
        replace(GOOD, body='<script src="https://cdn.example/x.js"></script>'),
        replace(GOOD, headers=[*GOOD.headers, ("access-control-allow-credentials", "true")]),
    ):
        assert observatory.score(worse) < observatory.score(GOOD)
