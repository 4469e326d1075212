"""The log: JSON, one line per request and per event; never what was sent to a model."""

import logging
import os
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Flask, Response, g
from flask import request as flask_request

HEADER = "X-Request-ID"
STDERR = 2
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUERY = re.compile(r"(/[^\s?]*)\?.*", re.DOTALL)
"""Of an address in a message of Gunicorn's, whatever comes after."""

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.logs.Lines"}},
    "filters": {"addresses": {"()": "app.logs.WithoutQueries"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": [], "filters": ["addresses"], "propagate": True}},
}
"""For logging.config: everything that is logged is one JSON line on standard error, which journald keeps."""

log = logging.getLogger("puerto")

# No line has these, so logging needn't look them up for each.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None


class WithoutQueries(logging.Filter):
    """Cuts off what stands behind the path of an address, which may be what was sent to a model."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record's message."""
        record.msg, record.args = QUERY.sub(r"\g<1>", record.getMessage()), ()
        return True


class Lines(logging.Formatter):
    """Writes a record as one line of JSON: time, level, message, and what its ``extra={"fields": …}`` adds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def register(app: Flask, release: str, behind_proxy: bool) -> None:
    """Give each request an id and a line.

    Args:
        release: named in each line.
        behind_proxy: whether a reverse proxy gives the ids; a client's own is not accepted.
    """

    def begin() -> None:
        g.request_id = request_id(flask_request.headers.get(HEADER, ""), behind_proxy)
        g.started = time.perf_counter()

    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        rule = flask_request.url_rule.rule if flask_request.url_rule else None
        request(g.request_id, flask_request.method, rule, response.status_code, g.started, g.get("model"), release)
        return response

    app.before_request(begin)
    app.after_request(end)


def request_id(header: str, behind_proxy: bool) -> str:
    """Return a request's id: the proxy's, where there is one, else a new one.

    Args:
        header: the request's ``X-Request-ID``; empty where it has none.
    """
    return header if behind_proxy and ID.fullmatch(header) else secrets.token_hex(16)


def request(
    request_id: str, method: str, route: str | None, status: int, started: float, model: Any, release: str
) -> None:
    """Log a finished request: straight to standard error, since logging takes longer than a prediction.

    Args:
        started: by `time.perf_counter`.
        model: the one that made the predictions, or None.
    """
    line = {
        "time": datetime.now(UTC),
        "level": "info",
        "message": f"{method} {status}",
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "ms": round((time.perf_counter() - started) * 1000, 2),
    }
    if model:
        line |= {"model": model.name, "version": model.version}
    line["release"] = release
    os.write(STDERR, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def exception(event: str, error: BaseException) -> None:
    """Log an event with its traceback, under the request's id."""
    fields = {"request_id": g.get("request_id", ""), "error": type(error).__name__}
    log.error("%s", event, exc_info=error, extra={"fields": fields})
