"""The tensors of a request of the Open Inference Protocol: their heads are checked before any value is looked at."""

import struct
from itertools import chain
from typing import Any

import numpy as np
from flask import current_app, request

from app import request_data
from app.errors import HttpError
from app.languages import N_
from app.limits import Limits
from app.model import Model
from app.unknown_names import UNKNOWN_NAMED

JSON_LENGTH = "Inference-Header-Content-Length"
LENGTH_DIGITS = 18
"""No body has a length of more; Python refuses to read numbers of thousands of digits."""

LENGTH = struct.Struct("<I")

NUMPY = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
"""The protocol's name of a type → numpy's, little-endian; BYTES is apart."""

NUMBERS = {"INT64", "FP64"}
HELD = {"BOOL": {"BOOL"}, "BYTES": {"BYTES"}}
"""Type of a tensor → types of the fields whose values it can hold; of all other types, `NUMBERS`."""


def body(limits: Limits) -> tuple[dict[str, Any], memoryview | None]:
    """Return the JSON of the body, and the bytes behind it, which are binary tensors; None where all is JSON."""
    length = request.headers.get(JSON_LENGTH)
    if length is None:
        return request_data.json_object(limits), None
    data = request_data.body(limits)
    if not length.isascii() or not length.isdigit() or len(length) > LENGTH_DIGITS or int(length) > len(data):
        raise HttpError(400, N_("%(header)s must be a number of bytes, no larger than the body."), header=JSON_LENGTH)
    head = request_data.parse_json(data[: int(length)], limits)
    if not isinstance(head, dict):
        raise HttpError(422, N_("inputs must be an array of tensors."))
    return head, memoryview(data)[int(length) :]


def check_heads(tensors: Any) -> None:
    """Check the tensors' heads, before any value is looked at.

    Raises:
        HttpError: 422 a wrong head, 413 too many tensors.
    """
    if not isinstance(tensors, list) or not tensors:
        raise HttpError(422, N_("inputs must be an array of tensors."))
    most = current_app.config["MAX_COLUMNS"]
    if len(tensors) > most:
        raise HttpError(413, N_("The request has more than %(tensors)s tensors."), tensors=most)
    names: set[str] = set()
    for tensor in tensors:
        _binary_size(tensor)
        name = tensor.get("name")
        if not isinstance(name, str) or tensor.get("datatype") not in (*NUMPY, "BYTES") or name in names:
            raise HttpError(422, N_("Each tensor needs a unique name and one of the protocol's datatypes."))
        names.add(name)


def _binary_size(tensor: Any) -> int | None:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("parameters", {}), dict):
        raise HttpError(422, N_("A tensor must be an object with name, shape, datatype and data."))
    size = tensor.get("parameters", {}).get("binary_data_size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise HttpError(422, N_("binary_data_size must be a number of bytes."))
    return size


def rows(model: Model, tensors: list[dict[str, Any]], binary_data: memoryview | None) -> list[dict[str, Any]]:
    """Return the rows of tensors with valid heads: of one per field, or of a single one that holds whole rows.

    Raises:
        HttpError: 422 a shape contradicts the values, the model or another tensor, 413 too many rows, 400 wrong bytes.
    """
    if binary_data is not None and sum(_binary_size(tensor) or 0 for tensor in tensors) != len(binary_data):
        raise HttpError(400, N_("The sizes of the binary tensors don't add up to the bytes after the JSON."))
    fields, first = model.contract.fields, tensors[0]
    if len(tensors) == 1 and first["name"] not in model.validator.names:  # MLServer's clients name it as they like
        if len(fields) == 1:
            tensors = [first | {"name": fields[0].name}]
        elif _is_wide(first.get("shape")):
            return _whole_rows(model, first, None if _binary_size(first) is None else binary_data)
    columns = _columns(model, tensors, binary_data)
    if len({len(values) for values in columns.values()}) != 1:
        raise HttpError(422, N_("The tensors must have the same number of rows."))
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _is_wide(shape: Any) -> bool:
    return isinstance(shape, list) and len(shape) == 2 and shape[1] != 1


def _whole_rows(model: Model, tensor: dict[str, Any], part: memoryview | None) -> list[dict[str, Any]]:
    """Return the rows of a tensor of shape [rows, fields], its values in the contract's order."""
    fields, (count, width) = model.contract.fields, tensor["shape"]
    if {type(count), type(width)} != {int} or width != len(fields) or count < 0:
        message = N_("The shape of the tensor “%(name)s” must be [rows, %(columns)s], a value for each field.")
        raise HttpError(422, message, name=tensor["name"][:100], columns=len(fields))
    request_data.check_row_count(count)
    if not HELD.get(tensor["datatype"], NUMBERS).issuperset(field.tensor_type for field in fields):
        message = N_("No tensor of type %(datatype)s can hold all the fields of this model: send one tensor per field.")
        raise HttpError(422, message, datatype=tensor["datatype"])
    values = _flat(tensor, count, width) if part is None else _decoded(tensor["datatype"], part, count * width)
    names = [field.name for field in fields]
    return [dict(zip(names, values[start : start + width], strict=True)) for start in range(0, len(values), width)]


def _flat(tensor: dict[str, Any], count: int, width: int) -> list[Any]:
    """Return the values of a tensor of two dimensions, which JSON may nest."""
    values = _json_values(tensor)
    if len(values) == count and all(isinstance(row, list) and len(row) == width for row in values):
        return [*chain.from_iterable(values)]
    if len(values) != count * width:
        message = N_(
            "The data of the tensor “%(name)s” must be %(rows)s rows of %(columns)s values, as its shape says."
        )
        raise HttpError(422, message, name=tensor["name"][:100], rows=count, columns=width)
    return values


def _columns(model: Model, tensors: list[dict[str, Any]], binary_data: memoryview | None) -> dict[str, list[Any]]:
    """Return name → values of tensors with valid heads; none is read whose shape or size contradicts its values.

    Of tensors with unknown names, the first few are kept, without their values: enough to refuse the rows.
    """
    columns_by_name: dict[str, list[Any]] = {}
    offset, unknown = 0, 0
    for tensor in tensors:
        size = _binary_size(tensor)
        part = None if binary_data is None or size is None else binary_data[offset : offset + size]
        offset += size or 0
        count = _row_count(tensor, part)
        if tensor["name"] in model.validator.names:
            values = _json_values(tensor) if part is None else _decoded(tensor["datatype"], part, count)
            columns_by_name[tensor["name"]] = values
        elif unknown < UNKNOWN_NAMED:
            unknown += 1
            columns_by_name[tensor["name"]] = [None] * count
    return columns_by_name


def _row_count(tensor: dict[str, Any], part: memoryview | None) -> int:
    """Return how many rows a tensor has, according to its shape and, in JSON, to its values."""
    count = len(_json_values(tensor)) if part is None else _rows_of_shape(tensor.get("shape"))
    request_data.check_row_count(count)
    if part is None and tensor.get("shape") not in ([count], [count, 1]):
        message = N_("The shape of the tensor “%(name)s” must be [%(values)s], the number of its values.")
        raise HttpError(422, message, name=tensor["name"][:100], values=count)
    return count


def _rows_of_shape(shape: Any) -> int:
    is_plain = isinstance(shape, list) and len(shape) in (1, 2) and all(isinstance(size, int) for size in shape)
    if not is_plain or shape[1:] not in ([], [1]) or shape[0] < 0:
        raise HttpError(422, N_("The shape of a binary tensor must be [rows] or [rows, 1]."))
    return int(shape[0])


def _decoded(datatype: str, part: memoryview, count: int) -> list[Any]:
    """Return a tensor's values.

    Raises:
        HttpError: 400 the bytes are not that many values of the type.
    """
    try:
        if datatype == "BYTES":
            return _strings(part, count)
        dtype = np.dtype(NUMPY[datatype])
        if len(part) != count * dtype.itemsize:
            raise ValueError("not as long as its shape requires")
        return list(np.frombuffer(part, dtype).tolist())
    except (ValueError, struct.error):
        raise HttpError(400, N_("The bytes of a binary tensor don't match its datatype and shape.")) from None


def _strings(part: memoryview, count: int) -> list[str]:
    """Return a tensor's texts; each is preceded by its length in four bytes."""
    strings: list[str] = []
    offset = 0
    for _ in range(count):
        (length,) = LENGTH.unpack_from(part, offset)
        offset += LENGTH.size
        if offset + length > len(part):
            raise ValueError("too short")
        strings.append(str(part[offset : offset + length], "utf-8"))
        offset += length
    if offset < len(part):
        raise ValueError("too long")
    return strings


def _json_values(tensor: dict[str, Any]) -> list[Any]:
    """Return a tensor's values in JSON; the protocol allows nesting that follows the shape."""
    values = tensor.get("data")
    if not isinstance(values, list):
        raise HttpError(422, N_("A tensor's data must be an array."))
    if values and all(isinstance(value, list) and len(value) == 1 for value in values):
        return [value[0] for value in values]
    return values
