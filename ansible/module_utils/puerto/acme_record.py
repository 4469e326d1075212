"""How the last attempt at a certificate by ACME went."""

import json
from pathlib import Path

from .files import write
from .history import now

PLACEHOLDER = "acme-placeholder"
"""The folder of what Nginx shows until an authority has signed: no visitor is sent there."""


def write_result(link: Path, reason: str = "") -> None:
    """Write down why a certificate couldn't be had or renewed, or that it could.

    Args:
        link: the one that leads to the certificate.
    """
    write(link.with_suffix(".json"), json.dumps({"at": now(), "reason": reason}, ensure_ascii=False) + "\n")


def last_result(link: Path) -> dict[str, str]:
    """Return when a certificate was last asked for, and why in vain: ``{"at", "reason"}``, empty texts if it wasn't."""
    try:
        result: dict[str, str] = json.loads(link.with_suffix(".json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {"at": "", "reason": ""}
    return result


def last_failure(link: Path) -> str:
    """Return when and why a certificate couldn't be had or renewed; empty if that went well at last."""
    result = last_result(link)
    return f"{result['at'][:16]} UTC: {result['reason']}" if result["reason"] else ""


def is_placeholder(link: Path) -> bool:
    """Return whether no authority has signed yet."""
    return link.is_symlink() and link.readlink().name == PLACEHOLDER
