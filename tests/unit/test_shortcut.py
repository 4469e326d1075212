"""The shortcut for predictions: nobody can tell it from Flask's own way, except by the time."""

import io
import json
from typing import Any

import pytest

from app import create_app
from app.settings import Settings
from app.shortcut import UNUSUAL

ADDRESS = "/api/v1/models/exam/predictions"
ROW = {"estudio": 6, "sueno": 8}
OWN = ("Date", "X-Request-ID")


@pytest.fixture(scope="module")
def ways(bundles):
    """The application, and what it is without the shortcut."""
    app = create_app(Settings(app_bundles=bundles, app_max_body_kib=64, app_max_rows=3, app_proxies=1))
    return app.wsgi_app, app.wsgi_app._flask


def ask(way: Any, body: bytes, path: str = ADDRESS, **more: str) -> tuple[str, dict[str, str], bytes]:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "site", "SERVER_PORT": "80",
        "HTTP_HOST": "practica_flask", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": None,
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_X_REQUEST_ID": "0123456789abcdef",
    } | more  # fmt: skip
    found: list[Any] = []
    answer = b"".join(way(environ, lambda status, headers, fault=None: found.append((status, headers))))
    ((status, headers),) = found
    assert len({name for name, _ in headers}) == len(headers)
    return status, dict(headers), answer


def line(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (found,) = capfd.readouterr().err.splitlines()
    return {name: value for name, value in json.loads(found).items() if name not in ("time", "ms")}


@pytest.mark.parametrize("body", [
    ROW, [ROW], [ROW, {"estudio": 1.5, "sueno": 4}], {"sueno": 8, "estudio": 6}, {}, [], [[]], "text", 3, None,
    [ROW] * 4, [1], {"estudio": 6}, {"estudio": 600, "sueno": 8}, {"estudio": "6", "sueno": 8},
    {"estudio": 6, "sueno": 8, "x": 1},
    b"", b"{", b"\xff", b'{"estudio": NaN, "sueno": 8}', b'{"estudio": 1e999, "sueno": 8}', b'{"\\ud800": 1}',
    b"[" * 5000,
])  # fmt: skip
def test_every_body_gets_the_same_answer_and_log_line_by_both_ways(ways, body, capfd):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answers, lines = [], []
    for way in ways:
        answers.append(ask(way, data))
        lines.append(line(capfd))
    assert answers[0] == answers[1]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("name", ["titanic", "diabetes", "every_kind"])
def test_every_model_is_answered_alike(ways, app, name):
    rows = json.dumps(app.extensions["models"][name].contract.example).encode()
    short, flask = (ask(way, rows, f"/api/v1/models/{name}/predictions") for way in ways)
    assert short == flask
    assert short[0] == "200 OK"


@pytest.mark.parametrize("more", [
    {"HTTP_ACCEPT_LANGUAGE": "en"}, {"HTTP_COOKIE": "language=en"}, {"HTTP_ORIGIN": "https://a.example"},
    {"HTTP_X_REFUSED": "413"}, {"HTTP_ACCEPT": "text/html"}, {"HTTP_ACCEPT": "application/json"},
    {"CONTENT_TYPE": "text/csv"}, {"CONTENT_TYPE": ""}, {"CONTENT_TYPE": "application/json; charset=utf-8"},
    {"REQUEST_METHOD": "GET"}, {"REQUEST_METHOD": "PUT"}, {"CONTENT_LENGTH": "99999999"}, {"CONTENT_LENGTH": "x"},
    {"CONTENT_LENGTH": ""}, {"HTTP_X_REQUEST_ID": "bad id"}, {"path": "/api/v1/models/churn/predictions"},
])  # fmt: skip
def test_every_header_counts_as_it_does_for_flask(ways, more):
    short, flask = (ask(way, json.dumps(ROW).encode(), **more) for way in ways)
    for name in OWN:
        if name in short[1] and short[1][name] != "0123456789abcdef":
            short[1].pop(name), flask[1].pop(name)
    bodies = [json.loads(body) if body.startswith(b"{") else body for body in (short[2], flask[2])]
    assert [body.pop("request_id", None) is None for body in bodies if isinstance(body, dict)] in (
        [True] * 2,
        [False] * 2,
    )
    assert short[:2] == flask[:2]
    assert bodies[0] == bodies[1]


def test_usual_request_does_not_reach_flask(ways, monkeypatch):
    monkeypatch.setattr(ways[0], "_flask", None)
    assert ask(ways[0], json.dumps(ROW).encode())[0] == "200 OK"
    for name in UNUSUAL:
        with pytest.raises(TypeError, match="'NoneType' object is not callable"):
            ask(ways[0], json.dumps(ROW).encode(), **{name: "x"})
