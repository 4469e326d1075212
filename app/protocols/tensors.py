"""The tensors of a request of the Open Inference Protocol: their heads are checked before any value is looked at."""

import struct
from typing import Any

import numpy as np
from flask import current_app, request

from app import rows
from app.check import UNKNOWN_NAMED
from app.errors import Failure
from app.languages import N_
from app.limits import Limits
from app.model import Model

JSON_LENGTH = "Inference-Header-Content-Length"
LENGTH_DIGITS = 18
"""More bytes than there are anywhere; Python refuses to read numbers of thousands of digits."""

LENGTH = struct.Struct("<I")

NUMPY = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2",
    "INT32": "<i4", "INT64": "<i8", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
"""The protocol's name of a type → numpy's, little-endian; BYTES is apart."""


def body(within: Limits) -> tuple[dict[str, Any], memoryview | None]:
    """Return the JSON of the body, and the bytes behind it, which are binary tensors; None where all is JSON."""
    length = request.headers.get(JSON_LENGTH)
    if length is None:
        return rows.json_object(within), None
    data = rows.body(within)
    if not length.isascii() or not length.isdigit() or len(length) > LENGTH_DIGITS or int(length) > len(data):
        raise Failure(400, N_("%(header)s is no length of this body."), header=JSON_LENGTH)
    head = rows.parsed(data[: int(length)], within)
    if not isinstance(head, dict):
        raise Failure(422, N_("inputs must be an array of tensors."))
    return head, memoryview(data)[int(length) :]


def must_be_good(tensors: Any) -> None:
    """Check the tensors' heads, before any value is looked at.

    Raises:
        Failure: 422 a head, 413 too many tensors.
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


def _binary_size(tensor: Any) -> int | None:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("parameters", {}), dict):
        raise Failure(422, N_("A tensor is an object with name, shape, datatype and data."))
    size = tensor.get("parameters", {}).get("binary_data_size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise Failure(422, N_("binary_data_size must be a number of bytes."))
    return size


def columns(model: Model, given: list[dict[str, Any]], packed: memoryview | None) -> dict[str, list[Any]]:
    """Return name → values of tensors whose heads are good; none is read that its shape or size contradicts.

    Of tensors that no field has, the first few are kept, without their values: enough to refuse the rows for them.
    """
    if packed is not None and sum(_binary_size(tensor) or 0 for tensor in given) != len(packed):
        raise Failure(400, N_("The binary tensors don't fill the body."))
    found: dict[str, list[Any]] = {}
    place, strangers = 0, 0
    for tensor in given:
        size = _binary_size(tensor)
        part = None if packed is None or size is None else packed[place : place + size]
        place += size or 0
        count = _count(tensor, part)
        if tensor["name"] in model.check.names:
            found[tensor["name"]] = _flat(tensor) if part is None else _decoded(tensor["datatype"], part, count)
        elif strangers < UNKNOWN_NAMED:
            strangers += 1
            found[tensor["name"]] = [None] * count
    return found


def _count(tensor: dict[str, Any], part: memoryview | None) -> int:
    """Return how many rows a tensor has, as its shape and, in JSON, its values say."""
    count = len(_flat(tensor)) if part is None else _rows_of_shape(tensor.get("shape"))
    rows.must_be_a_few(count)
    if part is None and tensor.get("shape") not in ([count], [count, 1]):
        raise Failure(422, N_("The tensor %(name)s has %(values)s values; its shape must be [%(values)s]."),
                      name=tensor["name"][:100], values=count)  # fmt: skip
    return count


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


def _flat(tensor: dict[str, Any]) -> list[Any]:
    """Return a tensor's values in JSON; the protocol lets them be nested as the shape says."""
    values = tensor.get("data")
    if not isinstance(values, list):
        raise Failure(422, N_("A tensor's data must be an array."))
    if values and all(isinstance(value, list) and len(value) == 1 for value in values):
        return [value[0] for value in values]
    return values
