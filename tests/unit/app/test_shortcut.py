"""The shortcut for predictions: its responses are Flask's own, only faster."""

import io
import json
import sys
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import flask
import pytest
from flask import Flask
from flask_cors import CORS, cross_origin

from app import create_app, shortcut
from app.hooks import HookError
from app.settings import Settings
from app.shortcut import BYPASS_HEADERS, JSON, REASONS

ADDRESS = "/api/v1/models/exam/predictions"
ROW = {"estudio": 6, "sueno": 8}
OWN = ("Date", "X-Request-ID")


ORIGINS = ("", "*", "https://a.example", "https://a.example https://b.example", "* https://a.example")


def application(bundles: Path, **options: Any) -> Flask:
    return create_app(Settings(app_bundles=bundles, app_max_body_kib=64, app_max_rows=3, app_proxies=1, **options))


@pytest.fixture(scope="module", params=ORIGINS)
def paths(request: pytest.FixtureRequest, bundles: Path) -> tuple[WSGIApplication, WSGIApplication]:
    """The WSGI applications with and without the shortcut."""
    app = application(bundles, app_cors_origins=request.param)
    return app.wsgi_app, app.wsgi_app._flask


def post(wsgi: Any, body: bytes, path: str = ADDRESS, **variables: str) -> tuple[str, dict[str, str], bytes]:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "site",
        "SERVER_PORT": "80",
        "HTTP_HOST": "practica_flask",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": None,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_X_REQUEST_ID": "0123456789abcdef",
    } | variables
    starts: list[Any] = []
    body = b"".join(wsgi(environ, lambda status, headers, error=None: starts.append((status, headers))))
    ((status, headers),) = starts
    assert len({name for name, _ in headers}) == len(headers)
    return status, dict(headers), body


def log_line(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (line,) = capfd.readouterr().err.splitlines()
    return {name: value for name, value in json.loads(line).items() if name not in ("time", "ms")}


@pytest.mark.parametrize("body", [
    ROW, [ROW], [ROW, {"estudio": 1.5, "sueno": 4}], {"sueno": 8, "estudio": 6}, {}, [], [[]], "text", 3, None,
    [ROW] * 4, [1], {"estudio": 6}, {"estudio": 600, "sueno": 8}, {"estudio": "6", "sueno": 8},
    {"estudio": 6, "sueno": 8, "x": 1},
    b"", b"{", b"\xff", b'{"estudio": NaN, "sueno": 8}', b'{"estudio": 1e999, "sueno": 8}', b'{"\\ud800": 1}',
    b"[" * 5000,
])  # fmt: skip
def test_both_paths_give_every_body_the_same_response_and_log_line(paths, body, capfd):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    responses, lines = [], []
    for wsgi in paths:
        responses.append(post(wsgi, data))
        lines.append(log_line(capfd))
    assert responses[0] == responses[1]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("name", ["titanic", "diabetes", "every_kind"])
def test_both_paths_give_every_model_the_same_response(paths, app, name):
    rows = json.dumps(app.extensions["models"][name].contract.example).encode()
    short, flask = (post(wsgi, rows, f"/api/v1/models/{name}/predictions") for wsgi in paths)
    assert short == flask
    assert short[0] == "200 OK"


@pytest.mark.parametrize("variables", [
    {"HTTP_ACCEPT_LANGUAGE": "en"}, {"HTTP_COOKIE": "language=en"}, {"HTTP_ORIGIN": "https://a.example"},
    {"HTTP_X_REFUSED": "413"}, {"HTTP_ACCEPT": "text/html"}, {"HTTP_ACCEPT": "application/json"},
    {"CONTENT_TYPE": "text/csv"}, {"CONTENT_TYPE": ""}, {"CONTENT_TYPE": "application/json; charset=utf-8"},
    {"REQUEST_METHOD": "GET"}, {"REQUEST_METHOD": "PUT"}, {"CONTENT_LENGTH": "99999999"}, {"CONTENT_LENGTH": "x"},
    {"CONTENT_LENGTH": ""}, {"HTTP_X_REQUEST_ID": "bad id"}, {"path": "/api/v1/models/churn/predictions"},
])  # fmt: skip
def test_both_paths_treat_every_header_alike(paths, variables):
    short, flask = (post(wsgi, json.dumps(ROW).encode(), **variables) for wsgi in paths)
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


def test_usual_request_does_not_reach_flask(paths, monkeypatch):
    monkeypatch.setattr(paths[0], "_flask", None)
    assert post(paths[0], json.dumps(ROW).encode())[0] == "200 OK"
    for name in BYPASS_HEADERS:
        with pytest.raises(TypeError, match="'NoneType' object is not callable"):
            post(paths[0], json.dumps(ROW).encode(), **{name: "x"})


# Hooks of the application


class Middleware:
    def __init__(self, wsgi: Any) -> None:
        self.app = wsgi

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


class Sessions(flask.sessions.SecureCookieSessionInterface):
    pass


def limit(*_: Any) -> None:
    """Any hook."""


def behind(app: Flask) -> None:
    app.wsgi_app._flask = Middleware(app.wsgi_app._flask)


def wrapped(app: Flask) -> None:
    app.view_functions["api.exam_predictions"] = cross_origin()(app.view_functions["api.exam_predictions"])


HOOKS = {
    "test_shortcut.limit (before_request of the application)": lambda app: app.before_request(limit),
    "test_shortcut.limit (after_request of the application)": lambda app: app.after_request(limit),
    "test_shortcut.limit (teardown_request of the application)": lambda app: app.teardown_request(limit),
    "test_shortcut.limit (teardown_appcontext)": lambda app: app.teardown_appcontext(limit),
    "test_shortcut.limit (url_value_preprocessors of the application)": lambda app: app.url_value_preprocessor(limit),
    "test_shortcut.limit (before_request of blueprint api)":
        lambda app: app.before_request_funcs.setdefault("api", []).append(limit),
    "a second flask_cors.extension.make_after_request_function.<locals>.cors_after_request":
        lambda app: [CORS(app), CORS(app)],
    "test_shortcut.Middleware (WSGI middleware)": behind,
    "the view api.exam_predictions, which something wraps": wrapped,
    "test_shortcut.Sessions (session_interface)": lambda app: setattr(app, "session_interface", Sessions()),
    "test_shortcut.limit (signal request_started)": lambda app: flask.request_started.connect(limit, app),
}  # fmt: skip
"""What the sentence names → what adds it to an application."""


@pytest.mark.parametrize("sentence", HOOKS)
def test_hook_that_it_would_bypass_stops_the_start(bundles, sentence):
    app = application(bundles)
    HOOKS[sentence](app)
    with pytest.raises(HookError) as refusal:
        app.extensions["shortcut"].check_hooks(app)
    assert sentence in str(refusal.value)
    assert "KNOWN of app/hooks.py" in str(refusal.value)


def test_hook_that_the_factory_gains_stops_the_start(bundles, monkeypatch):
    """A colleague adds one to the factory."""
    monkeypatch.setattr("app.languages.register", lambda app: app.before_request(limit))
    with pytest.raises(HookError, match="limit"):
        application(bundles)


def test_middleware_before_it_is_honoured(bundles):
    app = application(bundles)
    app.wsgi_app = Middleware(app.wsgi_app)
    app.extensions["shortcut"].check_hooks(app)


# What it passes on


def test_what_it_passes_on_is_counted_by_reason(bundles):
    app = application(bundles)
    row, wsgi = json.dumps(ROW).encode(), app.wsgi_app
    reasons = {
        "REQUEST_METHOD": {"REQUEST_METHOD": "PUT"}, "CONTENT_TYPE": {"CONTENT_TYPE": "text/csv"},
        "HTTP_ACCEPT": {"HTTP_ACCEPT": "text/html"}, "CONTENT_LENGTH": {"CONTENT_LENGTH": "99999999"},
        "SCRIPT_NAME": {"SCRIPT_NAME": "/x"},
    } | {name: {name: "x"} for name in BYPASS_HEADERS}  # fmt: skip
    for variables in reasons.values():
        post(wsgi, row, **variables)
    for body in (b"{", b"[]", b"[1]", b'{"estudio": 600}'):
        post(wsgi, body)
    post(wsgi, row)
    counted = app.test_client().get("/health").json["passed_on"]
    assert counted == dict.fromkeys(reasons, 1) | {"refused": 4}
    assert set(counted) <= set(REASONS)


def test_fault_of_its_own_is_logged_once_counted_and_passed_on(bundles, monkeypatch, caplog):
    app = application(bundles)
    monkeypatch.setattr(shortcut.Shortcut, "_rows", lambda *_: {}["a slip"])
    for _ in range(3):
        assert post(app.wsgi_app, json.dumps(ROW).encode())[0] == "200 OK"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.exc_info[0] is KeyError
    assert app.extensions["shortcut"].passed_on.totals() == {"fault": 3}


def test_flask_reports_a_model_that_fails(bundles, monkeypatch, caplog):
    app = application(bundles)
    monkeypatch.setattr(type(app.extensions["models"]["exam"]), "predict", lambda *_: 1 / 0)
    assert post(app.wsgi_app, json.dumps(ROW).encode())[0] == "500 INTERNAL SERVER ERROR"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert "failed" in record.message and record.fields["request_id"]
    assert app.extensions["shortcut"].passed_on.totals() == {"model": 1}


def test_refused_body_is_not_held_twice_while_flask_reads_it(bundles, monkeypatch):
    """An exception that is being handled would keep the rows that were read."""
    app, exceptions = application(bundles), []
    monkeypatch.setattr(app.wsgi_app, "_flask", lambda *_: exceptions.append(sys.exception()) or [])
    app.wsgi_app(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": ADDRESS,
            "CONTENT_LENGTH": "1",
            "CONTENT_TYPE": JSON[0],
            "wsgi.input": io.BytesIO(b"{"),
        },
        None,
    )
    assert exceptions == [None]
