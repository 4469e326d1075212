"""What an answer's page costs a visitor, as Chromium measures it: bytes, a slow processor's work, shifts, paper."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.served import Served, served

KIB = 1024
SLOWER = 4
"""A phone's processor, beside this machine's."""

WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
SHIFTS = """
new PerformanceObserver(list => {
  for (const shift of list.getEntries()) {
    (window.shifted ??= []).push([shift.value, ...shift.sources.map(source => source.node?.outerHTML?.slice(0, 99))]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
SHIFTED = "(window.shifted ?? []).reduce((sum, [value]) => sum + value, 0)"
HIDDEN = """
(() => {
  const focused = document.activeElement, { left, top, width, height } = focused.getBoundingClientRect();
  const places = [[left + width / 2, top + 3], [left + width / 2, top + height - 3]];
  const hidden = places.filter(place => !focused.contains(document.elementFromPoint(...place)));
  return hidden.map(() => focused.outerHTML.slice(0, 99));
})()
"""
"""What has the focus, once for its upper and once for its lower end, where something else lies above it."""

LANDMARK = {"exam": "0", "titanic": "In first class", "houses": "10"}
"""A value of a what-if chart."""


@pytest.fixture(scope="module")
def server(houses_bundles: Path) -> Iterator[Served]:
    with served(houses_bundles, GUNICORN_WORKERS="1") as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", color_scheme="dark")
    page = context.new_page()
    page.add_init_script(SHIFTS)
    yield page
    context.close()


def fill_in(page: Page, server: Served, name: str) -> None:
    """Fill in a model's example."""
    page.goto(f"http://{server.address}/models/{name}?example=1", wait_until="networkidle")


def send(page: Page) -> None:
    """Send the form that is filled in."""
    page.locator("form .btn-primary").first.click()
    expect(page.locator("#answer")).to_be_visible()
    page.wait_for_load_state("networkidle")


def work(session: Any) -> float:
    """Return how many seconds of a processor the page has taken, whatever else that did meanwhile."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return sum(metric["value"] for metric in metrics if metric["name"] in WORK)


@pytest.mark.parametrize("name", LANDMARK)
def test_answer_is_light_quick_and_still(page, server, name):
    bodies: dict[str, bytes] = {}
    page.on("response", lambda response: bodies.update({response.url: response.body()}))
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    fill_in(page, server, name)
    send(page)
    seconds, document = work(session), bodies[f"http://{server.address}/models/{name}"]
    sent = sum(len(gzip.compress(body, 5)) for url, body in bodies.items() if not url.startswith("data:"))
    figures = (len(document), sent, round(seconds, 3), page.evaluate(SHIFTED))
    print(name, *figures)
    assert max(len(document), sent) < 200 * KIB, figures
    assert figures[2] < 0.3, figures
    assert figures[3] == 0, page.evaluate("window.shifted")
    assert {urlsplit(url).netloc for url in bodies if not url.startswith("data:")} == {server.address}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", LANDMARK)
def test_answer_is_accessible_and_one_click_changes_it(page, server, name, width):
    page.set_viewport_size({"width": width, "height": 844})
    fill_in(page, server, name)
    send(page)
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page is wider than its window"
    before = page.locator("#answer").inner_text()
    page.locator("#what-if").locator("..").get_by_role("button", name=LANDMARK[name]).first.click()
    expect(page.locator("#answer")).not_to_have_text(before)
    assert Axe().run(page).response["violations"] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_button_that_stays_in_sight_hides_nothing_that_has_the_focus(page, server, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    fill_in(page, server, "houses")
    send(page)
    entries = page.locator("#form input:visible:not([type=hidden]), #form select:visible").count()
    page.locator("#form input:visible").first.focus()
    for _ in range(entries):
        page.keyboard.press("Tab")
        page.evaluate("new Promise(requestAnimationFrame)")
        assert page.evaluate(HIDDEN) == []


@pytest.mark.parametrize("name", LANDMARK)
def test_answer_takes_two_sheets_at_most_and_its_link_is_an_address(page, server, name):
    fill_in(page, server, name)
    send(page)
    assert 1 <= len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True))) <= 2
    page.emulate_media(media="print")
    link = page.locator(".origin a")
    expect(link).to_be_visible()
    assert link.inner_text() == link.get_attribute("href")
    assert page.goto(link.get_attribute("href")).status == 200
    expect(page.locator("#answer")).to_have_count(0 if name == "houses" else 1)
