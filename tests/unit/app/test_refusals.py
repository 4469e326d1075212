"""Errors as each protocol's clients read them; NaN, which programs write and JSON doesn't have."""

import pytest

from app import create_app
from app.limits import SMALL_BYTES
from app.protocols import refusals
from app.settings import Settings

ENGLISH = {"Accept-Language": "en"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/nowhere", 404),
        ("GET", "/v2/nothing", 404),
        ("GET", "/v2/models/exam/infer", 405),
        ("POST", "/v2/models/exam/infer", 422),
        ("POST", "/v2/models/nowhere/infer", 404),
    ],
)
def test_open_inference_protocol_s_errors(client, method, path, status):
    response = client.open(path, method=method, json={} if method == "POST" else None, headers=ENGLISH)
    assert (response.status_code, response.content_type) == (status, "application/json")
    assert [*response.json] == ["error"]
    assert response.json["error"].endswith(".")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/invocations", 405, "BAD_REQUEST"),
        ("POST", "/invocations", 422, "BAD_REQUEST"),
        ("POST", "/models/exam/invocations", 422, "BAD_REQUEST"),
        ("POST", "/models/nowhere/invocations", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/models/nowhere/ping", 404, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "/version", 405, "BAD_REQUEST"),
    ],
)
def test_mlflow_s_errors(client, method, path, status, code):
    response = client.open(path, method=method, json={} if method == "POST" else None, headers=ENGLISH)
    assert (response.status_code, response.content_type) == (status, "application/json")
    assert response.json == {"error_code": code, "message": response.json["message"]}
    assert response.json["message"].endswith(".")


@pytest.mark.parametrize(("path", "member"), [("/v2/models/exam/infer", "error"), ("/invocations", "message")])
def test_what_nginx_refuses_is_the_protocol_s_too(bundles, path, member):
    client = create_app(Settings(app_bundles=bundles, app_proxies=1)).test_client()
    response = client.post(path, headers={"X-Refused": "413"} | ENGLISH)
    assert (response.status_code, response.content_type) == (413, "application/json")
    assert response.json[member] == "What you sent is larger than this site accepts."


@pytest.mark.parametrize(("path", "member"), [("/v2/models/exam/infer", "error"), ("/invocations", "message")])
def test_failure_is_one_of_the_protocol_s_too(client, app, monkeypatch, path, member):
    monkeypatch.setattr(type(app.extensions["models"]["exam"]), "predict", lambda *_: 1 / 0)
    tensors = [{"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [6, 8]}]
    response = client.post(path, json={"inputs": [[6, 8]] if member == "message" else tensors}, headers=ENGLISH)
    assert (response.status_code, response.content_type) == (500, "application/json")
    assert "logged" in response.json[member]
    assert response.json.get("error_code", "INTERNAL_ERROR") == "INTERNAL_ERROR"


@pytest.mark.parametrize(
    "path", ["/", "/v20", "/modelo", "/api/v1/models/exam/predictions", "/models/version/x", "/pings"]
)
def test_other_addresses_are_no_protocol_s(path):
    assert refusals.document(path, 422, "Wrong.") is None


@pytest.mark.parametrize(
    "path", ["/api/v1/models/exam/predictions", "/modelo", "/invocations", "/v2/models/exam/infer"]
)
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "nan", "-inf"])
def test_constant_that_is_not_json_is_refused_with_what_is(client, path, constant):
    body = f'{{"ñ": "NaN", "estudio": {constant}, "sueno": 8}}'
    response = client.post(path, data=body.encode(), content_type="application/json", headers=ENGLISH)
    assert response.status_code == 400
    assert f"{constant.lstrip('-')} isn't JSON: write null." in response.json.values()


@pytest.mark.parametrize("before", ['"x": 1e999, ', f'"x": "{"é" * SMALL_BYTES}", '])
def test_constant_is_named_behind_whatever_comes_before(bundles, before):
    client = create_app(Settings(app_bundles=bundles)).test_client()
    body = f'{{{before}"estudio": -Infinity}}'.encode()
    response = client.post("/api/v1/models/exam/predictions", data=body, headers=ENGLISH)
    assert (response.status_code, response.json["detail"]) == (400, "Infinity isn't JSON: write null.")


@pytest.mark.parametrize("body", ['{"estudio": nano}', '{"estudio": x}', '{"estudio": "NaN', "[" * 9])
def test_other_malformed_json_is_not_taken_for_it(client, body):
    response = client.post("/modelo", data=body, content_type="application/json", headers=ENGLISH)
    assert (response.status_code, response.json["detail"]) == (400, "The body is not well-formed JSON.")
