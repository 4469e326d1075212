"""The history of deploys: a file that only grows."""

import json
import os
from datetime import UTC, datetime
from typing import Any

from .layout import Application


def now() -> str:
    """Return the time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class History:
    """One line of JSON for each release, rollback and maintenance, the newest last.

    Args:
        application: whose history.
    """

    def __init__(self, application: Application) -> None:
        self.file = application.root / "shared" / "deploys.jsonl"

    def add(self, **entry: Any) -> None:
        """Add a line."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"at": now()} | entry, ensure_ascii=False) + "\n"
        descriptor = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(descriptor, "a+b") as file:
            end = file.seek(0, os.SEEK_END)
            is_truncated = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"  # by a power cut, or a full disk
            file.write(b"\n" * is_truncated + line.encode())
            file.flush()
            os.fsync(descriptor)

    def last(self, count: int) -> list[dict[str, Any]]:
        """Return the last lines, the newest first; a line that a power cut broke is left out."""
        entries: list[dict[str, Any]] = []
        if self.file.exists():
            for line in reversed(self.file.read_text(encoding="utf-8", errors="replace").splitlines()):
                try:
                    entries.append(json.loads(line))
                except ValueError:
                    continue
                if len(entries) == count:
                    break
        return entries
