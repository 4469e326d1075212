"""The practice's pages, docs/practice.md and docs/practica.md, for tests that visit what they name."""

import re

from deploy.base.paths import KIT

PAGES = {"en": KIT / "docs" / "practice.md", "es": KIT / "docs" / "practica.md"}
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
TYPED = re.compile(r"^```sh\n(.*?)^```\n```text\n(.*?)^```$", re.M | re.S)
"""What is typed on the server, and what it shows."""

ACCOUNT = re.compile(r"(?:user|group|usuario|grupo)(?: is| es)?,? `([\w-]+)`")


def sections(language: str) -> dict[str, str]:
    """Return heading → text, of a page."""
    parts = re.split(r"^## (.*)$", PAGES[language].read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def typed() -> dict[str, str]:
    """Return commands, one a line → what they show, of both pages."""
    return {commands: output for page in PAGES.values() for commands, output in TYPED.findall(page.read_text())}


def code() -> set[str]:
    """Return what both pages write as code within their sentences."""
    return {span for page in PAGES.values() for span in CODE.findall(page.read_text())}


def accounts() -> set[str]:
    """Return the users and groups that both pages name."""
    return {name for page in PAGES.values() for name in ACCOUNT.findall(page.read_text())}
