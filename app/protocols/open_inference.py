"""The Open Inference Protocol, version 2, over HTTP: one tensor per field, of shape [rows] or [rows, 1].

Fields that one type can hold may also come in a single tensor, [rows, fields], as MLServer's clients send them.
Tensors may come as JSON or, after it, as bytes (the extension ``binary_tensor_data``); responses are JSON.

Source: the specification of KServe and the Triton Inference Server, and the latter's extension_binary_data.
"""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify

from app import request_data
from app.contract import Classification, Regression
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
    data: dict[str, list[Any]] = {}
    for target, own in zip(
        model.contract.targets, zip(*(one.targets for one in predictions), strict=True), strict=True
    ):
        data[_name("predict", target)] = [_value(target, prediction) for prediction in own]
        if own[0].probabilities is not None:
            shares = [share for prediction in own for share in prediction.probabilities or ()]
            data[_name("predict_proba", target)] = shares
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
    """Return name, datatype and shape of each of a model's outputs for so many rows, target by target."""
    shares = model.engine.gives_probabilities
    return [output for target in model.contract.targets for output in _target_outputs(target, count, shares)]


def _target_outputs(target: Classification | Regression, count: int, shares: bool) -> list[tuple[str, str, list[int]]]:
    name = _name("predict", target)
    if not isinstance(target, Classification):
        return [(name, "FP64", [count])]
    labels = [label.value for label in target.labels]
    is_whole = all(isinstance(label, int) and not isinstance(label, bool) for label in labels)
    outputs = [(name, "INT64" if is_whole else "BYTES", [count])]
    if shares:
        outputs.append((_name("predict_proba", target), "FP64", [count, len(labels)]))
    return outputs


def _name(output: str, target: Classification | Regression) -> str:
    """Return what a tensor is called: of several targets, ``predict.`` and its name."""
    return output if target.name is None else f"{output}.{target.name}"


def _value(target: Classification | Regression, prediction: Prediction) -> Any:
    if isinstance(prediction.value, float) and not isinstance(target, Classification):
        return prediction.value
    return prediction.value if type(prediction.value) is int else as_text(prediction.value)
