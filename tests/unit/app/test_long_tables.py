"""A table that people wait for, in Chromium: how long is said before, how far it is while it is fetched by a script."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.served import Served, served

ROWS = 20_000
WAIT = re.compile(r"Its predictions take about \d+ (seconds|minutes)\.")


@pytest.fixture(scope="module")
def server(houses_bundles: Path) -> Iterator[Served]:
    with served(houses_bundles, GUNICORN_WORKERS="2", APP_MAX_BODY_KIB="20480") as running:
        yield running


@pytest.fixture(scope="module")
def table(server: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (card,) = [card for card in server("GET", "/api/v1/models") if card["name"] == "houses"]
    row = {field["name"]: field["example"] for field in card["contract"]["fields"]}
    file = tmp_path_factory.mktemp("table") / "table.csv"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([[*row], *[[*row.values()]] * ROWS])
    return file


def checked(browser: Browser, server: Served, table: Path, script: bool) -> Page:
    page = browser.new_page(locale="en-GB", java_script_enabled=script, accept_downloads=True)
    page.goto(f"http://{server.address}/models/houses")
    page.locator("#table-file").set_input_files(table)
    page.get_by_role("button", name="Check the table first").click()
    expect(page.get_by_role("heading", name="Your table")).to_be_focused(timeout=60_000)
    return page


@pytest.mark.parametrize("script", [True, False])
def test_long_table_says_how_long_it_takes_and_shows_how_far_it_is(browser, server, table, script, tmp_path):
    page = checked(browser, server, table, script)
    expect(page.locator("#wait")).to_have_text(WAIT)
    expect(page.get_by_role("progressbar")).to_be_hidden()
    with page.expect_download(timeout=120_000) as download:
        page.locator("#wait ~ button").click()
        if script:
            expect(page.get_by_role("progressbar", name="Rows that are done")).to_be_visible()
            expect(page.get_by_role("progressbar")).to_have_attribute("value", re.compile("[1-9]"))
            assert Axe().run(page).response["violations"] == []
    assert download.value.suggested_filename == "houses.csv"
    download.value.save_as(tmp_path / "answer.csv")
    assert len((tmp_path / "answer.csv").read_text(encoding="utf-8").splitlines()) == 1 + ROWS
    page.close()


def test_script_leaves_a_table_that_is_gone_to_the_form(browser, server, table):
    page = checked(browser, server, table, script=True)
    page.locator("[name=held]").evaluate("input => input.value = 'x'")
    page.locator("#wait ~ button").click()
    expect(page.get_by_role("alert")).to_contain_text("The table isn't held any more")
    page.close()
