"""Which release runs: the id in ``release.json`` next to wsgi.py; a checkout has no such file."""

import json

from app.settings import ROOT

DEVELOPMENT = "development"


def current() -> str:
    """Return the release's id."""
    try:
        return str(json.loads((ROOT / "release.json").read_text(encoding="utf-8"))["id"])
    except FileNotFoundError:
        return DEVELOPMENT
