"""The routes for programs."""

import json
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from app.model import Model

blueprint = Blueprint("api", __name__)


@blueprint.post("/modelo")
def predict() -> Response:
    """Answer a row, a JSON object, with the model's label."""
    model: Model = current_app.extensions["model"]
    row = model.contract.check(_object(), strict=True)
    return jsonify(predict=model.predict(row).label)


@blueprint.get("/health")
def health() -> Response:
    """Say what release, configuration and model this process runs."""
    model: Model = current_app.extensions["model"]
    answer = jsonify(
        status="ok",
        release=current_app.extensions["release"],
        configuration=current_app.extensions["configuration"],
        model={"name": model.contract.name, "version": model.version},
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _object() -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        HTTPException: 415 no JSON, 400 malformed, 422 not an object.
    """
    if not request.is_json:
        raise UnsupportedMediaType("Envía JSON, con la cabecera Content-Type: application/json.")
    try:
        data = json.loads(request.get_data())
        json.dumps(data, ensure_ascii=False).encode()  # a lone surrogate (\ud800) is no text: it could not be answered
    except (ValueError, RecursionError):
        raise BadRequest("El cuerpo no es JSON bien formado.") from None
    if not isinstance(data, dict):
        raise UnprocessableEntity('El cuerpo debe ser un objeto JSON: {"campo": valor, …}.')
    return data
