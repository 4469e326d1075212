"""A model's form and its answer for a frame in another site's page: without navigation, and without cookies.

Browsers take no cookies of a frame from elsewhere: the language is in the address, and the form has no token. It needs
none, since a prediction changes nothing. Who may show the frame is up to `frame-ancestors`, as for every page.
"""

from functools import partial
from typing import Any

from flask import Blueprint, Response, g, make_response, url_for

from app import pages, request_data
from app.errors import HttpError
from app.languages import N_
from app.model import Model
from app.texts import LANGUAGES

blueprint = Blueprint("embedding", __name__)
WITHOUT_TOKEN = {"csrf": False}


@blueprint.get("/models/<name>/embed/<code>")
def form(name: str, code: str) -> Response:
    """Show a model's form, empty or with one of its examples."""
    shown = _embedded(name, code)
    own = pages.filled_in(shown, meta=WITHOUT_TOKEN)
    return _for_frames(pages.page(shown, own, **_variables(shown, code)), 200)


@blueprint.post("/models/<name>/embed/<code>")
def answer(name: str, code: str) -> Response:
    """Show the form with what was entered, and its prediction or its errors."""
    shown = _embedded(name, code)
    own = pages.submitted(shown, meta=WITHOUT_TOKEN)
    return _for_frames(*pages.answer(shown, own, **_variables(shown, code)))


def _embedded(name: str, code: str) -> Model:
    """Return a model, and set the language of its pages.

    Raises:
        HttpError: 404.
    """
    if code not in LANGUAGES:
        raise HttpError(404, N_("There is no page at this address."))
    g.language = code
    return request_data.model_named(name)


def _variables(shown: Model, code: str) -> dict[str, Any]:
    address = partial(url_for, "embedding.form", name=shown.name, code=code)
    return {"template": "embedded.html", "is_embedded": True, "address": address}


def _for_frames(page: str, status: int) -> Response:
    """Return a page that a site may frame whose own policy (COEP) asks that of all it loads."""
    response = make_response(page, status)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
