"""The practice's own: POST a row to ``/modelo``, get ``{"predict": …}`` of the default model."""

from flask import Blueprint, Response, jsonify

from app import rows

blueprint = Blueprint("practice", __name__)


@blueprint.post("/modelo")
def predict() -> Response:
    """Answer a row, a JSON object, with the model's label or number."""
    model = rows.default_model()
    row = model.check.typed(rows.json_object(rows.limits(model, 1)))
    return jsonify(predict=model.predict([row])[0].value)
