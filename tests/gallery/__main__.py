"""Takes pictures of every page that matches, in each language, scheme and width; tells what is wrong with any.

``.venv/bin/python -m tests.gallery [REGEX]`` writes them to ``.puerto/gallery``. Exit status 1 if something is wrong:
what axe finds, a page wider than its window, a request to another host.
"""

import re
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from deploy.base.paths import state
from tests import chromium
from tests.gallery.pages import SCENES, Scene
from tests.gallery.sites import built
from tests.served import served

LANGUAGES = ("es-ES", "en-GB")
SCHEMES = ("light", "dark")
WIDTHS = {390: 844, 1280: 800, 1920: 1080}
"""Of a window → its height."""


def main(pattern: str) -> int:
    """Take the pictures of the scenes that match; return the exit status."""
    folder = state("gallery", "pictures").parent
    (pictures := folder / "pictures").mkdir(exist_ok=True)
    faults = 0
    with chromium.launched() as browser:
        for site, bundles in built(folder).items():
            scenes = {name: scene for name, scene in SCENES.items() if scene.site == site and re.search(pattern, name)}
            if not scenes:
                continue
            with served(bundles, GUNICORN_WORKERS="1", APP_FRAME_ANCESTORS="http://127.0.0.1:*") as server:
                for name, scene in scenes.items():
                    found = list(faults_of(browser, f"http://{server.address}", name, scene, pictures))
                    print(name, *found or ["nothing is wrong"], sep="\n  ", flush=True)
                    faults += len(found)
    print(f"{faults} faults; the pictures are in {pictures}")
    return min(faults, 1)


def faults_of(browser: Browser, address: str, name: str, scene: Scene, pictures: Path) -> Iterator[str]:
    """Take a scene's pictures, and tell what is wrong with them."""
    for language, scheme, (width, height) in product(LANGUAGES, SCHEMES, WIDTHS.items()):
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, locale=language, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        hosts: set[str] = set()
        page.on("request", lambda request, hosts=hosts: hosts.add(urlsplit(request.url).netloc))
        scene.visit(page, address)
        picture = f"{name.replace(' ', '-').replace(',', '')}-{language[:2]}-{scheme}-{width}.png"
        page.screenshot(path=str(pictures / picture), full_page=True)
        yield from (f"{picture}: {fault}" for fault in _faults(page, width, hosts - {urlsplit(address).netloc, ""}))
        context.close()


def _faults(page: Page, width: int, others: set[str]) -> Iterator[str]:
    yield from (f"{violation['id']}: {violation['help']}" for violation in Axe().run(page).response["violations"])
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        yield f"{wide} px wide"
    yield from (f"asks {other}" for other in others)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or [""]))
