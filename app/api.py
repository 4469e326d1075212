"""The API and its document: ``/api/v1``, described by OpenAPI 3.1 at ``/api/v1/openapi.json``."""

import hashlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import flask
from flask import Flask, Response, current_app, g, jsonify, request
from flask_smorest import Api, Blueprint

from app import numerals, request_data, schemas
from app.errors import JSON, PROBLEM, HttpError
from app.languages import N_, current
from app.model import Model
from app.prediction_json import as_json
from app.values import Row

PREFIX = "/api/v1"
VERSION = "1"
UNUSED = {
    "type": "array",
    "items": {"type": "string"},
    "description": "names that were sent and that the model has no field for: ignored, where no field was absent",
}
TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS
"""Nginx's answer, to who asks for more than nginx/limits.j2 lets an address have."""

TOO_MANY_HEADERS = {
    "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}},
    "RateLimit-Policy": {"description": "the limit that was met", "schema": {"type": "string"}},
}
INFO = {
    "description": "Predictions of the models on this site.",
    "license": {"name": "MIT", "identifier": "MIT"},
}


class _Api(Api):  # type: ignore[misc]
    """Without flask-smorest's error handlers, and without its schemas of errors and pages: ours are for every route."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass


def register(app: Flask, models: dict[str, Model]) -> None:
    """Give an application its API: routes and document come from the models' contracts."""
    app.config.update(
        API_TITLE="Puerto",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(app, spec_kwargs={"info": INFO, "servers": [{"url": "/"}], "security": []})
    api.spec.components.schema("Problem", schemas.PROBLEM)
    api.spec.components.schema("ModelCard", schemas.CARD)
    for status in (400, 406, 413, 415, 422, 429, 500, 503):
        response = {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": _ref("Problem")}}}
        if status == TOO_MANY:
            response["headers"] = TOO_MANY_HEADERS
        api.spec.components.response(f"Problem{status}", response)
    for model in models.values():
        api.spec.components.schema(_title(model, "Row"), schemas.row_schema(model.contract))
        api.spec.components.schema(_title(model, "Prediction"), schemas.prediction_schema(model.contract))
    api.register_blueprint(_blueprint(models, app.config["MAX_ROWS"]))
    app.register_blueprint(_unknown_model_routes())


def _blueprint(models: dict[str, Model], most_rows: int) -> Blueprint:
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX, description="Models and their predictions")
    blueprint.before_request(_check_accept)
    cards = {"type": "array", "items": _ref("ModelCard")}
    operation = {"summary": "List the models", "responses": _responses(cards, 406)}
    _add_documented_rule(blueprint, "/models", "models", list_models, "GET", operation)
    for model in models.values():
        _add_model(blueprint, model, most_rows)
    return blueprint


def _unknown_model_routes() -> flask.Blueprint:
    """Respond to names that no model has, with a sentence that lists the models."""
    blueprint = flask.Blueprint("api_unknown_models", __name__, url_prefix=PREFIX)
    for path, method in (("", "GET"), ("/predictions", "POST"), ("/prediction", "GET")):
        endpoint = f"model{path.replace('/', '_')}"
        blueprint.add_url_rule(f"/models/<name>{path}", endpoint, show_model, methods=[method])
    return blueprint


def _add_model(blueprint: Blueprint, model: Model, most_rows: int) -> None:
    name, address = model.name, f"/models/{model.name}"
    prediction = _ref(_title(model, "Prediction"))
    card = {"summary": f"Describe {name}", "responses": _responses(_ref("ModelCard"), 406)}
    _add_documented_rule(blueprint, address, name, lambda: show_model(name), "GET", card)
    many = _envelope_schema({"predictions": {"type": "array", "items": prediction}})
    posted = {
        "summary": f"Predict with {name}: one row or many",
        "requestBody": _request_body(model, most_rows),
        "responses": _responses(many, 400, 406, 413, 415, 422, 500, 503),
    }
    _add_documented_rule(
        blueprint, f"{address}/predictions", f"{name}_predictions", lambda: predict(name), "POST", posted
    )
    one = _responses(_envelope_schema({"prediction": prediction}), 406, 422, 500, 503)
    addressed = {
        "summary": f"Predict with {name}: one row in the address; the response can be cached",
        "parameters": schemas.parameters(model.contract),
        "responses": one | {"304": {"description": "Not modified: the response that you have is still valid"}},
    }
    _add_documented_rule(
        blueprint, f"{address}/prediction", f"{name}_prediction", lambda: predict_from_address(name), "GET", addressed
    )


def _request_body(model: Model, most_rows: int) -> dict[str, Any]:
    row, example = _ref(_title(model, "Row")), model.contract.example
    schema = {"oneOf": [row, {"type": "array", "items": row, "minItems": 1, "maxItems": most_rows}]}
    examples = {
        "one": {"summary": "One row", "value": example},
        "many": {"summary": "Many rows", "value": [example, example]},
    }
    return {"required": True, "content": {JSON: {"schema": schema, "examples": examples}}}


def list_models() -> Response:
    """Return the cards of all models."""
    return jsonify([schemas.card(model) for model in current_app.extensions["models"].values()])


def show_model(name: str) -> Response:
    """Return a model's card."""
    return jsonify(schemas.card(request_data.model_named(name)))


def predict(name: str) -> Response:
    """Predict for the row, or the rows, of the body."""
    model = request_data.model_named(name)
    body = request_data.json_body(request_data.limits_for(model))
    if isinstance(body, dict):
        rows = [model.validator.typed(body)]
    elif isinstance(body, list):
        rows = request_data.validated_rows(model, body)
    else:
        raise HttpError(422, N_("The body must be a row (a JSON object) or an array of rows."))
    unused = model.validator.unused([body] if isinstance(body, dict) else body)
    return jsonify(predictions_body(model, rows, current(), unused))


def predictions_body(model: Model, rows: list[Row], language: str, unused: Sequence[str] = ()) -> dict[str, Any]:
    """Return the body of a response with the predictions for rows.

    Args:
        unused: names that the rows had and that no field has.
    """
    warnings = model.validator.warnings(rows)
    pairs = zip(model.predict(rows), warnings, strict=True)
    body = _envelope(model, predictions=[as_json(model, prediction, own, language) for prediction, own in pairs])
    return body | unused_member(unused) if unused else body


def unused_member(names: Sequence[str]) -> dict[str, Any]:
    """Return the member of a response that names what was sent and not used; none where all was."""
    return {"unused": [*names]} if names else {}


def predict_from_address(name: str) -> Response:
    """Predict for the row in the address; 304 where the client has the response already."""
    model = request_data.model_named(name)
    texts = request_data.single_values(request.args)
    row = model.validator.text(texts, numerals.marks_of_programs(texts))
    edition = f"{model.version} {current_app.extensions['release']} {current()}"
    tag = hashlib.sha256(edition.encode()).hexdigest()[:16]
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        prediction = as_json(model, model.predict([row])[0], model.validator.warnings([row])[0], current())
        response = jsonify(
            _envelope(model, prediction=prediction, **unused_member(model.validator.unused([request.args])))
        )
    response.set_etag(tag)
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def _envelope(model: Model, **members: Any) -> dict[str, Any]:
    return {"model": model.name, "version": model.version, **members}


def _check_accept() -> None:
    g.by_accept = True
    if request.accept_mimetypes and not request.accept_mimetypes.best_match((JSON, PROBLEM)):
        raise HttpError(406, N_("The response is JSON, which your Accept header doesn't allow."))


def _add_documented_rule(
    blueprint: Blueprint, rule: str, endpoint: str, view: Callable[[], Response], method: str, operation: dict[str, Any]
) -> None:
    """Add a route with its operation in the API's document."""
    documented = blueprint.doc(operationId=endpoint, **operation)(view)
    blueprint.add_url_rule(rule, endpoint, documented, methods=[method])


def _responses(schema: dict[str, Any], *problems: int) -> dict[str, Any]:
    success = {"description": HTTPStatus(200).phrase, "content": {JSON: {"schema": schema}}}
    statuses = sorted((*problems, TOO_MANY.value))
    return {"200": success} | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def _envelope_schema(members: dict[str, Any]) -> dict[str, Any]:
    properties = {"model": {"type": "string"}, "version": {"type": "string"}, **members}
    required = list(properties)
    properties["unused"] = UNUSED
    return {"type": "object", "required": required, "properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _title(model: Model, kind: str) -> str:
    return "".join(part.title() for part in model.name.replace("-", "_").split("_")) + kind
