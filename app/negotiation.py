"""What a response depends on, for caches: ``Vary``, ``Content-Language``; and which sites' scripts may read it: CORS.

Views don't declare it: looking up the language, or what the client accepts, records that the response depends on it.
"""

from collections.abc import Sequence

from flask import Flask, Response, g, request
from flask_cors import CORS

from app.errors import FOR_BOTH, FOR_PROGRAMS

FOR_SCRIPTS = (FOR_PROGRAMS, FOR_BOTH)
"""What the addresses look like that other sites' scripts may read, if the settings let them."""

ALL = "*"
ALLOWED = "Access-Control-Allow-Origin"


def register(app: Flask, origins: Sequence[str]) -> None:
    """Have an application's responses tell what they depend on.

    Args:
        origins: the websites whose scripts may read responses for programs, or `ALL`.
    """
    app.after_request(lambda response: _add_headers(response, origins))
    if origins:  # flask-cors adds Origin to Vary only for allowed sites, and not where a single one is allowed
        is_all = ALL in origins
        CORS(
            app,
            origins=list(origins),
            resources=[*FOR_SCRIPTS],
            send_wildcard=is_all,
            always_send=is_all,
            vary_header=False,
        )


def origins_of(setting: str) -> list[str]:
    """Return the origins that a setting lists; only `ALL` where that is one of them."""
    origins = setting.split()
    return [ALL] if ALL in origins else origins


def vary_names(accept: bool, language: bool, origin: bool) -> list[str]:
    """Return the names of the request's headers that a response depends on."""
    return ["Accept"] * accept + ["Accept-Language", "Cookie"] * language + ["Origin"] * origin


def headers(origins: Sequence[str], origin: str, language: str) -> dict[str, str]:
    """Return the headers of a response for programs that doesn't come through Flask.

    Args:
        origin: the request's; empty where it has none.
        language: the response's.
    """
    allowed = ALL if ALL in origins else origin if origin.lower() in map(str.lower, origins) else ""
    vary = vary_names(accept=True, language=True, origin=_are_some(origins))
    return {"Vary": ", ".join(vary), "Content-Language": language} | ({ALLOWED: allowed} if allowed else {})


def _are_some(origins: Sequence[str]) -> bool:
    return bool(origins) and ALL not in origins


def _add_headers(response: Response, origins: Sequence[str]) -> Response:
    by_origin = _are_some(origins) and any(pattern.match(request.path) for pattern in FOR_SCRIPTS)
    if vary := vary_names("by_accept" in g, "language" in g, by_origin):
        response.vary.update(vary)
    if "language" in g:
        response.headers["Content-Language"] = g.language
    return response
