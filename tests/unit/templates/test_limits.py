"""Who asks for too much is refused by Debian's own Nginx, as the options say, and others are answered meanwhile."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from app import create_app
from app.application import HEADERS
from app.protocols import refusals
from app.settings import Settings
from deploy.base.paths import KIT
from tests.unit.templates.conftest import Served
from tests.unit.templates.rendering import CHANGED, DEFAULTS, Rendering

STATIC = KIT / "app" / "static"
SENTENCE = json.loads((STATIC / "too_many.json").read_text())["detail"]
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
PAGES, PREDICTIONS, TABLES, CONNECTIONS = 4, 6, 2, 3
NARROW = {
    "nginx_limit_pages": PAGES,
    "nginx_limit_predictions": PREDICTIONS,
    "nginx_limit_tables": TABLES,
    "nginx_limit_connections": CONNECTIONS,
}
NAME = DEFAULTS.option("nginx_server_names")[0]
SECONDS = 1
PATIENCE_SECONDS = 30
"""For an answer of Nginx's: without the option it would let a client go after 60."""

SLOW = Rendering({"nginx_client_timeout": SECONDS, "nginx_limit_connections": CONNECTIONS})
PROXIES = Rendering(NARROW | {"nginx_trusted_proxies": ["127.0.0.0/8"]})
OFF = Rendering(dict.fromkeys(NARROW, 0))

Ask = Callable[..., requests.Response]


class _From(HTTPAdapter):
    """Asks from an address: this machine has all of 127.0.0.0/8."""

    def __init__(self, source: str) -> None:
        self.source = source
        super().__init__()

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, **options, source_address=(self.source, 0))


def asking(site: Served) -> Ask:
    """Return what asks a site, without an application, from an address."""

    def ask(
        path: str, source: str = "127.0.0.2", method: str = "GET", body: bytes = b"", **headers: str
    ) -> requests.Response:
        with requests.Session() as session:
            session.mount("http://", _From(source))
            url, headers = f"http://127.0.0.1:{site.port}{path}", {"Host": NAME, **headers}
            return session.request(method, url, data=body, headers=headers, timeout=PATIENCE_SECONDS)

    return ask


@pytest.fixture
def narrow(served: Callable[[Rendering], Served]) -> Ask:
    """A site with limits that few requests meet."""
    return asking(served(Rendering(NARROW)))


def until_refused(ask: Ask, path: str, most: int = 40, **options: Any) -> tuple[int, requests.Response]:
    """Ask until refused; return how often it was answered before that, and the refusal."""
    for count in range(most):
        response = ask(path, **options)
        if response.status_code == 429:
            return count, response
        assert response.status_code == 503, "without an application"
    pytest.fail(f"{path} was answered {most} times")


LIMITS = {
    "page": ("/models/exam", "GET", HTML, PAGES, '"pages";q=4;w=10', "3"),
    "prediction": ("/api/v1/models/exam/predictions", "POST", "*/*", PREDICTIONS, '"predictions";q=6;w=10', "2"),
    "open inference": ("/v2/models/exam/infer", "POST", "*/*", PREDICTIONS, '"predictions";q=6;w=10', "2"),
    "MLflow": ("/models/exam/invocations", "POST", "*/*", PREDICTIONS, '"predictions";q=6;w=10', "2"),
    "table": ("/models/exam/table", "POST", HTML, TABLES, '"tables";q=2;w=60', "30"),
}


@pytest.mark.parametrize(("path", "method", "accept", "limit", "policy", "retry"), LIMITS.values(), ids=LIMITS)
def test_refusal_says_what_and_how_long_as_each_client_reads_it(narrow, path, method, accept, limit, policy, retry):
    start = time.monotonic()
    count, refusal = until_refused(narrow, path, method=method, Accept=accept)
    due = (time.monotonic() - start) * limit / int(policy.rpartition("=")[2])
    assert limit + 1 <= count <= limit + 1 + due, "one, as many more as may come at once, what was due again meanwhile"
    assert (refusal.headers["RateLimit-Policy"], refusal.headers["Retry-After"]) == (policy, retry)
    for name, value in HEADERS.items():
        assert refusal.headers[name] == value, name
    if accept == HTML:
        assert (refusal.headers["Content-Type"], refusal.headers["Content-Language"]) == ("text/html", "es, en")
        assert "Demasiadas peticiones" in refusal.text and SENTENCE in refusal.text
    elif (own := refusals.document(path, 429, SENTENCE)) is not None:
        assert (refusal.headers["Content-Type"], refusal.json()) == ("application/json", own)
    else:
        assert refusal.headers["Content-Type"] == "application/problem+json"
        assert (refusal.json()["status"], refusal.json()["detail"]) == (429, SENTENCE)
    assert narrow(path, "127.0.0.3", method).status_code == 503, "another address"
    assert narrow("/static/style.css").status_code == 200, "files have no such limit"


def test_one_class_s_limit_is_not_another_s(narrow):
    until_refused(narrow, "/")
    assert narrow("/api/v1/models").status_code == 503
    assert narrow("/models/exam/table", method="POST").status_code == 503


def test_who_was_refused_is_answered_again_when_it_was_told(narrow):
    _, refusal = until_refused(narrow, "/")
    time.sleep(int(refusal.headers["Retry-After"]))
    assert narrow("/").status_code == 503


def test_large_body_is_answered_and_refused_in_the_same_words(narrow):
    """It comes to the application by an error of Nginx's own, which must not hide the next."""
    body = b"x" * 20_000
    assert narrow("/modelo", method="POST", body=body).json()["status"] == 503
    _, refusal = until_refused(narrow, "/modelo", method="POST", body=body)
    assert refusal.json()["detail"] == SENTENCE
    assert refusal.headers["RateLimit-Policy"].startswith('"predictions"')


def test_host_itself_is_not_limited(narrow):
    for _ in range(3 * PREDICTIONS):
        assert narrow("/modelo", "127.0.0.1", "POST").status_code == 503


@pytest.fixture
def behind_proxy(served: Callable[[Rendering], Served]) -> Ask:
    """A site that believes whoever asks as to the visitor's address."""
    return asking(served(PROXIES))


def test_addresses_behind_a_trusted_proxy_are_told_apart(behind_proxy):
    until_refused(behind_proxy, "/", **{"X-Forwarded-For": "192.0.2.1"})
    assert behind_proxy("/", **{"X-Forwarded-For": "192.0.2.2"}).status_code == 503
    until_refused(behind_proxy, "/", **{"X-Forwarded-For": "::ffff:192.0.2.3"})
    assert behind_proxy("/", **{"X-Forwarded-For": "::ffff:192.0.2.4"}).status_code == 503


def test_customer_s_whole_network_of_ipv6_counts_as_one(behind_proxy):
    addresses = (f"2001:db8:1:2:{host:x}::{host:x}" for host in range(1, 40))
    assert any(behind_proxy("/", **{"X-Forwarded-For": address}).status_code == 429 for address in addresses)
    assert behind_proxy("/", **{"X-Forwarded-For": "2001:db8:1:3::1"}).status_code == 503


def test_nobody_passes_for_the_host_itself(behind_proxy):
    until_refused(behind_proxy, "/", **{"X-Forwarded-For": "127.0.0.1"})


def test_no_limit_is_there_when_it_is_off(served):
    assert "limit_req " not in OFF.site and "limit_conn " not in OFF.site
    ask = asking(served(OFF))
    for path in ("/", "/modelo"):
        assert {ask(path).status_code for _ in range(60)} == {503}


def opened(site: Served, text: str, source: str = "127.0.0.2") -> socket.socket:
    """Send the beginning of a request."""
    connection = socket.create_connection(("127.0.0.1", site.port), PATIENCE_SECONDS, (source, 0))
    connection.sendall(text.replace("\n", "\r\n").encode())
    return connection


HEAD = f"POST /modelo HTTP/1.1\nHost: {NAME}\n"
BODY = f"{HEAD}Content-Length: 50\n\n{{"
AWAITED = BODY.replace("\n", "\nExpect: 100-continue\n", 1)


@pytest.fixture
def busy(served: Callable[[Rendering], Served]) -> Iterator[Served]:
    """A site that an address sends as many bodies as it may at once, and none to its end."""
    site = served(Rendering(NARROW))
    connections = [opened(site, AWAITED) for _ in range(CONNECTIONS)]
    for connection in connections:
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 "), "it counts those whose body it begins to read"
    yield site
    for connection in connections:
        connection.close()


def test_requests_of_one_address_at_the_same_moment_are_limited(busy):
    refusal = asking(busy)("/modelo", method="POST")
    assert (refusal.status_code, refusal.json()["detail"]) == (429, SENTENCE)
    expected = f'"connections";q={CONNECTIONS};qu="concurrent-requests"'
    assert (refusal.headers["RateLimit-Policy"], refusal.headers["Retry-After"]) == (expected, "1")
    assert asking(busy)("/modelo", "127.0.0.3", "POST").status_code == 503


@pytest.mark.parametrize("text", [HEAD[:20], HEAD, BODY], ids=["line", "headers", "body"])
def test_client_that_sends_no_more_is_let_go(served, text):
    site = served(SLOW)
    start = time.monotonic()
    with closing(opened(site, text)) as connection:
        try:
            rest = connection.recv(1000)
        except ConnectionResetError:
            rest = b""
    assert rest == b"" or rest.startswith(b"HTTP/1.1 408"), rest
    assert time.monotonic() - start >= SECONDS


def test_time_of_clients_is_the_option_s_wherever_they_connect():
    """Headers are read before the site is known, so that the server of unknown names counts too."""
    for rendering in (DEFAULTS, CHANGED):
        expected = f"{rendering.option('nginx_client_timeout')}s"
        for text in rendering.nginx_files.values():
            assert re.findall(r"client_header_timeout (\w+);", text) == [expected]
        for name in ("client_body_timeout", "send_timeout"):
            assert re.findall(rf"{name} (\w+);", rendering.site) == [expected]


def test_each_route_has_its_class(bundles):
    """Tables where they are sent, predictions where programs ask, pages where people do."""
    block = re.search(r'map "\$request_method \$uri" \$\w+_class \{\n(.*?)\n\}', DEFAULTS.site, re.S)
    classes = [line.strip().rstrip(";").rsplit(maxsplit=1) for line in block[1].splitlines()]
    assert classes.pop()[0] == "default"

    def class_of(method: str, path: str) -> str:
        matches = (name for pattern, name in classes if re.search(pattern.strip().strip('"~'), f"{method} {path}"))
        return next(matches, "pages")

    app = create_app(Settings(app_bundles=bundles))
    found = {
        (method, rule.rule): class_of(method, re.sub(r"<.*?>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {route for route, name in found.items() if name == "tables"} == {("POST", "/models/<name>/table")}
    pages = {rule for (_, rule), name in found.items() if name == "pages"}
    owners = ("pages.", "links.", "embedding.", "bootstrap.", "swagger.")
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(owners)}
    assert pages == rules - {"/models/<name>/table"}
