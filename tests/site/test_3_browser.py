"""The site as people see it: Chromium, by server name, at a phone's and a desk's width."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from deploy.project import state

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WIDTHS = [390, 1280]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture
def browser(playwright: Playwright, host) -> Iterator[Browser]:
    """A browser for which the server names lead to the host, as the line for /etc/hosts has it."""
    names = f"MAP practica_flask {host.address}, MAP www.practica_flask {host.address}"
    chromium = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=[*FLAGS, f"--host-resolver-rules={names}"]
    )
    yield chromium
    chromium.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Page:
    return browser.new_context(viewport={"width": request.param, "height": 844}, java_script_enabled=False).new_page()


def shot(page: Page, host, name: str) -> None:
    path = state("screenshots", f"{name}-{host.name}-{page.viewport_size['width']}.png")
    page.screenshot(path=str(path), full_page=True)


def test_form_predicts(page, host):
    page.goto("http://practica_flask/")
    expect(page.get_by_role("heading", level=1)).to_have_text("¿Aprobarás el examen?")
    shot(page, host, "form")
    page.get_by_label("Horas de estudio").fill("6")
    page.get_by_label("Horas de sueño").fill("8")
    page.get_by_role("button", name="Predecir").click()
    expect(page.get_by_role("status")).to_contain_text("Aprobado")
    expect(page.get_by_label("Horas de estudio")).to_have_value("6")
    shot(page, host, "answer")
    page.get_by_label("Horas de estudio").fill("1")
    page.get_by_label("Horas de sueño").fill("4")
    page.get_by_label("Horas de sueño").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Suspendido")


def test_page_fits_and_its_style_is_loaded(page):
    loaded = []
    page.on("response", lambda response: loaded.append((response.status, response.url)))
    page.goto("http://www.practica_flask/")
    assert (200, "http://www.practica_flask/static/style.css") in loaded
    width = page.locator("body").bounding_box()["width"]
    assert page.locator("main").bounding_box()["width"] <= width == page.viewport_size["width"]


def test_faults_stand_beside_their_fields(page, host):
    page.goto("http://practica_flask/")
    page.route("**/*", lambda route: route.continue_(post_data="estudio=25&sueno=") if route.request.method == "POST"
               else route.continue_())  # fmt: skip
    page.get_by_label("Horas de estudio").fill("6")
    page.get_by_label("Horas de sueño").fill("8")
    page.get_by_role("button", name="Predecir").click()
    expect(page.get_by_role("alert")).to_contain_text("Horas de sueño: falta")
    expect(page.get_by_label("Horas de estudio")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Horas de estudio")).to_have_value("25")
    shot(page, host, "faults")
