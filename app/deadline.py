"""The deadline: what is said, to the client and in the log, of a request that is older than ``app_request_timeout``."""

import re
import traceback
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from app import languages, logs, varies
from app.errors import FOR_PROGRAMS, PROBLEM, WORDS
from app.in_flight import Remains
from app.languages import N_, gettext
from app.texts import LANGUAGES

STATUS = HTTPStatus.SERVICE_UNAVAILABLE
LATE = N_("This took longer than this site allows (%(seconds)s s), and was ended.")
NAME = re.compile(r"/models/([^/]+)")
PAGE = "unavailable.html"
"""The page that Nginx shows too, in both languages: a page of ours would take the locks that the request may hold."""


class Deadline:
    """Answers for requests that are too old. All that takes long, or a lock, is prepared when it is made.

    Args:
        app: the application.
        seconds: that a request may take.
        headers: that every answer has.
        origins: of the web sites whose scripts may read answers for programs.
        trusted: whether a reverse proxy gives the requests' ids.
    """

    def __init__(
        self, app: Flask, seconds: int, headers: dict[str, str], origins: Sequence[str], trusted: bool
    ) -> None:
        self.seconds, self._trusted, self._headers, self._origins = seconds, trusted, headers, origins
        self._app = app
        self._page = (Path(app.root_path) / "static" / PAGE).read_bytes()
        self._words = {language: self._said(language) for language in LANGUAGES}

    def answer(self, environ: dict[str, Any] | None, request_id: str) -> bytes:
        """Return the answer to a request, as it goes into its connection.

        Args:
            environ: WSGI's; None where its headers haven't been read.
        """
        environ = environ or {"PATH_INFO": "/api"}
        language = languages.chosen(Request(environ, populate_request=False))
        differs = varies.headers(self._origins, environ.get("HTTP_ORIGIN", ""), language)
        if FOR_PROGRAMS.match(environ["PATH_INFO"]) or "text/html" not in environ.get("HTTP_ACCEPT", ""):
            title, detail = self._words[language]
            problem = {"type": "about:blank", "title": title, "status": STATUS, "detail": detail}
            body, kind = orjson.dumps(problem | {"request_id": request_id}), PROBLEM
        else:
            body, kind = self._page, "text/html; charset=utf-8"
            differs = {"Vary": "Accept", "Content-Language": ", ".join(LANGUAGES)}
        headers = self._headers | differs | {
            "Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": "no-store",
            "Connection": "close", logs.HEADER: request_id,
        }  # fmt: skip
        lines = [f"HTTP/1.1 {STATUS} {STATUS.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def request_id(self, given: str) -> str:
        """Return a request's id: the proxy's, where there is one, else a new one."""
        return logs.request_id(given, self._trusted)

    def ended(self, environ: dict[str, Any] | None, request_id: str, age: float, answered: bool,
              frame: FrameType | None) -> None:  # fmt: skip
        """Log a request that was ended.

        Args:
            age: seconds.
            answered: whether it got its 503; where its own answer had begun it couldn't.
            frame: where its thread is.
        """
        method, path = (environ["REQUEST_METHOD"], environ["PATH_INFO"]) if environ else ("", "")
        said = self._told(request_id, method, path, age) | {"status": int(STATUS) if answered else None}
        stack = "".join(traceback.format_stack(frame)) if frame else ""
        logs.log.error("%s took longer than %s s and was ended", said["route"], self.seconds,
                       extra={"said": said | {"traceback": stack}})  # fmt: skip

    def died(self, remains: Remains, stacks: str) -> None:
        """Log a request that was in a worker that died.

        Args:
            stacks: where the worker's threads were; empty where nobody could tell.
        """
        said = self._told(self.request_id(remains.request_id), remains.method, remains.path, remains.age)
        logs.log.error("%s ended with its worker", said["route"], extra={"said": said | {"traceback": stacks}})

    def _told(self, request_id: str, method: str, path: str, age: float) -> dict[str, Any]:
        route, model = self._route(method, path)
        return {"request_id": request_id, "method": method or None, "route": route, "model": model,
                "age_s": round(age, 2), "release": self._app.extensions["release"]}  # fmt: skip

    def _route(self, method: str, path: str) -> tuple[str | None, str | None]:
        """Return a request's rule and model, None where there is none."""
        try:
            rule, _ = self._app.url_map.bind("").match(path, method, return_rule=True)
        except HTTPException:
            return None, None
        named = NAME.search(path)
        model = named[1] if named else self._app.extensions["default_model"] if method == "POST" else None
        return rule.rule, model if model in self._app.extensions["models"] else None

    def _said(self, language: str) -> tuple[str, str]:
        with self._app.test_request_context(headers={"Accept-Language": language}):
            return gettext(WORDS[STATUS][0]), gettext(LATE, seconds=self.seconds)
