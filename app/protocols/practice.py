"""The practice's own: POST a row to ``/modelo``, get ``{"predict": …}`` of the default model.

The tutorials' addresses, ``/predict`` and ``/resultado``, do the same; a form that is sent there gets a page.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for

from app import pages, request_data
from app.errors import FORMS, HttpError
from app.languages import N_
from app.limits import Limits
from app.predictions import named_values
from app.protocols.notes import notes

blueprint = Blueprint("practice", __name__)


@blueprint.post("/modelo")
def predict() -> Response:
    """Predict the label or the number for a row: a JSON object, or an array of one; numbers may be texts."""
    model = request_data.default_model()
    values = _row(request_data.limits_for(model, 1))
    row = model.validator.mixed(values)
    predicted = named_values(model.contract, model.predict([row])[0].values)
    return jsonify(predict=predicted, **notes(model, [row], model.validator.unused([values])))


@blueprint.post("/predict")
@blueprint.post("/resultado")
def answer() -> Response | tuple[str, int]:
    """Answer a form with the default model's page, anything else as ``/modelo`` does.

    A tutorial's form has no CSRF token, and needs none: a prediction changes nothing.
    """
    if request.mimetype not in FORMS:
        return predict()
    model = request_data.default_model()
    return pages.answer(model, pages.submitted(model))


@blueprint.get("/predict")
@blueprint.get("/resultado")
def form() -> Any:
    """Lead to the default model's form."""
    return redirect(url_for("pages.model", name=request_data.default_model().name), 303)


def _row(limits: Limits) -> dict[str, Any]:
    document = request_data.json_body(limits)
    row = document[0] if isinstance(document, list) and len(document) == 1 else document
    if not isinstance(row, dict):
        raise HttpError(422, N_("The body must be one row: a JSON object, or an array of one."))
    return row
