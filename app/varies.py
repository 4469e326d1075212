"""By what an answer differs, for the caches on its way: ``Vary``, ``Content-Language``; and for whose scripts: CORS.

Nobody has to say it beside each answer: who asks for the language, or looks at what the client accepts, has said it.
"""

from collections.abc import Sequence

from flask import Flask, Response, g, request
from flask_cors import CORS

from app.errors import FOR_PROGRAMS

ALL = "*"
ALLOWED = "Access-Control-Allow-Origin"


def register(app: Flask, origins: Sequence[str]) -> None:
    """Have an application's answers say by what they differ.

    Args:
        origins: the web sites whose scripts may read answers for programs, or `ALL`.
    """
    app.after_request(lambda response: _told(response, origins))
    if origins:  # flask-cors names Origin only to those whom it lets in, and not where there is but one
        CORS(app, origins=list(origins), resources=[FOR_PROGRAMS], send_wildcard=ALL in origins,
             always_send=ALL in origins, vary_header=False)  # fmt: skip


def origins_of(words: str) -> list[str]:
    """Return the origins that a setting names: all, where one of them is that."""
    found = words.split()
    return [ALL] if ALL in found else found


def names(accept: bool, language: bool, origin: bool) -> list[str]:
    """Return the names of the request's headers by which an answer differs."""
    return ["Accept"] * accept + ["Accept-Language", "Cookie"] * language + ["Origin"] * origin


def headers(origins: Sequence[str], origin: str, language: str) -> dict[str, str]:
    """Return what an answer for programs says that doesn't come through Flask.

    Args:
        origin: the request's; empty where it has none.
        language: the answer's.
    """
    allowed = ALL if ALL in origins else origin if origin.lower() in map(str.lower, origins) else ""
    differs = names(accept=True, language=True, origin=_some(origins))
    return {"Vary": ", ".join(differs), "Content-Language": language} | ({ALLOWED: allowed} if allowed else {})


def _some(origins: Sequence[str]) -> bool:
    return bool(origins) and ALL not in origins


def _told(response: Response, origins: Sequence[str]) -> Response:
    by_origin = _some(origins) and bool(FOR_PROGRAMS.match(request.path))
    if differs := names("by_accept" in g, "language" in g, by_origin):
        response.vary.update(differs)
    if "language" in g:
        response.headers["Content-Language"] = g.language
    return response
