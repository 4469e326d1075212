"""The site as people see it: Chromium, by server name, in both languages, at a phone's and a desk's width."""

import csv
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.values import as_text
from deploy.base.paths import state
from deploy.rehearsal import hosts as rehearsal
from tests import chromium
from tests.run import FULL
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

WIDTHS = [390, 1280]
VISITORS = [*itertools.product(["es", "en"], WIDTHS, [True, False])]
"""Language, width of the window, whether scripts run."""

LOCALES = {"es": "es-ES", "en": "en-GB"}
PREDICT = {"es": "Predecir", "en": "Predict"}
EXAMPLE = {"es": re.compile("^(Ejemplo|Caso típico)$"), "en": re.compile("^(Example|Typical case)$")}
"""The contract's own example: by itself, and beside others."""

SWAGGER = {"exclude": [["#swagger-ui"]]}
"""Swagger UI's own markup is another project's; its page around it is ours."""

AxeRun = Callable[..., None]


@pytest.fixture(scope="module")
def names(hosts: Hosts, host: rehearsal.Host) -> list[str]:
    return hosts.values[host.name]["nginx_server_names"]


@pytest.fixture(scope="module")
def cards(host: rehearsal.Host, names: list[str]) -> dict[str, dict[str, Any]]:
    """Name → what the site's API tells of each of the project's own models."""
    cards = requests.get(f"http://{host.address}/api/v1/models", headers={"Host": names[0]}, timeout=30).json()
    return {card["name"]: card for card in cards if card["name"] in ("diabetes", "exam", "titanic")}


@pytest.fixture(scope="module")
def browser(host: rehearsal.Host, names: list[str]) -> Iterator[Browser]:
    """A browser for which the server names lead to the host, as the line for /etc/hosts has it."""
    rules = ", ".join(f"MAP {name} {host.address}" for name in names)
    with chromium.launched(f"--host-resolver-rules={rules}") as running:
        yield running


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of which nothing is loaded from elsewhere, and no script complains."""
    contexts: list[BrowserContext] = []
    requested: list[str] = []
    complaints: list[str] = []

    def page(width: int, language: str = "en", **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, locale=LOCALES[language], **more)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        return page

    yield page
    for context in contexts:
        context.close()
    assert len({re.sub(r"^(\w+://[^/]*).*", r"\1", url) for url in requested if not url.startswith("data:")}) == 1, (
        requested
    )
    assert complaints == []


def must_be_good(page: Page, name: str, options: dict[str, Any] | None = None) -> None:
    """Check that a page fits its window and that axe finds nothing; keep a picture of it."""
    width = page.viewport_size["width"]
    page.screenshot(path=str(state("screenshots", f"{name}-{width}.png")), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page is wider than its window"
    violations = Axe().run(page, context=options).response["violations"]
    faults = [(violation["id"], [node["html"][:200] for node in violation["nodes"]]) for violation in violations]
    assert faults == [], name


def answered(card: dict[str, Any], host: rehearsal.Host, names: list[str], language: str) -> str:
    """Return how the API calls the example's answer."""
    row = {field["name"]: field["example"] for field in card["contract"]["fields"]}
    url = f"http://{host.address}/api/v1/models/{card['name']}/predictions"
    headers = {"Host": names[0], "Accept-Language": language}
    (prediction,) = requests.post(url, json=row, headers=headers, timeout=30).json()["predictions"]
    return prediction.get("label") or f"{prediction['value']:.5g}".replace(".", "," if language == "es" else ".")


@pytest.mark.parametrize(("language", "width", "javascript"), VISITORS if FULL else VISITORS[::3])
def test_every_model_is_found_filled_in_and_answered(opened, cards, host, names, language, width, javascript, tmp_path):
    page = opened(width, language, java_script_enabled=javascript, accept_downloads=True)
    for name, card in cards.items():
        contract = card["contract"]
        page.goto(f"http://{names[0]}/")
        page.get_by_role("link", name=contract["title"][language]).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(contract["title"][language])
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.get_by_role("button", name=EXAMPLE[language]).click()
        page.get_by_role("button", name=PREDICT[language], exact=True).click()
        expect(page.get_by_role("status")).to_contain_text(answered(card, host, names, language))
        for place, field in enumerate(contract["fields"]):
            expect(page.locator(f"#field-{place}")).to_have_value(as_typed(field["example"], language))
        expect(page.locator("figure")).not_to_have_count(0)
        if javascript:
            must_be_good(page, f"{name}-{language}")
        table_comes_back(page, contract, tmp_path)


def as_typed(value: Any, language: str) -> str:
    """Return a value as the form's input holds it."""
    text = as_text(value)
    return text.replace(".", ",") if language == "es" and isinstance(value, float) else text


def table_comes_back(page: Page, contract: dict[str, Any], folder: Path) -> None:
    """Send the example and a bad row as a table."""
    fields = contract["fields"]
    with (folder / "table.csv").open("w", newline="") as file:
        good = [as_text(field["example"]) for field in fields]
        csv.writer(file, delimiter=";").writerows([[field["name"] for field in fields], good, ["x", *good[1:]]])
    page.locator("#table-file").set_input_files(folder / "table.csv")
    with page.expect_download() as download:
        page.locator("form[enctype] button:not([name])").click()
    download.value.save_as(folder / "answers.csv")
    with (folder / "answers.csv").open(newline="") as file:
        header, first, second = csv.reader(file, delimiter=";")
    assert header[len(fields)] == "prediction"
    assert first[len(fields)] and not first[-1]
    assert not second[len(fields)] and second[-1]


@pytest.mark.parametrize("width", WIDTHS if FULL else WIDTHS[:1])
@pytest.mark.parametrize(("language", "sentence"), [("es", "está fuera del intervalo: de 0 a 24"),
                                                    ("en", "is out of range: from 0 to 24")])  # fmt: skip
def test_faults_stand_beside_their_fields(opened, names, language, sentence, width):
    page = opened(width, language)
    page.goto(f"http://{names[0]}/models/exam")
    page.locator("#field-0").fill("25")
    page.locator("#field-0").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.locator("#field-0")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-0")).to_have_value("25")
    expect(page.locator("#field-1-error")).to_be_visible()
    must_be_good(page, f"faults-{language}")
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.locator("#field-0")).to_be_in_viewport()


def test_form_can_be_used_by_keyboard_alone(opened, names):
    page = opened(1280)
    page.goto(f"http://{names[0]}/models/titanic")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "field-0":
            break
    for letters in ("In first", "Female", "Adult"):
        page.keyboard.type(letters)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You would have survived")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_other_pages_are_good_in_light_and_dark(opened, names, width, scheme):
    page = opened(width, color_scheme=scheme)
    for name, path in {"home": "/", "404": "/nowhere", "titanic": "/models/titanic?example=1"}.items():
        page.goto(f"http://{names[0]}{path}")
        must_be_good(page, f"{name}-{scheme}")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    must_be_good(page, f"answer-{scheme}")


@pytest.mark.parametrize("width", WIDTHS if FULL else WIDTHS[:1])
def test_documents_are_shown_and_can_be_tried(opened, names, width):
    page = opened(width)
    page.goto(f"http://{names[0]}/api/docs")
    page.locator("#operations-api-exam_predictions, [id$=exam_predictions]").first.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    must_be_good(page, "docs", SWAGGER)


def test_documents_without_javascript_lead_to_the_document(opened, names):
    page = opened(390, java_script_enabled=False)
    page.goto(f"http://{names[0]}/api/docs")
    page.get_by_role("link", name="openapi.json").click()
    assert json.loads(page.locator("body").inner_text())["openapi"].startswith("3.1")


def test_language_switch_stays(opened, names):
    page = opened(390, "es")
    page.goto(f"http://{names[1]}/models/exam")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Will you pass the exam?")
    page.goto(f"http://{names[1]}/models/titanic")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_too_large_a_table_gets_the_site_s_page(opened, names, hosts, host, tmp_path):
    limit = hosts.values[host.name]["app_max_body_kib"] * 1024
    (tmp_path / "big.csv").write_bytes(b"estudio,sueno\n" + b"6,8\n" * (limit // 4))
    page = opened(1280)
    page.goto(f"http://{names[0]}/models/exam")
    page.locator("#table-file").set_input_files(tmp_path / "big.csv")
    page.locator("form[enctype] button:not([name])").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Too large")


def test_stopped_application_has_a_page_and_a_problem(opened, hosts, host, on, names):
    unit = hosts.values[host.name]["systemd_unit"]
    on(host, f"systemctl stop '{unit}-*'")
    try:
        page = opened(390)
        assert page.goto(f"http://{names[0]}/models/exam").status == 503
        expect(page.get_by_role("heading", level=1)).to_have_text("No disponible")
        must_be_good(page, "unavailable")
        answer = requests.get(f"http://{host.address}/api/v1/models", headers={"Host": names[0]}, timeout=30)
        assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert (answer.json()["status"], answer.headers["Retry-After"]) == (503, "30")
    finally:
        on(host, f"systemctl start {unit}")
