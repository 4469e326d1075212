"""The part of a unit's sandbox that this host can set up: a container without privileges can't do all of it."""

import hashlib
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .files import write

HEADING = "\n# The sandbox:"
DIRECTIVE = re.compile(r"^\w+=.*$", re.MULTILINE)
RUN = Path("/run")
CONTAINER = RUN / "systemd" / "container"
"""Where systemd writes what kind of container it was booted in."""

LOST = "# This container can't: "


def for_host(text: str) -> str:
    """Return a unit without what this host can't set up, which a comment names."""
    for directive in lost(text):
        text = text.replace(f"\n{directive}\n", f"\n{LOST}{directive}\n")
    return text


def lost(text: str) -> list[str]:
    """Return the directives of a unit's sandbox that this host can't set up; none but in a container."""
    directives = DIRECTIVE.findall(text.partition(HEADING)[2])
    if not CONTAINER.exists() or not directives:
        return []
    digest = hashlib.sha256("\n".join(directives).encode()).hexdigest()
    record = RUN / f"puerto-sandbox-{digest[:12]}.json"
    if not record.exists():
        write(record, json.dumps(_tried(directives)))
    impossible: list[str] = json.loads(record.read_text(encoding="utf-8"))
    return impossible


def _tried(directives: Sequence[str]) -> list[str]:
    """Try them all at once; if that fails, one after the other, each with those that work."""
    if _works(directives):
        return []
    working: list[str] = []
    for directive in directives:
        if _works([*working, directive]):
            working.append(directive)
    return [directive for directive in directives if directive not in working]


def _works(directives: Sequence[str]) -> bool:
    """Have systemd run a program in a sandbox, as another user, as the application is run."""
    properties = [f"--property={directive}" for directive in ("User=nobody", *directives)]
    command = ["systemd-run", "--quiet", "--wait", "--collect", *properties, "/bin/true"]
    return subprocess.run(command, capture_output=True).returncode == 0
