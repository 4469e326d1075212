"""The deadline: what the client and the log get of a request that takes longer than ``app_request_timeout``."""

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

from app import languages, logs, negotiation
from app.errors import FOR_PROGRAMS, STATUS_TEXTS, for_programs
from app.in_flight import LostRequest
from app.languages import N_, gettext
from app.texts import LANGUAGES

STATUS = HTTPStatus.SERVICE_UNAVAILABLE
LATE = N_("The request took longer than this site allows (%(seconds)s s) and was cancelled.")
NAME = re.compile(r"/models/([^/]+)")
PAGE = "unavailable.html"
"""The page that Nginx shows too, in both languages: rendering one could wait for locks that the request holds."""


class Deadline:
    """Responds to requests that take too long. All that takes time, or a lock, is prepared in advance.

    Args:
        app: the application.
        seconds: that a request may take.
        headers: of every response.
        origins: of the websites whose scripts may read responses for programs.
        behind_proxy: whether a reverse proxy gives the requests' ids.
    """

    def __init__(
        self, app: Flask, seconds: int, headers: dict[str, str], origins: Sequence[str], behind_proxy: bool
    ) -> None:
        self.seconds, self._behind_proxy, self._headers, self._origins = seconds, behind_proxy, headers, origins
        self._app = app
        self._page = (Path(app.root_path) / "static" / PAGE).read_bytes()
        self._texts = {language: self._title_and_detail(language) for language in LANGUAGES}

    def response(self, environ: dict[str, Any] | None, request_id: str) -> bytes:
        """Return the response to a request, as it goes into its connection.

        Args:
            environ: WSGI's; None where its headers haven't been read.
        """
        environ = environ or {"PATH_INFO": "/api"}
        language = languages.language_of(Request(environ, populate_request=False))
        headers = self._headers | negotiation.headers(self._origins, environ.get("HTTP_ORIGIN", ""), language)
        if FOR_PROGRAMS.match(environ["PATH_INFO"]) or "text/html" not in environ.get("HTTP_ACCEPT", ""):
            texts = self._texts[language]
            document, content_type = for_programs(environ["PATH_INFO"], STATUS, *texts, request_id=request_id)
            body = orjson.dumps(document)
        else:
            body, content_type = self._page, "text/html; charset=utf-8"
            headers = self._headers | {"Vary": "Accept", "Content-Language": ", ".join(LANGUAGES)}
        headers |= {"Content-Type": content_type, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        headers |= {"Connection": "close", logs.HEADER: request_id}
        lines = [f"HTTP/1.1 {STATUS} {STATUS.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def request_id(self, header: str) -> str:
        """Return a request's id: the proxy's, where there is one, else a new one."""
        return logs.request_id(header, self._behind_proxy)

    def log_ended(
        self, environ: dict[str, Any] | None, request_id: str, age: float, was_answered: bool, frame: FrameType | None
    ) -> None:
        """Log a request that was ended.

        Args:
            age: seconds.
            was_answered: whether it got its 503: not where its own response had begun.
            frame: where its thread is.
        """
        method, path = (environ["REQUEST_METHOD"], environ["PATH_INFO"]) if environ else ("", "")
        fields = self._fields(request_id, method, path, age) | {"status": int(STATUS) if was_answered else None}
        fields["traceback"] = "".join(traceback.format_stack(frame)) if frame else ""
        message = "%s took longer than %s s and was ended"
        logs.log.error(message, fields["route"], self.seconds, extra={"fields": fields})

    def log_lost(self, request: LostRequest, stacks: str) -> None:
        """Log a request that was in a worker when it died.

        Args:
            stacks: where the worker's threads were; empty where that is unknown.
        """
        fields = self._fields(self.request_id(request.request_id), request.method, request.path, request.age)
        fields["traceback"] = stacks
        logs.log.error("%s ended with its worker", fields["route"], extra={"fields": fields})

    def _fields(self, request_id: str, method: str, path: str, age: float) -> dict[str, Any]:
        route, model = self._route(method, path)
        release = self._app.extensions["release"]
        request = {"request_id": request_id, "method": method or None, "route": route, "model": model}
        return request | {"age_s": round(age, 2), "release": release}

    def _route(self, method: str, path: str) -> tuple[str | None, str | None]:
        """Return a request's rule and model, each None where it has none."""
        try:
            rule, _ = self._app.url_map.bind("").match(path, method, return_rule=True)
        except HTTPException:
            return None, None
        match = NAME.search(path)
        model = match[1] if match else self._app.extensions["default_model"] if method == "POST" else None
        return rule.rule, model if model in self._app.extensions["models"] else None

    def _title_and_detail(self, language: str) -> tuple[str, str]:
        with self._app.test_request_context(headers={"Accept-Language": language}):
            return gettext(STATUS_TEXTS[STATUS][0]), gettext(LATE, seconds=self.seconds)
