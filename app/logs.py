"""The log: JSON, one line per request and per event; never what was asked of a model."""

import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.logs.Lines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True}},
}
"""For logging.config: everything that is logged is one JSON line on standard error, which journald keeps."""

log = logging.getLogger("puerto")


class Lines(logging.Formatter):
    """Writes a record as one line of JSON: time, level, message, and what its ``extra={"said": …}`` says."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "said", {}),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def register(app: Flask, release: str, trusted: bool) -> None:
    """Give each request an id and a line.

    Args:
        release: named in each line.
        trusted: whether a reverse proxy gives the ids; a client's own is not taken.
    """
    known = {"release": release}

    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if trusted and ID.fullmatch(given) else secrets.token_hex(16)
        g.started = time.perf_counter()

    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        log.info("%s %s", request.method, response.status_code, extra={"said": line(response.status_code) | known})
        return response

    app.before_request(begin)
    app.after_request(end)


def line(status: int) -> dict[str, Any]:
    """Return what a request's line says beside time and release."""
    rule = request.url_rule.rule if request.url_rule else None
    model = g.get("model")
    return {
        "request_id": g.request_id,
        "method": request.method,
        "route": rule,
        "status": status,
        "ms": round((time.perf_counter() - g.started) * 1000, 2),
        **({"model": model.name, "version": model.version} if model else {}),
    }


def failure(what: str, fault: BaseException) -> None:
    """Log a traceback under the request's id."""
    said = {"request_id": g.get("request_id", ""), "error": type(fault).__name__}
    log.error("%s", what, exc_info=fault, extra={"said": said})
