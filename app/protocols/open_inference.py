"""The Open Inference Protocol, version 2, over HTTP: one tensor per field, of shape [rows] or [rows, 1].

Tensors may come as JSON or, after it, as bytes (the extension ``binary_tensor_data``); answers are JSON.
Source: the specification of KServe and the Triton Inference Server, and the latter's extension_binary_data.
"""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify

from app import rows
from app.contract import Classification, Contract
from app.errors import Failure
from app.languages import N_
from app.model import Model, Prediction
from app.protocols import tensors
from app.values import as_text

blueprint = Blueprint("open_inference", __name__, url_prefix="/v2")
BINARY = "binary_tensor_data"


@blueprint.get("")
def server() -> Response:
    """Tell what server this is."""
    return jsonify(name="puerto", version=current_app.extensions["release"], extensions=[BINARY])


@blueprint.get("/health/live")
def live() -> Response:
    """Say that the server runs."""
    return jsonify(live=True)


@blueprint.get("/health/ready")
def ready() -> Response:
    """Say that every model can be asked."""
    return jsonify(ready=True)


@blueprint.get("/models/<name>")
@blueprint.get("/models/<name>/versions/<version>")
def metadata(name: str, version: str = "") -> Response:
    """Tell a model's inputs and outputs."""
    model = _model(name, version)
    inputs = [{"name": field.name, "datatype": field.tensor_type, "shape": [-1]} for field in model.contract.fields]
    outputs = [{"name": key, "datatype": kind, "shape": shape} for key, kind, shape in _outputs(model, -1)]
    return jsonify(name=model.name, versions=[model.version], platform="sklearn", inputs=inputs, outputs=outputs)


@blueprint.get("/models/<name>/ready")
@blueprint.get("/models/<name>/versions/<version>/ready")
def model_ready(name: str, version: str = "") -> Response:
    """Say that a model can be asked."""
    return jsonify(name=_model(name, version).name, ready=True)


@blueprint.post("/models/<name>/infer")
@blueprint.post("/models/<name>/versions/<version>/infer")
def infer(name: str, version: str = "") -> Response:
    """Answer the predictions for the rows that the input tensors hold."""
    model = _model(name, version)
    body, packed = tensors.body(rows.limits(model))
    tensors.must_be_good(body.get("inputs"))
    asked = _asked(body)
    columns = tensors.columns(model, body["inputs"], packed)
    if len({len(values) for values in columns.values()}) != 1:
        raise Failure(422, N_("The tensors must have the same number of rows."))
    given = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    answers = model.predict(rows.checked(model, given, "#/inputs"))
    said = {"id": body["id"]} if isinstance(body.get("id"), str) else {}
    return jsonify(model_name=model.name, model_version=model.version, **said, outputs=_answered(model, answers, asked))


def _model(name: str, version: str) -> Model:
    model = rows.model_named(name)
    if version not in ("", model.version):
        raise Failure(404, N_("%(name)s has the version %(version)s alone."), name=name, version=model.version)
    return model


def _answered(model: Model, answers: list[Prediction], asked: list[str]) -> list[dict[str, Any]]:
    data = {"predict": [_value(model.contract, answer) for answer in answers]}
    if answers[0].probabilities is not None:
        data["predict_proba"] = [share for answer in answers for share in answer.probabilities or ()]
    asked = asked or [key for key, _, _ in _outputs(model, 0) if key in data]
    if strangers := [name for name in asked if name not in data]:
        raise Failure(422, N_("There is no output %(name)s; there are: %(names)s."), name=strangers[0][:100],
                      names=", ".join(data))  # fmt: skip
    found = {key: (kind, shape) for key, kind, shape in _outputs(model, len(answers))}
    return [{"name": key, "datatype": found[key][0], "shape": found[key][1], "data": data[key]} for key in asked]


def _asked(body: dict[str, Any]) -> list[str]:
    outputs = body.get("outputs") or []
    if not isinstance(outputs, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in outputs
    ):
        raise Failure(422, N_("outputs must be an array of objects with a name."))
    names = [each["name"] for each in outputs]
    if len(set(names)) < len(names):
        raise Failure(422, N_("An output is asked for twice."))
    return names


def _outputs(model: Model, count: int) -> list[tuple[str, str, list[int]]]:
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification):
        return [("predict", "FP64", [count])]
    labels = [choice.value for choice in predicts.labels]
    whole = all(isinstance(label, int) and not isinstance(label, bool) for label in labels)
    found = [("predict", "INT64" if whole else "BYTES", [count])]
    if model.engine.gives_probabilities:
        found.append(("predict_proba", "FP64", [count, len(labels)]))
    return found


def _value(contract: Contract, answer: Prediction) -> Any:
    if isinstance(answer.value, float) and not isinstance(contract.predicts, Classification):
        return answer.value
    return answer.value if type(answer.value) is int else as_text(answer.value)
