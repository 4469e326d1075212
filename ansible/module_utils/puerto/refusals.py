"""How many requests Nginx's limits refused, as its access log tells."""

import re
from pathlib import Path
from typing import Any

from .plan import Plan

LOG = re.compile(r"^\s*access_log ([^\s;]+)", re.MULTILINE)
LINE = re.compile(rb'^[^\[\n]*\[([^\]\n]*)\] "(?:[^"\\\n]|\\.)*" (\d{3}) ', re.MULTILINE)
"""A request's time and its status; Nginx writes quotes within a request as \\x22."""

REFUSED = b"429"
LAST_BYTES = 4 << 20
"""Of the log, as many are read: some twenty thousand requests."""


def summary(plan: Plan) -> dict[str, Any]:
    """Return how many of the latest requests were refused: ``{"refused", "requests", "since"}``; or nothing."""
    paths = LOG.findall(plan.site_text)
    try:
        with Path(paths[0]).open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - LAST_BYTES))
            lines = LINE.findall(log.read(LAST_BYTES))
    except (IndexError, OSError):
        return {}
    refused = sum(status == REFUSED for _, status in lines)
    return {"refused": refused, "requests": len(lines), "since": lines[0][0].decode(errors="replace") if lines else ""}
