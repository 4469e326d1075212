"""Responses tell what they depend on: caches on their way must not give one visitor's to another."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from app import create_app
from app.settings import Settings

ROW = {"estudio": 6, "sueno": 8}
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
OWN = re.compile(r'[0-9a-f]{32}|name="csrf_token" type="hidden" value="[^"]*"|"passed_on":\{[^}]*\}')
"""What differs in each response anyway: ids, tokens and counts."""

BODIES = {
    "row": ("application/json", json.dumps(ROW)),
    "rows": ("application/json", json.dumps({"instances": [ROW]})),
    "tensors": ("application/json", json.dumps({"inputs": [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in ROW.items()
    ]})),
    "faults": ("application/json", '{"estudio": 600}'),
    "no JSON": ("application/json", "{"),
    "a text": ("text/plain", "6"),
    "too long": ("application/json", "[" + " " * 70_000),
    "a form": ("application/x-www-form-urlencoded", "estudio=6&sueno=8"),
}  # fmt: skip
"""What is posted to every route that takes a body."""

Request = tuple[str, str, str | None, str | None]
"""Method, path, content type, body."""

QUERIES = ("", "?estudio=6&sueno=8", "?estudio=600", "?x=1", "?example")


@pytest.fixture(scope="module")
def site(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("one")
    (folder / "exam").symlink_to(bundles / "exam")
    options = {"secret_key": "x" * 32, "app_max_body_kib": 64, "app_max_rows": 3}
    return create_app(Settings(app_bundles=folder, app_cors_origins="https://a.example", **options))


def requests(app: Flask) -> Iterator[Request]:
    """Yield every route's requests."""
    version = app.extensions["models"]["exam"].version
    values = {"name": "exam", "version": version, "code": "es", "filename": "style.css"}
    for rule in app.url_map.iter_rules():
        for names in (values, values | {"name": "nobody"}):
            path = re.sub(r"<(?:path:)?(\w+)>", lambda part, names=names: names[part[1]], rule.rule)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                if method == "GET":
                    yield from (("GET", path + query, None, None) for query in QUERIES)
                else:
                    yield from (("POST", path, kind, body) for kind, body in BODIES.values())
    yield from ((method, path, None, None) for path in ("/nada", "/api/nada", "/v2/nada") for method in ("GET", "PUT"))
    yield from (("DELETE", path, None, None) for path in ("/", "/modelo", "/api/v1/models"))


def response_to(app: Flask, request: Request, **headers: str | None) -> tuple[int, Headers, str]:
    """Return a response: status, headers, body without what differs anyway."""
    method, path, kind, body = request
    headers = {name.replace("_", "-"): value for name, value in headers.items() if value}
    client = app.test_client(use_cookies=False)
    with client.open(path, method=method, data=body, content_type=kind, headers=headers) as response:
        text = response.text if "text" in response.mimetype or "json" in response.mimetype else ""
        return response.status_code, response.headers, OWN.sub("", text)


def vary(headers: Headers) -> set[str]:
    return {name.strip() for value in headers.getlist("Vary") for name in value.split(",")}


def differing(app: Flask, variants: list[dict[str, str]], expected: set[str]) -> tuple[list[Any], int]:
    """Return the requests whose responses differ between variants of the headers without Vary, and how many differ."""
    silent, count = [], 0
    for request in requests(app):
        responses = [response_to(app, request, **variant) for variant in variants]
        if len({(status, body) for status, _, body in responses}) > 1:
            missing = [expected - vary(headers) for _, headers, _ in responses]
            silent += [(request[:2], missing)] if any(missing) else []
            count += 1
    return silent, count


@pytest.mark.parametrize("accept", ["", HTML, "application/json"])
def test_what_differs_by_language_says_so(site, accept):
    variants = [{"Accept_Language": "es", "Accept": accept}, {"Accept_Language": "en", "Accept": accept}]
    silent, count = differing(site, variants, {"Accept-Language", "Cookie"})
    assert silent == []
    assert count > 50
    for request in requests(site):
        spanish, english = (response_to(site, request, **variant) for variant in variants)
        if spanish[2] != english[2]:
            assert [headers.get("Content-Language") for _, headers, _ in (spanish, english)] == ["es", "en"], request


def test_what_differs_by_the_language_s_cookie_says_so(site):
    variants = [{"Accept_Language": "es"}, {"Accept_Language": "es", "Cookie": "language=en"}]
    silent, count = differing(site, variants, {"Accept-Language", "Cookie"})
    assert silent == []
    assert count > 50


def test_what_differs_by_accept_says_so(site):
    variants = [{"Accept": HTML}, {"Accept": "application/json"}, {"Accept": "image/png"}]
    silent, count = differing(site, variants, {"Accept"})
    assert silent == []
    assert count > 5


def test_what_is_for_some_sites_scripts_says_so_to_all(site):
    """A cache that keeps the response to a foreign site, or to none, must not give it to an allowed one."""
    silent = []
    for request in requests(site):
        origins = (None, "https://a.example", "https://evil.example")
        responses = [response_to(site, request, Origin=origin) for origin in origins]
        allowed = [headers.get("Access-Control-Allow-Origin") for _, headers, _ in responses]
        if any(allowed):
            assert allowed == [None, "https://a.example", None]
            silent += [request[:2] for _, headers, _ in responses if "Origin" not in vary(headers)]
    assert silent == []


def test_what_is_the_same_in_both_languages_is_kept_for_both(site):
    for path in ("/health", "/api/v1/openapi.json", "/api/v1/models", "/v2", "/static/style.css"):
        _, headers, _ = response_to(site, ("GET", path, None, None))
        assert "Accept-Language" not in vary(headers), path
        assert "Content-Language" not in headers, path
