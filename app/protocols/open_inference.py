"""The Open Inference Protocol, version 2, over HTTP: one tensor per field, of shape [rows] or [rows, 1].

Fields that one type can hold may also come in a single tensor, [rows, fields], as MLServer's clients send them.
Tensors may come as JSON or, after it, as bytes (the extension ``binary_tensor_data``); responses are JSON.

Source: the specification of KServe and the Triton Inference Server, and the latter's extension_binary_data.
"""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify

from app import request_data
from app.contract import Classification, Contract
from app.errors import HttpError
from app.languages import N_
from app.model import Model
from app.predictions import Prediction
from app.protocols import tensors
from app.protocols.notes import as_parameters, notes
from app.values import as_text

blueprint = Blueprint("open_inference", __name__, url_prefix="/v2")
BINARY = "binary_tensor_data"


@blueprint.get("")
@blueprint.get("/")
def server() -> Response:
    """Return the server's name and version."""
    return jsonify(name="puerto", version=current_app.extensions["release"], extensions=[BINARY])


@blueprint.get("/health/live")
def live() -> Response:
    """Tell that the server runs."""
    return jsonify(live=True)


@blueprint.get("/health/ready")
def ready() -> Response:
    """Tell that every model is ready."""
    return jsonify(ready=True)


@blueprint.get("/models/<name>")
@blueprint.get("/models/<name>/versions/<version>")
def metadata(name: str, version: str = "") -> Response:
    """Return a model's inputs and outputs."""
    model = _model(name, version)
    inputs = [{"name": field.name, "datatype": field.tensor_type, "shape": [-1]} for field in model.contract.fields]
    outputs = [{"name": key, "datatype": kind, "shape": shape} for key, kind, shape in _outputs(model, -1)]
    return jsonify(name=model.name, versions=[model.version], platform="sklearn", inputs=inputs, outputs=outputs)


@blueprint.get("/models/<name>/ready")
@blueprint.get("/models/<name>/versions/<version>/ready")
def model_ready(name: str, version: str = "") -> Response:
    """Tell that a model is ready."""
    return jsonify(name=_model(name, version).name, ready=True)


@blueprint.post("/models/<name>/infer")
@blueprint.post("/models/<name>/versions/<version>/infer")
def infer(name: str, version: str = "") -> Response:
    """Predict for the rows that the input tensors hold."""
    model = _model(name, version)
    body, binary_data = tensors.body(request_data.limits_for(model))
    tensors.check_heads(body.get("inputs"))
    requested = _requested_outputs(body)
    rows = tensors.rows(model, body["inputs"], binary_data)
    valid = request_data.validated_rows(model, rows, "#/inputs")
    members: dict[str, Any] = {"id": body["id"]} if isinstance(body.get("id"), str) else {}
    members["outputs"] = _output_tensors(model, model.predict(valid), requested)
    members |= as_parameters(notes(model, valid, model.validator.unused(rows[:1])))
    return jsonify(model_name=model.name, model_version=model.version, **members)


def _model(name: str, version: str) -> Model:
    model = request_data.model_named(name)
    if version not in ("", model.version):
        raise HttpError(404, N_("%(name)s has only the version %(version)s."), name=name, version=model.version)
    return model


def _output_tensors(model: Model, predictions: list[Prediction], requested: list[str]) -> list[dict[str, Any]]:
    data = {"predict": [_value(model.contract, prediction) for prediction in predictions]}
    if predictions[0].probabilities is not None:
        data["predict_proba"] = [share for prediction in predictions for share in prediction.probabilities or ()]
    names = requested or [name for name, _, _ in _outputs(model, 0) if name in data]
    if unknown := [name for name in names if name not in data]:
        message = N_("There is no output “%(name)s”; the outputs are: %(names)s.")
        raise HttpError(422, message, name=unknown[0][:100], names=", ".join(data))
    heads = {name: (datatype, shape) for name, datatype, shape in _outputs(model, len(predictions))}
    return [{"name": name, "datatype": heads[name][0], "shape": heads[name][1], "data": data[name]} for name in names]


def _requested_outputs(body: dict[str, Any]) -> list[str]:
    outputs = body.get("outputs") or []
    if not isinstance(outputs, list) or not all(
        isinstance(output, dict) and isinstance(output.get("name"), str) for output in outputs
    ):
        raise HttpError(422, N_("outputs must be an array of objects with a name."))
    names = [output["name"] for output in outputs]
    if len(set(names)) < len(names):
        raise HttpError(422, N_("An output is requested twice."))
    return names


def _outputs(model: Model, count: int) -> list[tuple[str, str, list[int]]]:
    """Return name, datatype and shape of each of a model's outputs for so many rows."""
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification):
        return [("predict", "FP64", [count])]
    labels = [label.value for label in predicts.labels]
    is_whole = all(isinstance(label, int) and not isinstance(label, bool) for label in labels)
    outputs = [("predict", "INT64" if is_whole else "BYTES", [count])]
    if model.engine.gives_probabilities:
        outputs.append(("predict_proba", "FP64", [count, len(labels)]))
    return outputs


def _value(contract: Contract, prediction: Prediction) -> Any:
    if isinstance(prediction.value, float) and not isinstance(contract.predicts, Classification):
        return prediction.value
    return prediction.value if type(prediction.value) is int else as_text(prediction.value)
