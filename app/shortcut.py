"""The request that there are most of, a row or rows for a model's predictions, without what only others need.

Flask finds the route, opens a session, negotiates and asks hooks: three quarters of such a request's time. This answers
it before, with the same check, model, words, headers and log line; whatever is unusual or at fault goes on to Flask.
"""

import io
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import orjson

from app import logs
from app.api import PREFIX, answered
from app.contract import LANGUAGES
from app.limits import SMALL_BYTES
from app.model import Model

JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8", "")
ACCEPTED = ("", "*/*", "application/json")
UNUSUAL = ("HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_TRANSFER_ENCODING", "HTTP_X_REFUSED")
"""Headers that change the answer, or that Flask must judge."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Shortcut:
    """A WSGI application before Flask's.

    Args:
        flask: what answers all else.
        models: name → model.
        headers: that every answer has.
        most_bytes, most_rows: of a body; Flask refuses longer ones, and reads once what is large.
        release: named in the log.
        trusted: whether a reverse proxy gives the requests' ids.
    """

    def __init__(self, flask: Wsgi, models: dict[str, Model], headers: dict[str, str], most_bytes: int,
                 most_rows: int, release: str, trusted: bool) -> None:  # fmt: skip
        self._flask, self._release, self._trusted = flask, release, trusted
        self._models = {f"{PREFIX}/models/{name}/predictions": model for name, model in models.items()}
        self._headers = [("Content-Type", "application/json"), *headers.items()]
        self._most_bytes, self._most_rows = min(most_bytes, SMALL_BYTES), most_rows

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        model = self._models.get(environ["PATH_INFO"])
        if model is None or not self._is_usual(environ):
            return self._flask(environ, start_response)
        started = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        answer = self._answered(model, body)
        if answer is None:  # Flask says why, in the right words, and logs it
            return self._flask(environ | {"wsgi.input": io.BytesIO(body)}, start_response)
        request_id = logs.request_id(environ.get("HTTP_X_REQUEST_ID", ""), self._trusted)
        start_response("200 OK", [*self._headers, ("Content-Length", str(len(answer))), (logs.HEADER, request_id)])
        logs.request(request_id, "POST", environ["PATH_INFO"], 200, started, model, self._release)
        return [answer]

    def _is_usual(self, environ: dict[str, Any]) -> bool:
        length = environ.get("CONTENT_LENGTH", "")
        return (
            environ["REQUEST_METHOD"] == "POST"
            and environ.get("CONTENT_TYPE", "") in JSON
            and environ.get("HTTP_ACCEPT", "") in ACCEPTED
            and length.isascii() and length.isdigit() and int(length) <= self._most_bytes
            and not environ.get("SCRIPT_NAME")
            and not any(name in environ for name in UNUSUAL)
        )  # fmt: skip

    def _answered(self, model: Model, body: bytes) -> bytes | None:
        """Return the answer; None after all that went wrong, and left: an exception would hold what was parsed."""
        with suppress(Exception):
            return self._answer(model, body)
        return None

    def _answer(self, model: Model, body: bytes) -> bytes:
        given = orjson.loads(body)
        if not isinstance(given, dict | list):
            raise ValueError
        rows = [given] if isinstance(given, dict) else given
        if not 0 < len(rows) <= self._most_rows:
            raise ValueError
        checked = [model.check.typed(row) for row in rows]
        return orjson.dumps(answered(model, checked, LANGUAGES[0])) + b"\n"
