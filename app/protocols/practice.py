"""The practice's own: POST a row to ``/modelo``, get ``{"predict": …}`` of the default model."""

from flask import Blueprint, Response, jsonify

from app import request_data

blueprint = Blueprint("practice", __name__)


@blueprint.post("/modelo")
def predict() -> Response:
    """Predict the label or the number for a row, a JSON object."""
    model = request_data.default_model()
    row = model.validator.typed(request_data.json_object(request_data.limits_for(model, 1)))
    return jsonify(predict=model.predict([row])[0].value)
