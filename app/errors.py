"""Every error as people and programs can read it: a page, problem+json (RFC 9457), or what a protocol has for it.

Never a traceback.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, json, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from app import logs
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext
from app.predictions import RefusedRows
from app.protocols import refusals

JSON, PROBLEM = "application/json", "application/problem+json"
FOR_PROGRAMS = re.compile(r"/(api/(?!docs)|(v2|modelo|health)(/|$)|(models/[^/]+/)?(invocations|ping|version)$)")
"""What the addresses for programs look like."""

FOR_BOTH = re.compile(r"/(predict|resultado)$")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""The tutorials' addresses, where a form gets a page, and all else what programs get."""

ERRORS_SHOWN = 100
REFUSED_ROW = N_(
    "can't be predicted: the model refuses a value, which may be too large for it or of no kind that it knows"
)
SUMMARISED = 5
"""Errors that the sentence for all of them repeats."""

REFUSED = "X-Refused"
"""The header by which Nginx tells that it refused a request; nginx/site.j2 sets it, and clears a client's own."""

STATUS_TEXTS = {
    400: (N_("Bad request"), N_("We couldn't understand what you sent.")),
    403: (N_("Forbidden"), N_("You don't have permission to open this address.")),
    404: (N_("Not found"), N_("There is no page at this address.")),
    405: (N_("Method not allowed"), N_("This address doesn't support that method.")),
    406: (N_("Not acceptable"), N_("The response is JSON, which your Accept header doesn't allow.")),
    413: (N_("Too large"), N_("What you sent is larger than this site accepts.")),
    415: (N_("Unsupported format"), N_("Send JSON, with the header Content-Type: application/json.")),
    422: (N_("Invalid data"), N_("Check the highlighted fields.")),
    500: (N_("Server error"), N_("Something went wrong on our side and has been logged. Try again later.")),
    503: (N_("Unavailable"), N_("The site is under maintenance. Try again in a moment.")),
}
"""Status → title and sentence."""


@dataclass(frozen=True)
class FieldError:
    """An error in what a program sent: where it is (RFC 6901), which field, and why.

    Attributes:
        row: what its row is called in the language of the request; empty where there is only one.
    """

    pointer: str
    field: str
    fault: Fault
    row: str = ""


class InvalidRows(ValueError):
    """Rows that the contract refuses.

    Args:
        errors: once there are as many as are shown, nobody needs to look for more.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors[:ERRORS_SHOWN]
        self.may_be_more = len(errors) >= ERRORS_SHOWN


class HttpError(HTTPException):
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
    """Have an application respond to its errors in this way."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InvalidInput, _invalid_row)
    app.register_error_handler(InvalidRows, _invalid_rows)
    app.register_error_handler(RefusedRows, _refused_rows)
    app.register_error_handler(Exception, _unexpected_error)


def refuse_for_proxy() -> None:
    """Give this site's response to what the reverse proxy refused before it read it: a body that is too large."""
    if request.headers.get(REFUSED) == "413":
        raise RequestEntityTooLarge


def field_errors(refusal: InvalidInput, base: str = "#", row: str = "") -> list[FieldError]:
    """Return a row's errors, each with its place in the document that was sent."""
    return [FieldError(f"{base}/{_escaped(name)}", name, fault, row) for name, fault in refusal.faults.items()]


def is_for_program() -> bool:
    """Tell whether this request's response is read by a program rather than by people."""
    if isinstance(request.routing_exception, BadRequest):
        return True  # its Host is no name, so that a page could link to nothing
    if FOR_PROGRAMS.match(request.path):
        return True
    if request.endpoint and FOR_BOTH.match(request.path):
        return request.mimetype not in FORMS
    if request.endpoint:
        return False
    g.by_accept = True
    kinds = ("text/html", JSON, PROBLEM)
    return request.accept_mimetypes.best_match(kinds, "text/html") != "text/html"


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    title, sentence = _status_texts(status)
    response = _response(status, title, str(error.fault) if isinstance(error, HttpError) else sentence)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _invalid_row(error: InvalidInput) -> Response:
    return _invalid_rows(InvalidRows(field_errors(error)))


def _invalid_rows(error: InvalidRows) -> Response:
    faults = {_key(item.fault): item.fault for item in error.errors}  # most are of a few kinds
    sentences = {key: str(fault) for key, fault in faults.items()}
    errors = [
        {"pointer": item.pointer, "field": item.field, "detail": sentences[_key(item.fault)]} for item in error.errors
    ]
    places = [f"{item.row}, {item.field}" if item.row else item.field for item in error.errors[:SUMMARISED]]
    detail = "; ".join(f"{place}: {item['detail']}" for place, item in zip(places, errors, strict=False))
    if error.may_be_more:
        detail += " " + gettext(
            N_("(Only the first %(count)s errors are listed; there may be more.)"), count=ERRORS_SHOWN
        )
    return _response(422, _status_texts(422)[0], detail, errors=errors)


def _refused_rows(error: RefusedRows) -> Response:
    logs.exception("the model refused rows", error)
    rows = [(f"#/{place}", gettext(N_("row %(row)s"), row=place)) for place in error.places]
    return _invalid_rows(InvalidRows([FieldError(pointer, name, Fault(REFUSED_ROW)) for pointer, name in rows]))


def _key(fault: Fault) -> str:
    return f"{fault.message} {fault.values}"


def _unexpected_error(error: Exception) -> Response:
    logs.exception(f"{request.method} {request.path} failed", error)
    return _response(500, *_status_texts(500))


def _status_texts(status: int) -> tuple[str, str]:
    title, sentence = STATUS_TEXTS.get(status) or STATUS_TEXTS[400 if status < 500 else 500]
    return gettext(title), gettext(sentence)


def _response(status: int, title: str, detail: str, **members: Any) -> Response:
    if not is_for_program():
        return Response(render_template("error.html", status=status, title=title, detail=detail), status)
    body, mimetype = for_programs(request.path, status, title, detail, **members, request_id=g.get("request_id", ""))
    return Response(json.dumps(body), status, mimetype=mimetype)


def for_programs(path: str, status: int, title: str, detail: str, **members: Any) -> tuple[dict[str, Any], str]:
    """Return the JSON of an error as programs read it at an address, and its type.

    Args:
        members: of problem+json, besides its own.
    """
    if (own := refusals.document(path, status, detail)) is not None:
        return own, JSON
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}, PROBLEM


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
