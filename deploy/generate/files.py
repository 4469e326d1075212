"""Every file that is generated, and the function that returns its text."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from app import settings
from deploy.base.paths import KIT
from deploy.generate import catalogue, options_page, requirements, schema

TEXTS: dict[Path, Callable[[], str]] = {
    KIT / ".env.example": settings.example,
    options_page.PAGE: options_page.page,
    requirements.PAGE: requirements.text,
    schema.PAGE: schema.text,
}


def main() -> int:
    """Write each file that isn't up to date, and say which."""
    for file, content in contents().items():
        try:
            if changed := not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)
        except OSError as fault:
            print(f"{os.path.relpath(file, KIT)}: can't be written: {fault.strerror}", file=sys.stderr)
            return 1
        print(f"{os.path.relpath(file, KIT)}: {'written' if changed else 'up to date'}")
    return 0


def contents() -> dict[Path, bytes]:
    """Return file → its content, as generated now."""
    texts = {file: text().encode() for file, text in TEXTS.items()}
    return texts | {catalogue.COMPILED: catalogue.compiled()}
