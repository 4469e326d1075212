"""Links and comparisons in Chromium: copied and compared, with a script and without; accessible, and fitting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.served import Served, served

ANSWER = "/models/titanic/answer?class=third&sex=female&age=adult"
COPIED = {"es": "Copiado", "en": "Copied"}


@pytest.fixture(scope="module")
def server(bundles: Path) -> Iterator[Served]:
    with served(bundles, GUNICORN_WORKERS="1") as running:
        yield running


@pytest.mark.parametrize(
    ("language", "width", "script", "scheme"), [("es", 320, True, "dark"), ("en", 1280, False, "light")]
)
def test_answer_is_copied_changed_and_compared(browser, server, language, width, script, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 844}, locale=language, java_script_enabled=script, color_scheme=scheme,
        permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"http://{server.address}{ANSWER}")
    button = page.locator("[data-copies]")
    if script:
        button.click()
        expect(button).to_have_text(COPIED[language])
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#link").evaluate("link => link.href")
    else:
        expect(button).to_be_hidden()
    page.locator("#field-0").select_option("first")
    page.locator("button[formaction*=comparison]").click()
    expect(page.locator(".comparison tbody tr")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page is wider than its window"
    if script:
        assert Axe().run(page).response["violations"] == []
    page.locator(".comparison thead a").nth(1).click()
    expect(page.locator("#field-0")).to_have_value("first")
    context.close()
