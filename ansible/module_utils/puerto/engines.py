"""The engines that compute the answers of a release's models."""

import json
from contextlib import suppress
from typing import Any

from .layout import Application


def engines_of(application: Application, release: str | None) -> dict[str, dict[str, Any]]:
    """Return model → its engine, why that isn't a faster one, and the µs that a row took when it was built.

    A bundle that can't be read is left out: that is no reason to refuse a release that passes its gates.
    """
    engines = {}
    for file in sorted((application.folder(release) / "bundles").glob("*/model.json")) if release else ():
        with suppress(OSError, ValueError, KeyError, TypeError):
            manifest = json.loads(file.read_text(encoding="utf-8"))
            timings = json.loads(file.with_name("timings.json").read_text(encoding="utf-8"))
            engines[file.parent.name] = {
                "engine": manifest["engine"],
                "why": manifest["proof"]["why"],
                "us_per_row": timings["us_per_row"],
            }
    return engines
