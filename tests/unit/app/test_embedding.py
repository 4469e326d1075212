"""A form in another site's page, in Chromium: shown where that is listed, without cookies, as high as it is."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, Page, expect

from tests import chromium
from tests.served import Served, served

LISTED, OTHER, SITE = "school.example", "elsewhere.example", "predict.example"
FIRST = ("first", "female", "adult")
PARENT = """<!doctype html><html lang="en"><title>School</title><main><h1>School</h1>
<iframe id="titanic" src="http://%(site)s/models/titanic/embed/en" title="Titanic" style="width:100%%"></iframe></main>
<script>%(script)s</script>"""
DOCUMENTED = re.search(
    r"^    <script>\n(.*?)^    </script>",
    (Path(__file__).parents[3] / "docs" / "sharing.md").read_text(encoding="utf-8"),
    re.M | re.S,
)[1]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ThreadingHTTPServer]:
    """Another site: a page with the frame, and the same where it asks of all it loads to allow that (COEP)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            if "strict" in self.path:
                self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.end_headers()
            self.wfile.write(self.server.page.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(bundles: Path, elsewhere: ThreadingHTTPServer) -> Iterator[Served]:
    listed = f"http://{LISTED}:{elsewhere.server_port}"
    with served(bundles, APP_FRAME_ANCESTORS=listed, GUNICORN_WORKERS="1") as running:
        address = running.address.replace("127.0.0.1", SITE)
        elsewhere.page = PARENT % {
            "site": address,
            "script": DOCUMENTED.replace("https://predict.example.org", f"http://{address}"),
        }
        yield running


@pytest.fixture(scope="module")
def browser(site: Served, elsewhere: ThreadingHTTPServer) -> Iterator[Browser]:
    """A browser for which these names are this machine's, and as good as HTTPS: over HTTP it ignores COEP."""
    secure = [
        f"http://{SITE}:{site.address.split(':')[1]}",
        *(f"http://{name}:{elsewhere.server_port}" for name in (LISTED, OTHER)),
    ]
    rules = ", ".join(f"MAP {name} 127.0.0.1" for name in (LISTED, OTHER, SITE))
    with chromium.launched(
        f"--host-resolver-rules={rules}", f"--unsafely-treat-insecure-origin-as-secure={','.join(secure)}"
    ) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, site: Served, elsewhere: ThreadingHTTPServer) -> Iterator[Callable[..., Page]]:
    contexts = []

    def page(host: str, path: str = "/", **more: object) -> Page:
        contexts.append(browser.new_context(viewport={"width": 390, "height": 844}, locale="es-ES", **more))
        opened = contexts[-1].new_page()
        opened.goto(f"http://{host}:{elsewhere.server_port}{path}")
        return opened

    yield page
    for context in contexts:
        context.close()


def answered(page: Page) -> Frame:
    """Fill in the framed form and send it."""
    frame = page.frames[1]
    for place, value in enumerate(FIRST):
        frame.locator(f"#field-{place}").select_option(value)
    frame.locator("form .btn-primary").click()
    expect(frame.locator("#answer")).to_have_text("You would have survived")
    return page.frames[1]


@pytest.mark.parametrize("path", ["/", "/strict"])
@pytest.mark.parametrize("script", [True, False])
def test_listed_site_shows_the_form_and_its_answer_without_cookies(opened, path, script):
    page = opened(LISTED, path, java_script_enabled=script)
    frame = answered(page)
    assert page.context.cookies() == []
    assert frame.locator("header, nav, button[formaction*=comparison], [name=csrf_token]").count() == 0
    expect(frame.locator("html")).to_have_attribute("lang", "en")
    assert frame.locator("#link").get_attribute("target") == "_blank"
    frame.get_by_role("button", name="In third class").click()
    expect(page.frames[1].locator("#answer")).to_have_text("54.5%: You would have died")


@pytest.mark.parametrize("path", ["/", "/strict"])
def test_no_other_site_shows_it(opened, path):
    page = opened(OTHER, path)
    page.wait_for_load_state("networkidle")
    assert page.frames[1].locator("form").count() == 0
    assert "/models/" not in page.frames[1].url


def test_frame_is_as_high_as_its_page(opened):
    page = opened(LISTED)
    heights = []
    for _ in range(2):
        content = page.frames[1].evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
        page.wait_for_function("height => document.getElementById('titanic').clientHeight === height", arg=content)
        heights.append(content)
        answered(page)
    assert heights[0] < heights[1]


def test_framed_page_is_accessible_and_fits(opened):
    page = opened(LISTED)
    frame = answered(page)
    assert Axe().run(page).response["violations"] == []
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_link_is_copied_within_the_frame(opened):
    frame = answered(opened(LISTED))
    frame.locator("[data-copies]").click()
    expect(frame.locator("[data-copies]")).to_have_text("Copied")


@pytest.mark.parametrize(("hours", "status"), [("25", 422), ("6", 200)])
def test_answer_needs_no_token_and_sets_no_cookie(app, hours, status):
    client = app.test_client(use_cookies=False)
    for language in ("es", "en"):
        address, entries = f"/models/exam/embed/{language}", {"estudio": hours, "sueno": "8"}
        for response in (client.get(f"{address}?example=1"), client.post(address, data=entries)):
            assert f'<html lang="{language}">' in response.text
            assert "Set-Cookie" not in response.headers and "X-Frame-Options" not in response.headers
            assert response.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
            assert f'action="{address}"' in response.text and f'href="{address}?example=1"' in response.text
        assert response.status_code == status
    assert client.get("/models/exam/embed/fr").status_code == 404
    assert client.get("/models/exam").headers.getlist("Cross-Origin-Resource-Policy") == ["same-origin"]
