"""requirements.txt, of Pipfile.lock: for platforms that install by pip; the standard library alone."""

import json

from deploy.base.paths import KIT, LOCK

PAGE = KIT / "requirements.txt"
HEAD = "# What the server runs, of Pipfile.lock. Generated: python3 -m deploy requirements\n"


def text() -> str:
    """Return the file: each package in its version, with its hashes."""
    return HEAD + "".join(map(_lines, sorted(json.loads(LOCK.read_text(encoding="utf-8"))["default"].items())))


def _lines(package: tuple[str, dict[str, object]]) -> str:
    name, pinned = package
    hashes = pinned["hashes"]
    assert isinstance(hashes, list)
    marker = f" ; {pinned['markers']}" if "markers" in pinned else ""
    return f"{name}{pinned['version']}{marker}" + "".join(f" \\\n    --hash={each}" for each in hashes) + "\n"
