"""JSON that is deep, wide, long, or more than it looks."""

import gzip
import json

from tests.attacks.attack import Attack, Shape, Target, joined, names, repeated

JSON = "application/json"
ZIPPED = 1000
"""How many times larger a zipped body is once it is inflated, roughly."""


def as_json(body: bytes) -> Attack:
    return Attack(body, {"Content-Type": JSON})


def _wide_object(target: Target) -> Attack:
    members = joined((f'"{name}":1' for name in names()), target.size)
    return as_json(f"{{{members}}}".encode())


def _unknown_in_each_row(target: Target) -> Attack:
    rows = (json.dumps({name + "estudio" * 12: 1}) for name in names())
    return as_json(f"[{joined(rows, target.size, 80)}]".encode())


def _long_name(target: Target) -> Attack:
    return as_json(b'{"' + b"estudio" * (target.size // 7) + b'":1}')


def _huge_number(target: Target) -> Attack:
    name = json.dumps(next(iter(target.contract.example)))
    return as_json(f"{{{name}:{'9' * target.size}}}".encode())


def _row(target: Target) -> bytes:
    return json.dumps(target.contract.example, ensure_ascii=False, separators=(",", ":")).encode()


def _bad_last_row(target: Target) -> Attack:
    return as_json(b"[" + b",".join([_row(target)] * min(9_999, target.size // len(_row(target)))) + b",{}]")


def _zipped(target: Target) -> Attack:
    inflated = b"[" + b"{}," * (target.size * ZIPPED // 3 // 100) + b"{}]"
    return Attack(gzip.compress(inflated, 6), {"Content-Type": JSON, "Content-Encoding": "gzip"})


JSON_BODIES: dict[str, Shape] = {
    "empty objects": lambda target: as_json(repeated(b"{}", target.size, b"[", b"]")),
    "empty arrays": lambda target: as_json(repeated(b"[]", target.size, b"[", b"]")),
    "deep arrays": lambda target: as_json(b"[" * target.size),
    "deep objects": lambda target: as_json(b'{"a":' * (target.size // 5)),
    "wide object": _wide_object,
    "unknown name in each row": _unknown_in_each_row,
    "one long name": _long_name,
    "one long string": lambda target: as_json(b'"' + b"\\u00e9" * (target.size // 6) + b'"'),
    "empty strings": lambda target: as_json(repeated(b'""', target.size, b"[", b"]")),
    "huge number": _huge_number,
    "huge numbers": lambda target: as_json(repeated(b"9" * 4000, target.size, b"[", b"]")),
    "infinite numbers": lambda target: as_json(repeated(b"1e999", target.size, b"[", b"]")),
    "many rows": lambda target: as_json(repeated(_row(target), target.size, b"[", b"]")),
    "bad last row": _bad_last_row,
    "many commas": lambda target: as_json(b"[" + b"," * target.size),
    "spaces": lambda target: as_json(b" " * target.size),
    "no UTF-8": lambda target: as_json(b'["' + b"\xff" * target.size + b'"]'),
    "zip bomb": _zipped,
}
"""Name → what is sent to routes that take a body."""
