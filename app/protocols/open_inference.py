"""The Open Inference Protocol, version 2, over HTTP: one tensor per field, of shape [rows] or [rows, 1].

Tensors may come as JSON or, after it, as bytes (the extension ``binary_tensor_data``); answers are JSON.
Source: the specification of KServe and the Triton Inference Server, and the latter's extension_binary_data.
"""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from flask import Blueprint, Response, current_app, jsonify, request

from app import rows
from app.contract import Classification, Contract, IntegerField, NumberField, YesNoField, as_text
from app.errors import Failure
from app.languages import N_
from app.model import Model, Prediction

blueprint = Blueprint("open_inference", __name__, url_prefix="/v2")
JSON_LENGTH = "Inference-Header-Content-Length"
BINARY = "binary_tensor_data"

NUMPY = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
"""The protocol's name of a type → numpy's, little-endian; BYTES is apart."""


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
    inputs = [{"name": field.name, "datatype": _datatype(field), "shape": [-1]} for field in model.contract.fields]
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
    body = _body()
    tensors = body.get("inputs")
    if not isinstance(tensors, list) or not tensors:
        raise Failure(422, N_("inputs must be an array of tensors."))
    columns = dict(_columns(model, body))
    if len({len(values) for values in columns.values()}) != 1:
        raise Failure(422, N_("The tensors must have the same number of rows."))
    given = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    answers = model.predict(rows.checked(model, given, "#/inputs"))
    said = {"id": body["id"]} if isinstance(body.get("id"), str) else {}
    return jsonify(model_name=model.name, model_version=model.version, **said, outputs=_tensors(model, answers, body))


def _model(name: str, version: str) -> Model:
    model = rows.model_named(name)
    if version not in ("", model.version):
        raise Failure(404, N_("%(name)s has the version %(version)s alone."), name=name, version=model.version)
    return model


def _body() -> dict[str, Any]:
    """Return the JSON part of the body, the values of binary tensors put into it."""
    length = request.headers.get(JSON_LENGTH)
    if length is None:
        return rows.json_object()
    data = request.get_data()
    if not length.isascii() or not length.isdigit() or int(length) > len(data):
        raise Failure(400, N_("%(header)s is no length of this body."), header=JSON_LENGTH)
    body = rows.parsed(data[: int(length)])
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        raise Failure(422, N_("inputs must be an array of tensors."))
    rest = data[int(length) :]
    for tensor in body["inputs"]:
        size = _binary_size(tensor)
        if size is not None:
            part, rest = rest[:size], rest[size:]
            tensor["data"] = _decoded(tensor, part, size)
    if rest:
        raise Failure(400, N_("The binary tensors don't fill the body."))
    return body


def _binary_size(tensor: Any) -> int | None:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("parameters", {}), dict):
        raise Failure(422, N_("A tensor is an object with name, shape, datatype and data."))
    size = tensor.get("parameters", {}).get("binary_data_size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise Failure(422, N_("binary_data_size must be a number of bytes."))
    return size


def _decoded(tensor: dict[str, Any], part: bytes, size: int) -> list[Any]:
    kind = tensor.get("datatype")
    try:
        if len(part) != size:
            raise ValueError("too short")
        if kind == "BYTES":
            return list(_strings(part))
        return list(np.frombuffer(part, dtype=NUMPY[str(kind)]).tolist())
    except (ValueError, KeyError, struct.error):
        raise Failure(400, N_("A binary tensor's bytes are not what its datatype says.")) from None


def _strings(part: bytes) -> Iterator[str]:
    """Each with its length before it, in four bytes."""
    while part:
        (length,) = struct.unpack_from("<I", part)
        if len(part) < 4 + length:
            raise ValueError("too short")
        yield part[4 : 4 + length].decode()
        part = part[4 + length :]


def _columns(model: Model, body: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    seen: set[str] = set()
    for tensor in body["inputs"]:
        _binary_size(tensor)
        name, shape, values = tensor.get("name"), tensor.get("shape"), tensor.get("data")
        if not isinstance(name, str) or tensor.get("datatype") not in (*NUMPY, "BYTES") or name in seen:
            raise Failure(422, N_("A tensor needs a name of its own and a datatype of the protocol."))
        seen.add(name)
        values = _flat(values)
        if shape not in ([len(values)], [len(values), 1]):
            raise Failure(422, N_("The tensor %(name)s has %(values)s values; its shape must be [%(values)s]."),
                          name=name[:100], values=len(values))  # fmt: skip
        rows.must_be_a_few(len(values))
        yield name, values


def _flat(values: Any) -> list[Any]:
    """Return a tensor's values; the protocol lets them be nested as the shape says."""
    if not isinstance(values, list):
        raise Failure(422, N_("A tensor's data must be an array."))
    if values and all(isinstance(value, list) and len(value) == 1 for value in values):
        return [value[0] for value in values]
    return values


def _tensors(model: Model, answers: list[Prediction], body: dict[str, Any]) -> list[dict[str, Any]]:
    data = {"predict": [_value(model.contract, answer) for answer in answers]}
    if answers[0].probabilities is not None:
        data["predict_proba"] = [share for answer in answers for share in answer.probabilities or ()]
    asked = _asked(body) or [key for key, _, _ in _outputs(model, 0) if key in data]
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
    return [each["name"] for each in outputs]


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


def _datatype(field: Any) -> str:
    if isinstance(field, NumberField):
        return "FP64"
    if isinstance(field, IntegerField):
        return "INT64"
    return "BOOL" if isinstance(field, YesNoField) else _of_choices(field)


def _of_choices(field: Any) -> str:
    values = [choice.value for choice in getattr(field, "choices", ())]
    if values and all(isinstance(value, bool) for value in values):
        return "BOOL"
    if values and all(isinstance(value, int) for value in values):
        return "INT64"
    return "FP64" if values and not any(isinstance(value, str) for value in values) else "BYTES"
