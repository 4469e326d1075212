"""The API and its document: ``/api/v1``, described by OpenAPI 3.1 at ``/api/v1/openapi.json``."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import flask
from flask import Flask, Response, current_app, g, jsonify, request
from flask_smorest import Api, Blueprint

from app import documents, rows
from app.contract import Classification
from app.errors import PROBLEM, Failure
from app.languages import N_, current
from app.model import Model, Prediction
from app.values import Value, as_text

PREFIX = "/api/v1"
VERSION = "1"
JSON = "application/json"


class _Api(Api):  # type: ignore[misc]
    """Without flask-smorest's own errors: ours answer for every route."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass


def register(app: Flask, models: dict[str, Model]) -> None:
    """Give an application its API: routes and document come from the models' contracts."""
    app.config.update(
        API_TITLE="Puerto", API_VERSION=VERSION, OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )  # fmt: skip
    api = _Api(app, spec_kwargs={"info": {"description": "Predictions of the models on this site."}})
    api.spec.components.schema("Problem", documents.PROBLEM)
    api.spec.components.schema("ModelCard", documents.CARD)
    for status in (400, 406, 413, 415, 422, 500, 503):
        words = {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": _ref("Problem")}}}
        api.spec.components.response(f"Problem{status}", words)
    for model in models.values():
        api.spec.components.schema(_title(model, "Row"), documents.row_schema(model.contract))
        api.spec.components.schema(_title(model, "Prediction"), documents.answer_schema(model.contract))
    api.register_blueprint(_blueprint(models, app.config["MAX_ROWS"]))
    app.register_blueprint(_strangers())


def _blueprint(models: dict[str, Model], most_rows: int) -> Blueprint:
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX, description="Models and their predictions")
    blueprint.before_request(_must_accept_json)
    _add(blueprint, "/models", "models", list_models, "GET", {
        "summary": "List the models", "responses": _answers({"type": "array", "items": _ref("ModelCard")}, 406),
    })  # fmt: skip
    for model in models.values():
        _add_model(blueprint, model, most_rows)
    return blueprint


def _strangers() -> flask.Blueprint:
    """Answer for names that no model has, in a sentence that names those there are."""
    strangers = flask.Blueprint("api_strangers", __name__, url_prefix=PREFIX)
    for kind, method in (("", "GET"), ("/predictions", "POST"), ("/prediction", "GET")):
        endpoint = f"model{kind.replace('/', '_')}"
        strangers.add_url_rule(f"/models/<name>{kind}", endpoint, show_model, methods=[method])
    return strangers


def _add_model(blueprint: Blueprint, model: Model, most_rows: int) -> None:
    name, address = model.name, f"/models/{model.name}"
    row, example = _ref(_title(model, "Row")), model.contract.example
    one_or_many = {"oneOf": [row, {"type": "array", "items": row, "minItems": 1, "maxItems": most_rows}]}
    body = {"required": True, "content": {JSON: {"schema": one_or_many, "examples": {
        "one": {"summary": "One row", "value": example}, "many": {"summary": "Many rows", "value": [example, example]},
    }}}}  # fmt: skip
    answer = _ref(_title(model, "Prediction"))
    many = _reply({"predictions": {"type": "array", "items": answer}})
    _add(blueprint, address, name, lambda: show_model(name), "GET", {
        "summary": f"Tell all of {name}", "responses": _answers(_ref("ModelCard"), 406),
    })  # fmt: skip
    _add(blueprint, f"{address}/predictions", f"{name}_predictions", lambda: predict(name), "POST", {
        "summary": f"Predict with {name}: one row or many", "requestBody": body,
        "responses": _answers(many, 400, 406, 413, 415, 422, 500, 503),
    })  # fmt: skip
    _add(blueprint, f"{address}/prediction", f"{name}_prediction", lambda: predict_from_address(name), "GET", {
        "summary": f"Predict with {name}: one row in the address; the answer can be cached",
        "parameters": documents.parameters(model.contract),
        "responses": _answers(_reply({"prediction": answer}), 406, 422, 500, 503)
        | {"304": {"description": "The answer that you have still holds"}},
    })  # fmt: skip


def list_models() -> Response:
    """Answer the cards of all models."""
    return jsonify([documents.card(model) for model in current_app.extensions["models"].values()])


def show_model(name: str) -> Response:
    """Answer a model's card."""
    return jsonify(documents.card(rows.model_named(name)))


def predict(name: str) -> Response:
    """Answer the predictions for the row, or the rows, of the body."""
    model = rows.model_named(name)
    given = rows.document(rows.limits(model))
    if isinstance(given, dict):
        checked = [model.check.typed(given)]
    elif isinstance(given, list):
        checked = rows.checked(model, given)
    else:
        raise Failure(422, N_("The body must be a row, a JSON object, or an array of rows."))
    return jsonify(answered(model, checked, current()))


def answered(model: Model, rows: list[list[Value]], language: str) -> dict[str, Any]:
    """Return the predictions for rows of the model, as the API answers them."""
    return _said(model, predictions=[as_json(model, each, language) for each in model.predict(rows)])


def predict_from_address(name: str) -> Response:
    """Answer the prediction for the row in the address; 304 where the client has it."""
    model = rows.model_named(name)
    row = model.check.text(rows.once(request.args))
    edition = f"{model.version} {current_app.extensions['release']} {current()}"
    tag = hashlib.sha256(edition.encode()).hexdigest()[:16]
    if request.if_none_match.contains_weak(tag):
        answer = Response(status=304)
    else:
        answer = jsonify(_said(model, prediction=as_json(model, model.predict([row])[0], current())))
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer


def as_json(model: Model, prediction: Prediction, language: str) -> dict[str, Any]:
    """Return a prediction as the API answers it, its label in a language's words."""
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification) or prediction.label is None:
        return {"value": prediction.value}
    said: dict[str, Any] = {"value": prediction.value, "label": predicts.labels[prediction.label].label[language]}
    if prediction.probabilities is not None:
        names = [as_text(choice.value) for choice in predicts.labels]
        said["probability"] = prediction.probability
        said["probabilities"] = dict(zip(names, prediction.probabilities, strict=True))
    return said


def _said(model: Model, **said: Any) -> dict[str, Any]:
    return {"model": model.name, "version": model.version, **said}


def _must_accept_json() -> None:
    g.by_accept = True
    if request.accept_mimetypes and not request.accept_mimetypes.best_match((JSON, PROBLEM)):
        raise Failure(406, N_("The answer is JSON; your Accept header doesn't allow it."))


def _add(blueprint: Blueprint, rule: str, endpoint: str, view: Callable[[], Response], method: str,
         said: dict[str, Any]) -> None:  # fmt: skip
    """Add a route that is documented by what is said of it."""
    documented = blueprint.doc(operationId=endpoint, **said)(view)
    blueprint.add_url_rule(rule, endpoint, documented, methods=[method])


def _answers(schema: dict[str, Any], *problems: int) -> dict[str, Any]:
    good = {"description": HTTPStatus(200).phrase, "content": {JSON: {"schema": schema}}}
    return {"200": good} | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in problems}


def _reply(more: dict[str, Any]) -> dict[str, Any]:
    properties = {"model": {"type": "string"}, "version": {"type": "string"}, **more}
    return {"type": "object", "required": list(properties), "properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _title(model: Model, kind: str) -> str:
    return "".join(part.title() for part in model.name.replace("-", "_").split("_")) + kind
