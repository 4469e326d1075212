"""Every error as people and programs can read it: a page, or problem+json (RFC 9457). Never a traceback."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, json, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from app import logs
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext

PROBLEM = "application/problem+json"
FOR_PROGRAMS = re.compile(r"/(api/(?!docs)|(v2|modelo|health)(/|$)|(models/[^/]+/)?(invocations|ping|version)$)")
"""What the addresses for programs look like."""

FAULTS_SHOWN = 100
REFUSED = "X-Refused"
"""The header by which Nginx says that it refused a request; nginx/site.j2 sets it, and clears a client's own."""

WORDS = {
    400: (N_("Bad request"), N_("We could not understand what you sent.")),
    403: (N_("Forbidden"), N_("You may not open this address.")),
    404: (N_("Not found"), N_("There is no page at this address.")),
    405: (N_("Method not allowed"), N_("This address can't be used in that way.")),
    406: (N_("Not acceptable"), N_("The answer is JSON; your Accept header doesn't allow it.")),
    413: (N_("Too large"), N_("What you sent is larger than this site accepts.")),
    415: (N_("Unsupported format"), N_("Send JSON, with the header Content-Type: application/json.")),
    422: (N_("Invalid data"), N_("Check the fields that are marked.")),
    429: (N_("Too many requests"), N_("You ask faster than this site answers. Wait a moment and try again.")),
    500: (N_("Server error"), N_("Something failed here; it is not your fault and has been noted. Try again later.")),
    503: (N_("Unavailable"), N_("The site is being worked on. Try again in a moment.")),
}
"""Status → title and sentence."""


@dataclass(frozen=True)
class Problem:
    """One thing at fault in what a program sent: where it is (RFC 6901), which field, and why."""

    pointer: str
    field: str
    fault: Fault


class InvalidRows(ValueError):
    """Rows that the contract refuses.

    Args:
        problems: as many as are shown are enough: whoever finds those needn't look for more.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} faults")
        self.problems = problems[:FAULTS_SHOWN]
        self.may_be_more = len(problems) >= FAULTS_SHOWN


class Failure(HTTPException):
    """An error with a sentence of ours.

    Args:
        status: HTTP's.
        message: the sentence in English, with named places for values.
    """

    def __init__(self, status: int, message: str, **values: Any) -> None:
        super().__init__()
        self.code = status
        self.fault = Fault(message, values)


def register(app: Flask) -> None:
    """Have an application answer its errors in this way."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InvalidInput, _invalid_row)
    app.register_error_handler(InvalidRows, _invalid)
    app.register_error_handler(Exception, _unforeseen)


def refuse_for_the_proxy() -> None:
    """Say in this site's words what the reverse proxy refused before it read it: a body that is too large."""
    if request.headers.get(REFUSED) == "413":
        raise RequestEntityTooLarge


def problems_of(refused: InvalidInput, base: str = "#") -> list[Problem]:
    """Return a row's faults, each with its place in the document that was sent."""
    return [Problem(f"{base}/{_escaped(name)}", name, fault) for name, fault in refused.faults.items()]


def for_a_program() -> bool:
    """Tell whether this request's answer is read by a program rather than by people."""
    if FOR_PROGRAMS.match(request.path):
        return True
    if request.endpoint:
        return False
    g.by_accept = True
    kinds = ("text/html", "application/json", PROBLEM)
    return request.accept_mimetypes.best_match(kinds, "text/html") != "text/html"


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    title, sentence = _words(status)
    answer = _answer(status, title, str(error.fault) if isinstance(error, Failure) else sentence)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _invalid_row(error: InvalidInput) -> Response:
    return _invalid(InvalidRows(problems_of(error)))


def _invalid(error: InvalidRows) -> Response:
    sentences = {_key(problem.fault): problem.fault for problem in error.problems}  # most are of a few kinds
    said = {key: str(fault) for key, fault in sentences.items()}
    problems = [(problem, said[_key(problem.fault)]) for problem in error.problems]
    detail = "; ".join(f"{problem.field}: {sentence}" for problem, sentence in problems[:5])
    if error.may_be_more:
        detail += " " + gettext(N_("(The first %(faults)s faults are listed; there may be more.)"), faults=FAULTS_SHOWN)
    listed = [{"pointer": each.pointer, "field": each.field, "detail": sentence} for each, sentence in problems]
    return _answer(422, _words(422)[0], detail, errors=listed)


def _key(fault: Fault) -> str:
    return f"{fault.message} {fault.values}"


def _unforeseen(error: Exception) -> Response:
    logs.failure(f"{request.method} {request.path} failed", error)
    return _answer(500, *_words(500))


def _words(status: int) -> tuple[str, str]:
    title, sentence = WORDS.get(status) or (WORDS[400] if status < 500 else WORDS[500])
    return gettext(title), gettext(sentence)


def _answer(status: int, title: str, detail: str, **more: Any) -> Response:
    if not for_a_program():
        return Response(render_template("error.html", status=status, title=title, detail=detail), status)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more,
               "request_id": g.get("request_id", ""), **_as_the_protocol_says(status, detail)}  # fmt: skip
    return Response(json.dumps(problem), status, mimetype=PROBLEM)


def _as_the_protocol_says(status: int, detail: str) -> dict[str, str]:
    """Return the members in which a protocol's clients look for the sentence."""
    if request.path.startswith("/v2"):
        return {"error": detail}
    if request.path.endswith("/invocations"):
        return {"error_code": "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR", "message": detail}
    return {}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
