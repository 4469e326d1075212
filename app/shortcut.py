"""The most frequent request, a row or rows for a model's predictions, without what only other requests need.

Flask finds the route, opens a session, negotiates and runs hooks: three quarters of such a request's time. The shortcut
responds before that, with the same validation, model, texts, headers and log line; whatever is unusual or at fault is
passed on to Flask. A hook of the application that isn't known here stops the start: `app.hooks`.
"""

import io
import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Flask

from app import hooks, logs
from app.api import PREFIX, predictions_body
from app.counts import Counts
from app.faults import InvalidInput
from app.limits import SMALL_BYTES
from app.model import Model
from app.texts import LANGUAGES
from app.values import Row

JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8", "")
ACCEPTED = ("", "*/*", "application/json")
BYPASS_HEADERS = ("HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_TRANSFER_ENCODING", "HTTP_X_REFUSED")
"""Headers that change the response, or that Flask must judge."""

REASONS = ("REQUEST_METHOD", "CONTENT_TYPE", "HTTP_ACCEPT", "CONTENT_LENGTH", "SCRIPT_NAME", *BYPASS_HEADERS,
           "refused", "warning", "model", "number", "fault")  # fmt: skip
"""Why a request for predictions is passed on to Flask: the part of WSGI's environment that is unusual, a row that is
refused or warned of, a model that fails, a number that is too long for orjson, a fault of the shortcut's own."""

DIGITS = 20
"""Longer lengths aren't worth reading."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _NoRows(ValueError):
    """JSON that holds no row, or too many."""


class Shortcut:
    """A WSGI application before Flask's.

    Args:
        app: responds to all other requests.
        headers: of every response.
        most_rows: of a body; Flask refuses more, and is the only one to read large ones.
        behind_proxy: whether a reverse proxy gives the requests' ids.

    Raises:
        hooks.HookError: the application has a hook that the shortcut would bypass.
    """

    def __init__(self, app: Flask, headers: dict[str, str], most_rows: int, behind_proxy: bool) -> None:
        self._flask, self._release, self._behind_proxy = app.wsgi_app, app.extensions["release"], behind_proxy
        self._models = {
            f"{PREFIX}/models/{name}/predictions": model for name, model in app.extensions["models"].items()
        }
        self._headers = [("Content-Type", "application/json"), *headers.items()]
        self._most_bytes, self._most_rows = min(app.config["MAX_CONTENT_LENGTH"], SMALL_BYTES), most_rows
        names = [f"api.{name}_predictions" for name in app.extensions["models"]]
        self._views = {name: app.view_functions[name] for name in names}
        self.passed_on = Counts(REASONS)
        self._has_logged_fault = False
        self.check_hooks(app)

    def check_hooks(self, app: Flask) -> None:
        """Check that it bypasses no hook: again when the server starts, for those that were added meanwhile.

        Raises:
            hooks.HookError: it would.
        """
        hooks.check_known(app, self._flask, self._views)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Respond to a request."""
        model = self._models.get(environ["PATH_INFO"])
        if model is None:
            return self._flask(environ, start_response)
        if reason := self._bypass_reason(environ):
            self.passed_on.add(reason)
            return self._flask(environ, start_response)
        started = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        response, reason = self._respond(model, body)
        if reason:  # Flask finds the fault, names it in the visitor's language, and logs it
            self.passed_on.add(reason)
            return self._flask(environ | {"wsgi.input": io.BytesIO(body)}, start_response)
        request_id = logs.request_id(environ.get("HTTP_X_REQUEST_ID", ""), self._behind_proxy)
        start_response("200 OK", [*self._headers, ("Content-Length", str(len(response))), (logs.HEADER, request_id)])
        logs.request(request_id, "POST", environ["PATH_INFO"], 200, started, model, self._release)
        return [response]

    def _bypass_reason(self, environ: dict[str, Any]) -> str:
        """Return why a request is passed on, one of `REASONS`; nothing where it isn't."""
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
        return next((name for name in BYPASS_HEADERS if name in environ), "")

    def _respond(self, model: Model, body: bytes) -> tuple[bytes, str]:
        """Return the response to a body, or why there is none, one of `REASONS`."""
        try:
            rows, unused = self._rows(model, body)
            if model.validator.may_warn and any(
                model.validator.warnings(rows)
            ):  # sentences, which Flask knows in the visitor's language
                return b"", "warning"
        except (orjson.JSONDecodeError, InvalidInput, _NoRows):
            return b"", "refused"
        except Exception as error:
            return b"", self._log_fault(error)
        try:
            response = predictions_body(model, rows, LANGUAGES[0], unused)
        except Exception:  # Flask calls the same function, and logs how it fails
            return b"", "model"
        try:
            return orjson.dumps(response) + b"\n", ""
        except TypeError:  # a whole number of more than 64 bits
            return b"", "number"

    def _rows(self, model: Model, body: bytes) -> tuple[list[Row], list[str]]:
        """Return the rows of a body, and the names in it that no field has."""
        document = orjson.loads(body)
        if not isinstance(document, dict | list):
            raise _NoRows
        rows = [document] if isinstance(document, dict) else document
        if not 0 < len(rows) <= self._most_rows or not all(isinstance(row, dict) for row in rows):
            raise _NoRows
        return [model.validator.typed(row) for row in rows], model.validator.unused(rows)

    def _log_fault(self, error: Exception) -> str:
        """Log the first fault of the shortcut's own; the others are only counted."""
        if not self._has_logged_fault:
            self._has_logged_fault = True
            logs.log.error("the shortcut failed; Flask responds instead", exc_info=error)
        return "fault"
