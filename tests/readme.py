"""The code blocks of the READMEs, for tests that run them."""

import re

from deploy.base.paths import KIT

READMES = {"en": KIT / "README.md", "es": KIT / "README.es.md"}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def sections(language: str = "en") -> dict[str, str]:
    """Return heading → text, of a README."""
    parts = re.split(r"^## (.*)$", READMES[language].read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(heading: str, kind: str, language: str = "en") -> list[str]:
    """Return the code blocks of a kind in a section."""
    return [code for block_kind, code in BLOCK.findall(sections(language)[heading]) if block_kind == kind]


def commands(heading: str) -> list[str]:
    """Return the shell commands of a section, each whole."""
    lines = "".join(blocks(heading, "sh"))
    return re.findall(r"^\S.*(?:\n[ \t]+.*)*", lines, re.M)
