"""What only MLflow's protocol and the Open Inference Protocol have: rows of values, columns, tensors, binary data."""

import json
import struct
from itertools import islice
from typing import Any

from tests.attacks.attack import Attack, Shape, Target, joined, names
from tests.attacks.json_bodies import as_json

BINARY_LENGTH = "Inference-Header-Content-Length"


def _bad_last_values(target: Target) -> Attack:
    row = json.dumps([*target.contract.example.values()]).encode()
    rows = b",".join([row] * min(9_999, target.size // len(row)))
    return as_json(b'{"instances":[' + rows + b",[0]]}")


def _split_columns(target: Target) -> Attack:
    columns = joined((json.dumps(name) for name in names()), target.size)
    return as_json(f'{{"dataframe_split":{{"columns":[{columns}],"data":[[1]]}}}}'.encode())


def _input_columns(target: Target) -> Attack:
    columns = joined((f'"{name}":[1]' for name in names()), target.size)
    return as_json(f'{{"inputs":{{{columns}}}}}'.encode())


def _tensor(name: str, datatype: str, shape: list[int], **properties: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, **properties}


def _many_tensors(target: Target) -> Attack:
    tensors = (json.dumps(_tensor(name, "FP64", [1], data=[1])) for name in names())
    return as_json(f'{{"inputs":[{joined(tensors, target.size, 60)}]}}'.encode())


def _nested_tensor(target: Target) -> Attack:
    name = next(iter(target.contract.example))
    values = target.size // 4
    head = json.dumps(_tensor(name, "FP64", [values])).encode()[:-1]
    return as_json(b'{"inputs":[' + head + b',"data":[' + b",".join([b"[1]"] * values) + b"]}]}")


def _whole_rows(target: Target) -> Attack:
    width = len(target.contract.example)
    rows = min(9_999, target.size // (4 * width))
    head = json.dumps(_tensor("predict", "FP64", [rows, width])).encode()[:-1]
    row = b"[" + b",".join([b"1e9"] * width) + b"]"
    return as_json(b'{"inputs":[' + head + b',"data":[' + b",".join([row] * rows) + b"]}]}")


def _many_outputs(target: Target) -> Attack:
    inputs = [_tensor(name, "FP64", [1], data=[value]) for name, value in target.contract.example.items()]
    outputs = b",".join([b'{"name":"predict"}'] * (target.size // 19))
    return as_json(json.dumps({"inputs": inputs}).encode()[:-1] + b',"outputs":[' + outputs + b"]}")


def _binary(header: dict[str, Any], data: bytes) -> Attack:
    head = json.dumps(header).encode()
    return Attack(head + data, {"Content-Type": "application/octet-stream", BINARY_LENGTH: str(len(head))})


def _sized(name: str, datatype: str, rows: int, size: int) -> dict[str, Any]:
    return _tensor(name, datatype, [rows], parameters={"binary_data_size": size})


def _empty_strings(target: Target) -> Attack:
    rows = target.size // 4
    name = next(iter(target.contract.example))
    return _binary({"inputs": [_sized(name, "BYTES", rows, rows * 4)]}, b"\0" * (rows * 4))


def _short_strings(target: Target) -> Attack:
    rows = target.size // 6
    name = next(iter(target.contract.example))
    return _binary({"inputs": [_sized(name, "BYTES", rows, rows * 6)]}, (struct.pack("<I", 2) + b"ab") * rows)


def _bytes_as_numbers(target: Target) -> Attack:
    values = target.size // 2
    return _binary({"inputs": [_sized("stranger", "INT16", values, values * 2)]}, b"\1\2" * values)


def _many_binary_tensors(target: Target) -> Attack:
    tensors = [_sized(name, "INT8", 1, 1) for name in islice(names(), target.size // 100)]
    return _binary({"inputs": tensors}, b"\1" * len(tensors))


PROTOCOL_BODIES: dict[str, Shape] = {
    "bad last row of values": _bad_last_values,
    "many tensors": _many_tensors,
    "nested tensor": _nested_tensor,
    "tensor of whole rows": _whole_rows,
    "many outputs": _many_outputs,
    "empty strings, binary": _empty_strings,
    "short strings, binary": _short_strings,
    "numbers, binary": _bytes_as_numbers,
    "many tensors, binary": _many_binary_tensors,
    "many columns": _split_columns,
    "columns of one": _input_columns,
}
"""Name → what is sent to routes that take a body."""
