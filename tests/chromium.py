"""The browser of the tests: the machine's Chromium, without a sandbox, since tests run as root too."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from deploy.base.toolchain import BROWSER

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    """Run Chromium, with further flags."""
    with sync_playwright() as playwright:
        (program,) = BROWSER
        browser = playwright.chromium.launch(executable_path=shutil.which(program), args=[*FLAGS, *flags])
        yield browser
        browser.close()
