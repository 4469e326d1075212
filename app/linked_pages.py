"""Answers that an address holds: a page to be kept, sent and opened again, and two of them side by side."""

from flask import Blueprint, Response, make_response

from app import forms, links, pages, request_data
from app.errors import HttpError
from app.faults import InvalidInput
from app.languages import N_
from app.model import Model

blueprint = Blueprint("links", __name__)


@blueprint.get("/models/<name>/answer")
@blueprint.get("/models/<name>/answer/<version>")
def answer(name: str, version: str = "") -> Response:
    """Show the answer to the row in the address.

    Args:
        version: of the model that the address was made with; where it is another now, the page says so.
    """
    shown = _linked(name)
    made_by = version if version != shown.version else ""
    texts = links.query()
    try:
        (own,) = links.single(texts)
        row = links.read(shown, own)
    except InvalidInput as refusal:
        last = {name: values[-1] for name, values in texts.items()}
        form = forms.form_of(shown, formdata=None, data=links.entries(shown.contract.fields, last))
        forms.show_faults(form, refusal)
        return _unkept(pages.refusal(shown, form, made_by=made_by))
    form = forms.form_of(shown, formdata=None, data=forms.entries_of(shown.contract, row))
    return _unkept(pages.answer_to(shown, form, row, made_by=made_by))


def _linked(name: str) -> Model:
    """Return a model whose answers may have addresses.

    Raises:
        HttpError: 404.
    """
    shown = request_data.model_named(name)
    if not shown.contract.links:
        raise HttpError(404, N_("Answers of this model have no links: what is entered is private."))
    return shown


def _unkept(page: tuple[str, int]) -> Response:
    """Return a page that neither caches keep nor search engines."""
    response = make_response(*page)
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return response
