"""A link that holds an answer, on a host: opened elsewhere it is the same, and no log there has what was entered."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from deploy.rehearsal import hosts as rehearsal
from tests import chromium
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

ENTERED = "7.23456789"
PRIVATE = "journalctl --no-pager --output=cat; cat /var/log/nginx/*.log"
"""Prints what the host has logged."""


@pytest.fixture(scope="module")
def name(hosts: Hosts, host: rehearsal.Host) -> str:
    return hosts.values[host.name]["nginx_server_names"][0]


@pytest.fixture(scope="module")
def browser(host: rehearsal.Host, name: str) -> Iterator[Browser]:
    with chromium.launched(f"--host-resolver-rules=MAP {name} {host.address}") as running:
        yield running


def test_link_and_comparison_are_opened_elsewhere_and_no_log_has_what_was_entered(browser, host, on, name):
    first, other = (browser.new_context(locale=locale).new_page() for locale in ("en-GB", "es-ES"))
    first.goto(f"http://{name}/models/exam")
    for place, hours in enumerate((ENTERED, "8")):
        first.locator(f"#field-{place}").fill(hours)
    first.locator("form .btn-primary").click()
    first.locator("#link").click()
    assert f"estudio={ENTERED}&" in first.url
    other.goto(first.url)
    expect(other.locator("#answer")).to_have_text("Aprobado")
    expect(other.locator("#field-0")).to_have_value(ENTERED.replace(".", ","))
    other.locator("#field-1").fill("5")
    other.locator("button[formaction*=comparison]").click()
    expect(other.locator(".comparison h2")).to_be_visible()
    other.reload()
    other.get_by_role("link", name="English").click()
    expect(other.locator("html")).to_have_attribute("lang", "en")
    assert f"estudio={ENTERED}&" in other.url
    logged = on(host, PRIVATE)
    assert "GET /models/exam/comparison/" in logged and "/models/<name>/comparison/<version>" in logged
    assert ENTERED not in logged and ENTERED.replace(".", "%2E") not in logged


@pytest.mark.parametrize(
    "query", ["x=" + "7" * 3900, "x=" + "7" * 5000, "x=" + "7" * 9000, "estudio=x&" * 390, "ñ=7", "a b"]
)
def test_long_or_broken_address_is_refused_quickly(host, on, name, query):
    response = requests.get(f"http://{host.address}/models/exam/answer?{query}", headers={"Host": name}, timeout=5)
    assert 400 <= response.status_code < 500
