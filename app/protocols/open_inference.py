"""The Open Inference Protocol, version 2, over HTTP: one tensor per field, of shape [rows] or [rows, 1].

Tensors may come as JSON or, after it, as bytes (the extension ``binary_tensor_data``); answers are JSON.
Source: the specification of KServe and the Triton Inference Server, and the latter's extension_binary_data.
"""

import struct
from typing import Any

import numpy as np
from flask import Blueprint, Response, current_app, jsonify, request

from app import rows
from app.check import InvalidInput
from app.contract import Classification, Contract, IntegerField, NumberField, YesNoField, as_text
from app.errors import Failure
from app.languages import N_
from app.limits import Limits
from app.model import Model, Prediction

blueprint = Blueprint("open_inference", __name__, url_prefix="/v2")
JSON_LENGTH = "Inference-Header-Content-Length"
BINARY = "binary_tensor_data"
LENGTH_DIGITS = 18
"""More bytes than there are anywhere; Python refuses to read numbers of thousands of digits."""

LENGTH = struct.Struct("<I")

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
    body, packed = _body(rows.limits(model))
    _must_be_tensors(model, body.get("inputs"))
    asked = _asked(body)
    columns = _columns(body["inputs"], packed)
    if len({len(values) for values in columns.values()}) != 1:
        raise Failure(422, N_("The tensors must have the same number of rows."))
    given = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    answers = model.predict(rows.checked(model, given, "#/inputs"))
    said = {"id": body["id"]} if isinstance(body.get("id"), str) else {}
    return jsonify(model_name=model.name, model_version=model.version, **said, outputs=_tensors(model, answers, asked))


def _model(name: str, version: str) -> Model:
    model = rows.model_named(name)
    if version not in ("", model.version):
        raise Failure(404, N_("%(name)s has the version %(version)s alone."), name=name, version=model.version)
    return model


def _body(within: Limits) -> tuple[dict[str, Any], memoryview | None]:
    """Return the JSON of the body, and the bytes behind it, which are binary tensors; None where all is JSON."""
    length = request.headers.get(JSON_LENGTH)
    if length is None:
        return rows.json_object(within), None
    data = rows.body(within)
    if not length.isascii() or not length.isdigit() or len(length) > LENGTH_DIGITS or int(length) > len(data):
        raise Failure(400, N_("%(header)s is no length of this body."), header=JSON_LENGTH)
    body = rows.parsed(data[: int(length)], within)
    if not isinstance(body, dict):
        raise Failure(422, N_("inputs must be an array of tensors."))
    return body, memoryview(data)[int(length) :]


def _must_be_tensors(model: Model, tensors: Any) -> None:
    """Check the tensors' heads, before any value is looked at: each one's form, and that the model has such inputs.

    Raises:
        Failure: 422 a head, 413 too many tensors.
        InvalidInput: no field has a tensor's name.
    """
    if not isinstance(tensors, list) or not tensors:
        raise Failure(422, N_("inputs must be an array of tensors."))
    most = current_app.config["MAX_COLUMNS"]
    if len(tensors) > most:
        raise Failure(413, N_("There are more than %(tensors)s tensors."), tensors=most)
    seen: set[str] = set()
    for tensor in tensors:
        _binary_size(tensor)
        name = tensor.get("name")
        if not isinstance(name, str) or tensor.get("datatype") not in (*NUMPY, "BYTES") or name in seen:
            raise Failure(422, N_("A tensor needs a name of its own and a datatype of the protocol."))
        seen.add(name)
    if unknown := model.check.unknown(seen - model.check.names):
        raise InvalidInput(unknown)


def _binary_size(tensor: Any) -> int | None:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("parameters", {}), dict):
        raise Failure(422, N_("A tensor is an object with name, shape, datatype and data."))
    size = tensor.get("parameters", {}).get("binary_data_size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise Failure(422, N_("binary_data_size must be a number of bytes."))
    return size


def _columns(tensors: list[dict[str, Any]], packed: memoryview | None) -> dict[str, list[Any]]:
    """Return name → values of tensors whose heads are good; none is read that its shape or size contradicts."""
    if packed is not None and sum(_binary_size(tensor) or 0 for tensor in tensors) != len(packed):
        raise Failure(400, N_("The binary tensors don't fill the body."))
    columns: dict[str, list[Any]] = {}
    place = 0
    for tensor in tensors:
        size = _binary_size(tensor)
        if packed is None or size is None:
            values = _flat(tensor.get("data"))
            _must_be_of_shape(tensor, len(values))
        else:
            count = _rows_of_shape(tensor.get("shape"))
            rows.must_be_a_few(count)
            values = _decoded(tensor["datatype"], packed[place : place + size], count)
            place += size
        columns[tensor["name"]] = values
    return columns


def _must_be_of_shape(tensor: dict[str, Any], count: int) -> None:
    rows.must_be_a_few(count)
    if tensor.get("shape") not in ([count], [count, 1]):
        raise Failure(422, N_("The tensor %(name)s has %(values)s values; its shape must be [%(values)s]."),
                      name=tensor["name"][:100], values=count)  # fmt: skip


def _rows_of_shape(shape: Any) -> int:
    whole = isinstance(shape, list) and len(shape) in (1, 2) and all(isinstance(size, int) for size in shape)
    if not whole or shape[1:] not in ([], [1]) or shape[0] < 0:
        raise Failure(422, N_("A binary tensor's shape must be [rows] or [rows, 1]."))
    return int(shape[0])


def _decoded(datatype: str, part: memoryview, count: int) -> list[Any]:
    """Return a tensor's values.

    Raises:
        Failure: 400: the bytes are not so many values of the type.
    """
    try:
        if datatype == "BYTES":
            return _strings(part, count)
        kind = np.dtype(NUMPY[datatype])
        if len(part) != count * kind.itemsize:
            raise ValueError("not as long as its shape says")
        return list(np.frombuffer(part, kind).tolist())
    except (ValueError, struct.error):
        raise Failure(400, N_("A binary tensor's bytes are not what its datatype and shape say.")) from None


def _strings(part: memoryview, count: int) -> list[str]:
    """Each has its length before it, in four bytes."""
    found: list[str] = []
    place = 0
    for _ in range(count):
        (length,) = LENGTH.unpack_from(part, place)
        place += LENGTH.size
        if place + length > len(part):
            raise ValueError("too short")
        found.append(str(part[place : place + length], "utf-8"))
        place += length
    if place < len(part):
        raise ValueError("too long")
    return found


def _flat(values: Any) -> list[Any]:
    """Return a tensor's values; the protocol lets them be nested as the shape says."""
    if not isinstance(values, list):
        raise Failure(422, N_("A tensor's data must be an array."))
    if values and all(isinstance(value, list) and len(value) == 1 for value in values):
        return [value[0] for value in values]
    return values


def _tensors(model: Model, answers: list[Prediction], asked: list[str]) -> list[dict[str, Any]]:
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
