"""Limits on a host: who exceeds one is refused in words that each client reads, and everybody else is answered."""

import json
from collections.abc import Iterator

import pytest
import requests

from deploy.rehearsal import hosts as rehearsal
from tests.site.common import QUICK, status
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(12)

LIMITS = {"nginx_limit_pages": 20, "nginx_limit_predictions": 20, "nginx_limit_tables": 3}
HTML = "text/html,*/*;q=0.8"
ROUTES = {
    "/models/exam/table": (HTML, "tables", "text/html"),
    "/nothing": (HTML, "pages", "text/html"),
    "/api/v1/models/exam/predictions": ("*/*", "predictions", "application/problem+json"),
    "/v2/models/exam/infer": ("*/*", "predictions", "application/json"),
    "/models/exam/invocations": ("*/*", "predictions", "application/json"),
}
OTHER = """
import http.client
connection = http.client.HTTPConnection("127.0.0.1", source_address=("127.0.0.9", 0))
connection.request("POST", "{path}", b"x", {{"Host": "{name}"}})
print(connection.getresponse().status)
"""
"""Prints what another visitor is answered, on the host."""

SECRET = "what-a-visitor-entered"


@pytest.fixture
def narrow(hosts: Hosts) -> Iterator[None]:
    """The site with limits that few requests meet, for the time of a test."""
    play = hosts.play(*QUICK, "-e", json.dumps(LIMITS))
    assert play.status == 0, play.output
    yield
    play = hosts.play(*QUICK)
    assert play.status == 0, play.output


def test_one_visitor_is_refused_and_another_answered(narrow, hosts, host, on):
    values = hosts.values[host.name]
    name, log = values["nginx_server_names"][0], values["nginx_access_log"]
    for path, (accept, limit, kind) in ROUTES.items():
        refusal = _refused(host, name, path, accept)
        assert refusal.headers["Content-Type"] == kind, path
        assert refusal.headers["RateLimit-Policy"].startswith(f'"{limit}"'), path
        assert int(refusal.headers["Retry-After"]) > 0 and refusal.headers["X-Content-Type-Options"] == "nosniff"
        other = on(host, f"python3 - <<'E'\n{OTHER.format(path=path, name=name)}E").strip()
        assert other in ("400", "403", "404", "405", "415", "422"), (path, other)
    assert '" 429 ' in on(host, f"tail -n 40 {log}")
    assert SECRET not in on(host, f"cat {values['nginx_error_log']}")
    (report,) = status(hosts).values()
    assert 0 < report["limits"]["refused"] < report["limits"]["requests"]


def _refused(host: rehearsal.Host, name: str, path: str, accept: str) -> requests.Response:
    """Ask from this machine until refused."""
    url, headers = f"http://{host.address}{path}?x={SECRET}", {"Host": name, "Accept": accept}
    for _ in range(400):
        response = requests.post(url, headers=headers, data=b"x", timeout=30)
        if response.status_code == 429:
            return response
    pytest.fail(f"{path} was never refused")
