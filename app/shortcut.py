"""The request that there are most of, a row or rows for a model's predictions, without what only others need.

Flask finds the route, opens a session, negotiates and asks hooks: three quarters of such a request's time. This answers
it before, with the same check, model, words, headers and log line; whatever is unusual or at fault goes on to Flask.
What hangs on Flask's way and isn't known here stops the start: `app.hooks`.
"""

import io
import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Flask

from app import hooks, logs
from app.api import PREFIX, answered
from app.counts import Counts
from app.faults import InvalidInput
from app.limits import SMALL_BYTES
from app.model import Model
from app.texts import LANGUAGES
from app.values import Value

JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8", "")
ACCEPTED = ("", "*/*", "application/json")
UNUSUAL = ("HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_TRANSFER_ENCODING", "HTTP_X_REFUSED")
"""Headers that change the answer, or that Flask must judge."""

REASONS = ("REQUEST_METHOD", "CONTENT_TYPE", "HTTP_ACCEPT", "CONTENT_LENGTH", "SCRIPT_NAME", *UNUSUAL,
           "refused", "model", "number", "fault")  # fmt: skip
"""Why a request for predictions goes on to Flask: the part of WSGI's environment that is unusual, or a row that is
refused, a model that fails, a number that is too long for orjson, a fault of the shortcut's own."""

DIGITS = 20
"""Of a length that isn't worth reading."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _NoRows(ValueError):
    """JSON that is no row and no rows, or none or too many."""


class Shortcut:
    """A WSGI application before Flask's.

    Args:
        app: what answers all else.
        headers: that every answer has.
        most_rows: of a body; Flask refuses more, and reads once what is large.
        trusted: whether a reverse proxy gives the requests' ids.

    Raises:
        hooks.HookError: something hangs on Flask's way that it would go round.
    """

    def __init__(self, app: Flask, headers: dict[str, str], most_rows: int, trusted: bool) -> None:
        self._flask, self._release, self._trusted = app.wsgi_app, app.extensions["release"], trusted
        self._models = {
            f"{PREFIX}/models/{name}/predictions": model for name, model in app.extensions["models"].items()
        }
        self._headers = [("Content-Type", "application/json"), *headers.items()]
        self._most_bytes, self._most_rows = min(app.config["MAX_CONTENT_LENGTH"], SMALL_BYTES), most_rows
        names = [f"api.{name}_predictions" for name in app.extensions["models"]]
        self._views = {name: app.view_functions[name] for name in names}
        self.passed_on = Counts(REASONS)
        self._told_of_fault = False
        self.must_fit(app)

    def must_fit(self, app: Flask) -> None:
        """Check that it goes round nothing: once more when the server starts, for what was added since.

        Raises:
            hooks.HookError: it would.
        """
        hooks.must_be_known(app, self._flask, self._views)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        model = self._models.get(environ["PATH_INFO"])
        if model is None:
            return self._flask(environ, start_response)
        if unusual := self._unusual(environ):
            self.passed_on.add(unusual)
            return self._flask(environ, start_response)
        started = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer, reason = self._answer(model, body)
        if reason:  # Flask says which fault, in the right words, and logs it
            self.passed_on.add(reason)
            return self._flask(environ | {"wsgi.input": io.BytesIO(body)}, start_response)
        request_id = logs.request_id(environ.get("HTTP_X_REQUEST_ID", ""), self._trusted)
        start_response("200 OK", [*self._headers, ("Content-Length", str(len(answer))), (logs.HEADER, request_id)])
        logs.request(request_id, "POST", environ["PATH_INFO"], 200, started, model, self._release)
        return [answer]

    def _unusual(self, environ: dict[str, Any]) -> str:
        """Return what makes a request unusual, one of `REASONS`; nothing where it isn't."""
        length = environ.get("CONTENT_LENGTH", "")
        if environ["REQUEST_METHOD"] != "POST":
            return "REQUEST_METHOD"
        if environ.get("CONTENT_TYPE", "") not in JSON:
            return "CONTENT_TYPE"
        if environ.get("HTTP_ACCEPT", "") not in ACCEPTED:
            return "HTTP_ACCEPT"
        if not (length.isascii() and length.isdigit() and len(length) < DIGITS and int(length) <= self._most_bytes):
            return "CONTENT_LENGTH"
        if environ.get("SCRIPT_NAME"):
            return "SCRIPT_NAME"
        return next((name for name in UNUSUAL if name in environ), "")

    def _answer(self, model: Model, body: bytes) -> tuple[bytes, str]:
        """Return the answer to a body, or why there is none, one of `REASONS`."""
        try:
            rows = self._rows(model, body)
        except (orjson.JSONDecodeError, InvalidInput, _NoRows):
            return b"", "refused"
        except Exception as fault:
            return b"", self._fault(fault)
        try:
            answer = answered(model, rows, LANGUAGES[0])
        except Exception:  # Flask's way asks the same function, and logs how it fails
            return b"", "model"
        try:
            return orjson.dumps(answer) + b"\n", ""
        except TypeError:  # a whole number of more than 64 bits
            return b"", "number"

    def _rows(self, model: Model, body: bytes) -> list[list[Value]]:
        given = orjson.loads(body)
        if not isinstance(given, dict | list):
            raise _NoRows
        rows = [given] if isinstance(given, dict) else given
        if not 0 < len(rows) <= self._most_rows or not all(isinstance(row, dict) for row in rows):
            raise _NoRows
        return [model.check.typed(row) for row in rows]

    def _fault(self, fault: Exception) -> str:
        """Log the first fault of the shortcut's own; the others are counted."""
        if not self._told_of_fault:
            self._told_of_fault = True
            logs.log.error("the shortcut failed, and Flask answers instead", exc_info=fault)
        return "fault"
