"""Answers that an address holds: a page to be kept, sent and opened again, and two of them side by side."""

import re
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, request

from app import forms, links, logs, pages, request_data
from app.comparison import compared
from app.errors import REFUSED_ROW, HttpError
from app.languages import N_, gettext
from app.model import Model
from app.predictions import RefusedRows

blueprint = Blueprint("links", __name__)
VERSION = re.compile("[0-9a-f]{12}")


@blueprint.get("/models/<name>/answer")
@blueprint.get("/models/<name>/answer/<version>")
def answer(name: str, version: str = "") -> Response:
    """Show the answer to the row in the address.

    Args:
        version: of the model that the address was made with; where it is another now, the page says so.
    """
    shown = _linked(name, version)
    (row,) = links.rows(shown)
    (written,) = links.written(shown, [row])
    form = forms.form_of(shown, formdata=None, data=forms.entries_of(shown.contract, written))
    return _unkept(pages.answer_to(shown, form, row, made_by=_other(shown, version)))


@blueprint.get("/models/<name>/comparison/<version>")
def comparison(name: str, version: str) -> Response:
    """Show the answers to the two rows in the address side by side, and how they differ.

    Args:
        version: as in `answer`.
    """
    shown = _linked(name, version)
    rows = links.rows(shown, 2)
    first, second = links.written(shown, rows)
    form = forms.form_of(shown, formdata=None, data=forms.entries_of(shown.contract, second))
    variables: dict[str, Any] = {
        "made_by": _other(shown, version),
        "today": datetime.now(UTC),
        "answers": [links.answer_address(shown, row) for row in (first, second)],
        "link": links.comparison_address(shown, first, second),
        "compares": links.comparison_address(shown, first, first),
    }
    try:
        variables["compared"] = compared(shown, (rows[0], rows[1]), shown.predict(rows))
    except RefusedRows as error:
        logs.exception("the model refused a row of a comparison", error)
        return _unkept(pages.refusal(shown, form, refused=gettext(REFUSED_ROW), **variables))
    return _unkept((pages.page(shown, form, "comparison.html", **variables), 200))


@blueprint.post("/models/<name>/comparison/<version>")
def compare(name: str, version: str) -> Any:
    """Lead to the comparison of the row in the address with the one in the form.

    The form's token isn't looked at: a comparison changes nothing.
    """
    shown = _linked(name, version)
    (first,) = links.written(shown, links.rows(shown))
    form = pages.submitted(shown)
    row = forms.read_row(shown, form)
    if row is None:
        return pages.refusal(shown, form, compares=links.comparison_address(shown, first, first))
    address = links.comparison_address(shown, first, forms.as_entered(shown, row, form))
    return redirect(address, 303) if address else pages.answer_to(shown, form, row, is_uncompared=True)


@blueprint.errorhandler(links.RefusedLink)
def refused(refusal: links.RefusedLink) -> Response:
    """Show the form with what the address holds, and why the model refuses it."""
    shown, version = g.model, (request.view_args or {}).get("version", "")
    form = forms.form_of(shown, formdata=None, data=links.entries(shown.contract.fields, refusal.texts))
    forms.show_faults(form, refusal.reason)
    return _unkept(pages.refusal(shown, form, made_by=_other(shown, version)))


def _other(shown: Model, version: str) -> str:
    """Return the version that a link was made with; nothing where it is the model's."""
    return version if version != shown.version else ""


def _linked(name: str, version: str) -> Model:
    """Return a model whose answers may have addresses.

    Args:
        version: that the address names; nothing else may stand there, since the page repeats it.

    Raises:
        HttpError: 404.
    """
    if version and not VERSION.fullmatch(version):
        raise HttpError(404, N_("There is no page at this address."))
    shown = request_data.model_named(name)
    if not shown.contract.links:
        raise HttpError(404, N_("Answers of this model have no links: what is entered is private."))
    return shown


def _unkept(page: tuple[str, int]) -> Response:
    """Return a page that neither caches keep nor search engines."""
    response = make_response(*page)
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return response
