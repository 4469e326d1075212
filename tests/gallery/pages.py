"""What a visitor does until a page is seen: one function each, and which site it is of."""

from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page

Visit = Callable[[Page, str], None]
"""Takes a browser's page, and a site's address."""


class Scene(NamedTuple):
    """A page of a site."""

    site: str
    visit: Visit


def home(page: Page, address: str) -> None:
    """Open the first page."""
    page.goto(f"{address}/")


def form(model: str) -> Visit:
    """Open a model's form."""

    def visit(page: Page, address: str) -> None:
        page.goto(f"{address}/models/{model}")

    return visit


def answer(model: str) -> Visit:
    """Send a model's example."""

    def visit(page: Page, address: str) -> None:
        page.goto(f"{address}/models/{model}?example=1")
        _send(page)

    return visit


def text(page: Page, address: str) -> None:
    """Ask the model that takes a text."""
    page.goto(f"{address}/models/opinion")
    page.locator("textarea").first.fill("Muy buen producto, lo recomiendo")
    _send(page)


def choices(page: Page, address: str) -> None:
    """Choose one of thousands."""
    page.goto(f"{address}/models/cars")
    page.locator("input[list]").first.fill("Seat 0042 Familiar")
    page.locator("input[name=km]").fill("52000")
    _send(page)


def refused(page: Page, address: str) -> None:
    """Enter what is no number, and what is out of range."""
    page.goto(f"{address}/models/exam")
    for entry, what in zip(page.locator("#form input[type=text]").all(), ("abc", "-3"), strict=True):
        entry.fill(what)
    _send(page)


def nothing_entered(page: Page, address: str) -> None:
    """Send the form as it comes."""
    page.goto(f"{address}/models/titanic")
    _send(page)


def table(data: str, button: int) -> Visit:
    """Upload a table to be checked, or answered in the page.

    Args:
        button: which one of the form's.
    """

    def visit(page: Page, address: str) -> None:
        page.goto(f"{address}/models/exam")
        file = {"name": "table.csv", "mimeType": "text/csv", "buffer": data.encode()}
        page.locator("#table-file").set_input_files(file)
        page.locator("form:has(#table-file) button").nth(button).click()
        page.wait_for_load_state("networkidle")

    return visit


def comparison(page: Page, address: str) -> None:
    """Change one entry below an answer, and compare."""
    answer("titanic")(page, address)
    page.locator("#form select").first.select_option(index=1)
    page.locator("#form button[formaction]").first.click()
    page.wait_for_load_state("networkidle")


def printed(page: Page, address: str) -> None:
    """Print an answer."""
    answer("titanic")(page, address)
    page.emulate_media(media="print")


def embedded(page: Page, address: str) -> None:
    """Ask in a frame of another site's page, which the site serves here as any other would."""
    language = str(page.evaluate("navigator.language"))[:2]
    frame = (
        f'<iframe src="{address}/models/titanic/embed/{language}" title="Titanic" width="100%" height="1500"></iframe>'
    )
    body = f'<!doctype html><html lang="{language}"><title>A school</title><main><h1>A school</h1>{frame}</main></html>'
    page.route("**/a-page-of-theirs", lambda route: route.fulfill(content_type="text/html", body=body))
    page.goto(f"{address}/a-page-of-theirs")
    inner = page.frame_locator("iframe")
    for field in inner.locator("#form select").all():
        field.select_option(index=1)
    inner.locator("form .btn-primary").first.click()
    inner.locator("#answer").wait_for()


def _send(page: Page) -> None:
    page.locator("#form .btn-primary").first.click()
    page.wait_for_load_state("networkidle")


SCENES = {
    "home of one": Scene("one", home),
    "home of three": Scene("three", home),
    "home of thirty": Scene("thirty", home),
    "exam": Scene("every", answer("exam")),
    "titanic, form": Scene("every", form("titanic")),
    "titanic": Scene("every", answer("titanic")),
    "diabetes": Scene("every", answer("diabetes")),
    "79 fields, form": Scene("every", form("houses")),
    "79 fields": Scene("every", answer("houses")),
    "text": Scene("every", text),
    "5000 choices": Scene("every", choices),
    "refused": Scene("every", refused),
    "nothing entered": Scene("every", nothing_entered),
    "refused table": Scene("every", table("a,suen\n1,2\n", 0)),
    "checked table": Scene("every", table("id,estudio,sueno\n1,3,7\n2,abc,8\n3,9,9\n", 1)),
    "comparison": Scene("every", comparison),
    "embedded": Scene("every", embedded),
    "print": Scene("every", printed),
}
"""What is seen → how."""
