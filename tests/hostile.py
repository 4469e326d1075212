"""What a stranger may send to bring a site down, as shapes for each route: the unit tests, the site's and the bench's.

A shape makes an attack of about so many bytes for a target; each way in gets all of them, whatever it reads.
"""

import gzip
import json
import string
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice, product
from typing import Any

from werkzeug.routing import Map

from app.contract import Contract

HEADER_BYTES = 8000
"""Of one header, or of an address: Gunicorn and Nginx refuse longer ones themselves."""

QUERY_BYTES = 3900
JSON, CSV = "application/json", "text/csv"
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=hostile"
BINARY_LENGTH = "Inference-Header-Content-Length"
PARTS = 10_000
ZIPPED = 1000
"""How many times larger a zipped body is once it is inflated, roughly."""

ARGUMENTS = {"name": "exam", "code": "en", "version": "", "filename": "swagger-ui.css"}
"""The values of the arguments in a route's address; a route with another argument needs one here."""

BODY, QUERY, HEADER = "body", "query", "header"


@dataclass(frozen=True)
class Target:
    """What an attack is aimed at.

    Attributes:
        contract: of the attacked model.
        size: of the attack's body, in bytes, roughly.
        token: that the site's forms carry; empty if no form was opened.
    """

    contract: Contract
    size: int
    token: str = ""


@dataclass(frozen=True)
class Attack:
    """What is sent: a body with its type and further headers, or a query."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


@dataclass(frozen=True)
class Route:
    """An address of the site, and what it takes."""

    method: str
    path: str

    @property
    def shapes(self) -> dict[str, "Shape"]:
        """Name → shape of all that this route is sent."""
        return {**(BODIES if self.method in ("POST", "PUT", "PATCH") else QUERIES), **HEADERS}


Shape = Callable[[Target], Attack]


def routes(addresses: Map, arguments: Mapping[str, str]) -> list[Route]:
    """Return every route of an application, its arguments filled in.

    Raises:
        KeyError: a new kind of argument, for which `arguments` has no value.
    """
    routes_of_rules = {
        Route(method, str((rule.build({name: arguments[name] for name in rule.arguments}, False) or ("", ""))[1]))
        for rule in addresses.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }
    return sorted(routes_of_rules, key=lambda route: (route.path, route.method))


def _repeated(part: bytes, size: int, before: bytes = b"", after: bytes = b"", between: bytes = b",") -> bytes:
    return before + between.join([part] * max(1, size // (len(part) + len(between)))) + after


def _joined(parts: Iterator[str], size: int, part_size: int = 8) -> str:
    """Join parts, of at least `part_size` bytes each, to roughly a size."""
    enough: list[str] = []
    length = 0
    for part in islice(parts, size // part_size + 1):
        enough.append(part)
        length += len(part) + 1
        if length >= size:
            break
    return ",".join(enough)


def _json(body: bytes) -> Attack:
    return Attack(body, {"Content-Type": JSON})


def _csv(body: bytes) -> Attack:
    return Attack(body, {"Content-Type": CSV})


def _row(target: Target) -> bytes:
    return json.dumps(target.contract.example, ensure_ascii=False, separators=(",", ":")).encode()


def _header_line(target: Target) -> bytes:
    return ",".join(target.contract.example).encode() + b"\n"


def _cells(target: Target) -> bytes:
    return ",".join(map(str, target.contract.example.values())).encode() + b"\n"


def _rows(target: Target) -> bytes:
    return _header_line(target) + _repeated(_cells(target), target.size, between=b"")


def _bad_last_values(target: Target) -> Attack:
    row = json.dumps([*target.contract.example.values()]).encode()
    rows = b",".join([row] * min(9_999, target.size // len(row)))
    return _json(b'{"instances":[' + rows + b",[0]]}")


def _names(prefix: str = "n") -> Iterator[str]:
    return (f"{prefix}{number:07}" for number in count())


def _unknown_in_each_row(target: Target) -> Attack:
    rows = (json.dumps({name + "estudio" * 12: 1}) for name in _names())
    return _json(f"[{_joined(rows, target.size, 80)}]".encode())


def _bad_last_row(target: Target) -> Attack:
    return _json(b"[" + b",".join([_row(target)] * min(9_999, target.size // len(_row(target)))) + b",{}]")


def _tensor(name: str, datatype: str, shape: list[int], **properties: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, **properties}


def _many_tensors(target: Target) -> Attack:
    tensors = (json.dumps(_tensor(name, "FP64", [1], data=[1])) for name in _names())
    return _json(f'{{"inputs":[{_joined(tensors, target.size, 60)}]}}'.encode())


def _nested_tensor(target: Target) -> Attack:
    name = next(iter(target.contract.example))
    values = target.size // 4
    head = json.dumps(_tensor(name, "FP64", [values])).encode()[:-1]
    return _json(b'{"inputs":[' + head + b',"data":[' + b",".join([b"[1]"] * values) + b"]}]}")


def _many_outputs(target: Target) -> Attack:
    inputs = [_tensor(name, "FP64", [1], data=[value]) for name, value in target.contract.example.items()]
    outputs = b",".join([b'{"name":"predict"}'] * (target.size // 19))
    return _json(json.dumps({"inputs": inputs}).encode()[:-1] + b',"outputs":[' + outputs + b"]}")


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
    tensors = [_sized(name, "INT8", 1, 1) for name in islice(_names(), target.size // 100)]
    return _binary({"inputs": tensors}, b"\1" * len(tensors))


def _split_columns(target: Target) -> Attack:
    names = _joined((json.dumps(name) for name in _names()), target.size)
    return _json(f'{{"dataframe_split":{{"columns":[{names}],"data":[[1]]}}}}'.encode())


def _input_columns(target: Target) -> Attack:
    columns = _joined((f'"{name}":[1]' for name in _names()), target.size)
    return _json(f'{{"inputs":{{{columns}}}}}'.encode())


def _many_fields(target: Target) -> Attack:
    return Attack(_repeated(b"a", target.size, between=b"&"), {"Content-Type": FORM})


def _part(name: str, data: bytes, parameters: str = "", headers: str = "") -> bytes:
    head = f'--hostile\r\nContent-Disposition: form-data; name="{name}"{parameters}\r\n{headers}\r\n'
    return head.encode() + data + b"\r\n"


def _multipart(*parts: bytes) -> Attack:
    return Attack(b"".join(parts) + b"--hostile--\r\n", {"Content-Type": MULTIPART})


def _many_parts(target: Target) -> Attack:
    part_size = max(0, target.size // PARTS - 70)
    return _multipart(*(_part(name, b"x" * part_size) for name in islice(_names(), PARTS)))


def _long_part_header(target: Target) -> Attack:
    return _multipart(_part("a", b"", headers="X-Long: " + "x" * target.size + "\r\n"))


def _almost_boundaries(target: Target) -> Attack:
    return _multipart(_part("a", b"\r\n--hostil" * (target.size // 10)))


def _upload(target: Target, table: bytes) -> Attack:
    token = _part("csrf_token", target.token.encode())
    return _multipart(token, _part("table", table, '; filename="t.csv"', "Content-Type: text/csv\r\n"))


def _wide_header(target: Target) -> bytes:
    return _joined(_names(), target.size).encode() + b"\n1\n"


def _typed(target: Target) -> Attack:
    value = b"9" * target.size
    fields = b"&".join(name.encode() + b"=" + value for name in [*target.contract.example][:1])
    return Attack(fields + b"&csrf_token=" + target.token.encode(), {"Content-Type": FORM})


def _zipped(target: Target) -> Attack:
    inflated = b"[" + b"{}," * (target.size * ZIPPED // 3 // 100) + b"{}]"
    return Attack(gzip.compress(inflated, 6), {"Content-Type": JSON, "Content-Encoding": "gzip"})


def _long_name(target: Target) -> Attack:
    return _json(b'{"' + b"estudio" * (target.size // 7) + b'":1}')


def _wide_object(target: Target) -> Attack:
    names = _joined((f'"{name}":1' for name in _names()), target.size)
    return _json(f"{{{names}}}".encode())


def _huge_number(target: Target) -> Attack:
    name = json.dumps(next(iter(target.contract.example)))
    return _json(f"{{{name}:{'9' * target.size}}}".encode())


BODIES: dict[str, Shape] = {
    "empty objects": lambda target: _json(_repeated(b"{}", target.size, b"[", b"]")),
    "empty arrays": lambda target: _json(_repeated(b"[]", target.size, b"[", b"]")),
    "deep arrays": lambda target: _json(b"[" * target.size),
    "deep objects": lambda target: _json(b'{"a":' * (target.size // 5)),
    "wide object": _wide_object,
    "unknown name in each row": _unknown_in_each_row,
    "one long name": _long_name,
    "one long string": lambda target: _json(b'"' + b"\\u00e9" * (target.size // 6) + b'"'),
    "empty strings": lambda target: _json(_repeated(b'""', target.size, b"[", b"]")),
    "huge number": _huge_number,
    "huge numbers": lambda target: _json(_repeated(b"9" * 4000, target.size, b"[", b"]")),
    "infinite numbers": lambda target: _json(_repeated(b"1e999", target.size, b"[", b"]")),
    "many rows": lambda target: _json(_repeated(_row(target), target.size, b"[", b"]")),
    "bad last row": _bad_last_row,
    "bad last row of values": _bad_last_values,
    "many commas": lambda target: _json(b"[" + b"," * target.size),
    "spaces": lambda target: _json(b" " * target.size),
    "no UTF-8": lambda target: _json(b'["' + b"\xff" * target.size + b'"]'),
    "many tensors": _many_tensors,
    "nested tensor": _nested_tensor,
    "many outputs": _many_outputs,
    "empty strings, binary": _empty_strings,
    "short strings, binary": _short_strings,
    "numbers, binary": _bytes_as_numbers,
    "many tensors, binary": _many_binary_tensors,
    "many columns": _split_columns,
    "columns of one": _input_columns,
    "CSV, many names": lambda target: _csv(_wide_header(target)),
    "CSV, one line": lambda target: _csv(_header_line(target) + b"9" * target.size),
    "CSV, commas": lambda target: _csv(_header_line(target) + b"," * target.size),
    "CSV, empty lines": lambda target: _csv(_header_line(target) + b"\n" * target.size),
    "CSV, many rows": lambda target: _csv(_rows(target)),
    "CSV, bad rows": lambda target: _csv(_header_line(target) + _repeated(b"x\n", target.size, between=b"")),
    "CSV, open quote": lambda target: _csv(b'"' + b"a\n" * (target.size // 2)),
    "CSV, long name": lambda target: _csv(b"a" * target.size + b"\n1\n"),
    "many fields": _many_fields,
    "long field": _typed,
    "many parts": _many_parts,
    "long part header": _long_part_header,
    "almost boundaries": _almost_boundaries,
    "upload, many names": lambda target: _upload(target, _wide_header(target)),
    "upload, one line": lambda target: _upload(target, _header_line(target) + b"9" * target.size),
    "upload, commas": lambda target: _upload(target, _header_line(target) + b"," * target.size),
    "upload, empty lines": lambda target: _upload(target, _header_line(target) + b"\n" * target.size),
    "upload, rows": lambda target: _upload(
        target, _header_line(target) + _repeated(_cells(target), target.size, between=b"")
    ),
    "zip bomb": _zipped,
}
"""Name → what is sent to routes that take a body."""


def _query(text: str) -> Attack:
    return Attack(query=text[:QUERY_BYTES])


QUERIES: dict[str, Shape] = {
    "query of many fields": lambda target: _query("a&" * QUERY_BYTES),
    "query of unknown names": lambda target: _query("&".join(f"{name}=1" for name in islice(_names(), 400))),
    "query of one long name": lambda target: _query("x" * QUERY_BYTES),
    "query of one long value": lambda target: _query(f"{next(iter(target.contract.example))}=" + "9" * QUERY_BYTES),
    "query of escapes": lambda target: _query("%C3%A9" * QUERY_BYTES),
    "query of commas": lambda target: _query("," * QUERY_BYTES),
    "query that says it twice": lambda target: _query("estudio=1&" * QUERY_BYTES),
}
"""Name → what is sent to routes that are asked by address."""


def _in_header(name: str, text: str) -> Shape:
    attack = Attack(headers={name: text[:HEADER_BYTES]})
    return lambda target: attack


_LANGUAGE_TAGS = ",".join(
    f"{''.join(letters)}-{region};q=0.{digit}"
    for *letters, region, digit in product(string.ascii_lowercase, "abcd", ("xy", "za"), "123456789")
)

HEADERS: dict[str, Shape] = {
    "Accept-Language of commas": _in_header("Accept-Language", "," * HEADER_BYTES),
    "Accept-Language of many": _in_header("Accept-Language", _LANGUAGE_TAGS),
    "Accept-Language of hyphens": _in_header("Accept-Language", "a-" * HEADER_BYTES),
    "Accept of commas": _in_header("Accept", "," * HEADER_BYTES),
    "Accept of many": _in_header("Accept", "a/b;q=0.1," * HEADER_BYTES),
    "Accept of parameters": _in_header("Accept", "a/b" + ";a=b" * HEADER_BYTES),
    "many cookies": _in_header("Cookie", "a=b;" * HEADER_BYTES),
    "long cookie": _in_header("Cookie", "session=" + "." * HEADER_BYTES),
    "quoted cookie": _in_header("Cookie", 'language="' + "\\" * HEADER_BYTES),
    "many tags": _in_header("If-None-Match", '"a",' * HEADER_BYTES),
    "many ranges": _in_header("Range", "bytes=" + "0-1," * HEADER_BYTES),
    "many hosts": _in_header("X-Forwarded-For", "1," * HEADER_BYTES),
    "long content type": _in_header("Content-Type", "multipart/form-data" + ";a=b" * HEADER_BYTES),
    "quoted content type": _in_header("Content-Type", 'text/csv;a="' + '\\"' * HEADER_BYTES),
    "many encodings": _in_header("Content-Encoding", "gzip," * HEADER_BYTES),
    "long origin": _in_header("Origin", "https://" + "a." * HEADER_BYTES),
    "long request id": _in_header("X-Request-ID", "a" * HEADER_BYTES),
}
"""Name → what is sent to every route."""
