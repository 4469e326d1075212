"""Numbers typed into Chromium: whatever language it speaks, the page reads them as it prints them, and what it refuses
has the focus."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.run import FULL
from tests.served import Served, served
from tests.typed import ASKED, OTHERS, TYPED

LANGUAGES = ("es", "en")
LOCALES = ("es-ES", "en-US")
TEXTS = [*TYPED][:: 1 if FULL else 3]
"""A form's tests have all of them."""

PLACES = {name: place for place, name in enumerate(OTHERS)}


@pytest.fixture(scope="module")
def server(numbers_bundles: Path) -> Iterator[Served]:
    with served(numbers_bundles) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, server: Served) -> Iterator[Callable[..., Page]]:
    """Open the model's page with its example, in a language, in a browser of any language."""
    contexts = []

    def page(language: str, locale: str = "en-US", width: int = 390, **more: bool) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": 844}, locale=locale, **more))
        opened = contexts[-1].new_page()
        opened.goto(f"http://{server.address}/language/{language}?next=/models/numbers%3Fexample=1")
        expect(opened.locator("html")).to_have_attribute("lang", language)
        return opened

    yield page
    for context in contexts:
        context.close()


def send(page: Page, **texts: str) -> None:
    """Type texts into fields, and send the form."""
    for name, text in texts.items():
        page.locator(f"#field-{PLACES[name]}").fill("")
        page.locator(f"#field-{PLACES[name]}").press_sequentially(text)
    page.locator("form .btn-primary").click()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("locale", LOCALES)
def test_number_is_read_as_the_page_prints_it(opened, language, locale):
    page, answers = opened(language, locale), {}
    for text in TEXTS:
        send(page, valor=text)
        expect(page.locator("#field-0")).to_have_value(text)
        answers[text] = page.locator("#answer").all_inner_texts()
    place = LANGUAGES.index(language)
    expected = {text: TYPED[text] for text in TEXTS}
    assert answers == {text: [f"{pair[place]} m²"] if pair else [] for text, pair in expected.items()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("locale", LOCALES)
def test_page_asks_what_it_would_have_to_guess(opened, language, locale):
    page = opened(language, locale)
    for (asking, name, text), sentence in ASKED.items():
        if asking == language:
            send(page, **{name: text})
            expect(page.locator(f"#field-{PLACES[name]}-error")).to_contain_text(f": {sentence}.")
            expect(page.locator("#answer")).to_have_count(0)
            page.locator(f"#field-{PLACES[name]}").fill(OTHERS[name])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_refused_has_the_focus_and_leads_to_its_field(opened, language, script, width):
    page = opened(language, width=width, java_script_enabled=script)
    send(page, year_built="x", precio="y")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_be_in_viewport()
    page.get_by_role("alert").get_by_role("link").last.click()
    expect(page.locator("#field-2")).to_be_focused()
    expect(page.locator("#field-2")).to_be_in_viewport()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_refused_table_is_seen(opened, language, width, tmp_path):
    (tmp_path / "table.csv").write_text("valor,ancho\n1,2\n")
    page = opened(language, width=width)
    page.locator("#table-file").set_input_files(tmp_path / "table.csv")
    page.locator("form[enctype] button:not([name])").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_be_in_viewport()
    expect(page).to_have_title(("Error: Números", "Error: Numbers")[LANGUAGES.index(language)])
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("#table-file")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page is wider than its window"
