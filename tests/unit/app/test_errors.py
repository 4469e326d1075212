"""Errors for people and programs, headers, the log."""

import json
import logging
import re
from pathlib import Path

import pytest
from flask import abort, request
from flask.testing import FlaskClient

from app import create_app, errors
from app.application import HEADERS
from app.settings import Settings
from app.shortcut import REASONS

STATUSES = (400, 403, 404, 405, 413, 422, 500, 503)


@pytest.fixture(scope="module")
def failing(bundles: Path) -> FlaskClient:
    """An application with an address that fails with each status, and one that fails unexpectedly."""
    app = create_app(Settings(app_bundles=bundles, secret_key="x" * 32))
    app.add_url_rule("/fail/<int:status>", "fail", lambda status: abort(status))
    app.add_url_rule("/api/fail/<int:status>", "api_fail", lambda status: abort(status))
    app.add_url_rule("/crash", "crash", lambda: {}["secret value"])
    return app.test_client()


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_status_has_a_page_of_its_own_in_both_languages(failing, status, language):
    response = failing.get(f"/fail/{status}", headers={"Accept-Language": language})
    assert response.status_code == status
    title, _ = errors.STATUS_TEXTS[status]
    assert (f"<h1>{title}</h1>" in response.text) == (language == "en")
    assert f'<html lang="{language}">' in response.text
    assert response.headers["X-Request-ID"] in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_a_problem_to_programs(failing, status):
    response = failing.get(f"/api/fail/{status}", headers={"Accept-Language": "en"})
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.json["title"] == errors.STATUS_TEXTS[status][0]
    assert response.json["type"] == "about:blank"
    assert response.json["request_id"] == response.headers["X-Request-ID"]


def test_status_without_a_text_of_its_own_gets_the_closest(failing):
    assert "<h1>Bad request</h1>" in failing.get("/fail/418", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/problem+json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
    ],
)
def test_unknown_address_gets_what_the_client_accepts(client, accept, kind):
    response = client.get("/nada", headers={"Accept": accept})
    assert (response.status_code, response.content_type) == (404, kind)


def test_failure_is_logged_with_its_traceback_under_the_request_s_id_and_not_shown(failing, caplog):
    response = failing.get("/crash")
    assert response.status_code == 500
    assert "secret value" not in response.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.fields["request_id"] == response.headers["X-Request-ID"]
    assert "secret value" in caplog.text


def test_prediction_that_fails_inside_the_model_is_a_500(client, app, monkeypatch, caplog):
    monkeypatch.setattr(type(app.extensions["models"]["exam"]), "predict", lambda *_: 1 / 0)
    for path in ("/modelo", "/api/v1/models/exam/predictions"):
        response = client.post(path, json={"estudio": 6, "sueno": 8})
        assert (response.status_code, response.content_type) == (500, "application/problem+json")
        assert "ZeroDivisionError" not in response.text
        assert response.json["request_id"]
    assert "ZeroDivisionError" in caplog.text


def test_every_answer_has_the_headers(client):
    for address in ("/", "/health", "/nada", "/api/v1/models", "/v2"):
        assert HEADERS.items() <= dict(client.get(address).headers).items()
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_health_names_release_and_models(client, app):
    response = client.get("/health")
    health = response.json
    assert all(reason in REASONS and number > 0 for reason, number in health.pop("passed_on").items())
    assert health == {
        "status": "ok",
        "release": "development",
        "models": {name: model.version for name, model in app.extensions["models"].items()},
    }
    assert response.headers["X-Release"] == "development"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_forwarded_address_counts_behind_as_many_proxies_as_are_set(bundles, proxies, address):
    app = create_app(Settings(app_bundles=bundles, app_proxies=proxies))
    addresses = []
    app.before_request(lambda: addresses.append(request.remote_addr))
    app.test_client().get("/health", headers={"X-Forwarded-For": "203.0.113.7"})
    assert addresses == [address]


@pytest.mark.parametrize(("proxies", "status"), [(0, 200), (1, 413)])
def test_what_the_proxy_refused_gets_the_site_s_page(bundles, proxies, status):
    """A client behind no proxy can't claim it."""
    client = create_app(Settings(app_bundles=bundles, app_proxies=proxies, secret_key="x" * 32)).test_client()
    assert client.get("/models/exam", headers={"X-Refused": "413"}).status_code == status


def test_body_limit_is_the_setting_s(bundles):
    client = create_app(Settings(app_bundles=bundles, app_max_body_kib=1)).test_client()
    for size, status in ((1024, 400), (1025, 413)):
        assert client.post("/modelo", data=b" " * size, content_type="application/json").status_code == status


def test_form_above_the_limit_gets_the_page(client):
    response = client.post("/models/exam", data={"estudio": "9" * 70_000}, headers={"Accept-Language": "en"})
    assert response.status_code == 413
    assert "<h1>Too large</h1>" in response.text


def test_unknown_default_model_is_refused_at_the_start(bundles):
    from app.settings import SettingsError

    with pytest.raises(SettingsError, match="APP_DEFAULT_MODEL: there is no model churn; the models are: diabetes"):
        create_app(Settings(app_bundles=bundles, app_default_model="churn"))


def test_each_request_gets_one_line_that_never_has_its_inputs(client, app, capfd):
    secret = "31.4159"
    row = {"estudio": float(secret) - 20, "sueno": 8}
    client.post("/api/v1/models/exam/predictions", json=row)
    client.post("/modelo", json={"estudio": secret, secret: 1})
    client.get(f"/api/v1/models/exam/prediction?estudio={secret}&sueno=8")
    client.get(f"/nowhere/{secret}")
    log = capfd.readouterr().err
    lines = [json.loads(line) for line in log.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/api/v1/models/exam/predictions", 200),
        ("/modelo", 422),
        ("/api/v1/models/exam/prediction", 422),
        (None, 404),
    ]
    exam = app.extensions["models"]["exam"]
    assert (lines[0]["model"], lines[0]["version"], lines[0]["method"]) == ("exam", exam.version, "POST")
    assert 0 < lines[0]["ms"] < 10_000
    assert len({line["request_id"] for line in lines}) == 4
    assert secret not in log
    assert "11.4159" not in log


def test_log_lines_are_json(capfd, client):
    client.get("/")
    line = json.loads(capfd.readouterr().err)
    assert {"time", "level", "message", "request_id", "method", "route", "status", "ms", "release"} == set(line)
    event = json.loads(errors.logs.Lines().format(logging.makeLogRecord({"msg": "an event", "levelname": "INFO"})))
    assert event["message"] == "an event"
    for record in (line, event):
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}\+00:00", record["time"])


@pytest.mark.parametrize(
    ("proxies", "header", "accepted"),
    [(1, "0123456789abcdef", True), (0, "0123456789abcdef", False), (1, "bad id\n", False), (1, "x" * 65, False)],
)
def test_request_id_is_accepted_only_from_a_proxy(bundles, proxies, header, accepted):
    client = create_app(Settings(app_bundles=bundles, app_proxies=proxies)).test_client()
    response = client.get("/health", headers={"X-Request-ID": header.strip()})
    assert (response.headers["X-Request-ID"] == header) == accepted


@pytest.mark.parametrize("name", ["a" * 300, f"{'a' * 64}.example", "a..b"])
@pytest.mark.parametrize("address", ["/", "/models/exam", "/health", "/nowhere"])
def test_host_that_is_no_name_is_refused_without_a_page(failing, name, address):
    """Before a proxy that knows the site's names it can't come; on platforms without one it does."""
    response = failing.get(address, headers={"Host": name, "Accept": "text/html"})
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
