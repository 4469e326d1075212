"""The slider of a what-if chart, in Chromium: by keyboard, without a script, and what a click below it gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.served import Served, served

STEPS = 3


@pytest.fixture(scope="module")
def server(bundles: Path) -> Iterator[Served]:
    with served(bundles, GUNICORN_WORKERS="1") as running:
        yield running


def answered(page: Page, server: Served) -> None:
    page.goto(f"http://{server.address}/models/exam?example=1")
    page.locator("#form .btn-primary").click()


@pytest.mark.parametrize(("locale", "mark"), [("es-ES", ","), ("en-GB", ".")])
def test_slider_shows_what_the_model_answers_and_a_click_enters_it(browser: Browser, server, locale, mark):
    page = browser.new_page(locale=locale)
    answered(page, server)
    slider = page.get_by_role("slider").first
    button = page.locator(".slider button").first
    before = button.inner_text()
    slider.focus()
    for _ in range(STEPS):
        slider.press("ArrowRight")
    value, prediction = button.locator("span").all_inner_texts()
    assert button.inner_text() != before and mark in value + prediction
    assert slider.get_attribute("aria-valuetext") == f"{value}: {prediction}"
    expect(page.locator(".trial").first).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    with page.expect_navigation():
        button.click()
    entries = [entry.input_value() for entry in page.locator("#form input[type=text]").all()]
    assert value in entries
    shown = page.locator(".answer .figure").all_inner_texts()
    assert prediction in shown
    page.close()


def test_there_is_none_without_a_script(browser: Browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    answered(page, server)
    assert page.locator(".slider").count() > 0
    for slider in page.locator(".slider").all():
        expect(slider).to_be_hidden()
    context.close()
