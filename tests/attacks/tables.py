"""Tables: CSV as a body, and as a file in a form."""

from tests.attacks.attack import Attack, Shape, Target, joined, names, repeated
from tests.attacks.forms import multipart, part

CSV = "text/csv"


def _as_csv(body: bytes) -> Attack:
    return Attack(body, {"Content-Type": CSV})


def _upload(target: Target, table: bytes) -> Attack:
    token = part("csrf_token", target.token.encode())
    return multipart(token, part("table", table, '; filename="t.csv"', "Content-Type: text/csv\r\n"))


def _header_line(target: Target) -> bytes:
    return ",".join(target.contract.example).encode() + b"\n"


def _wide_header(target: Target) -> bytes:
    return joined(names(), target.size).encode() + b"\n1\n"


def _cells(target: Target) -> bytes:
    return ",".join(map(str, target.contract.example.values())).encode() + b"\n"


def _rows(target: Target) -> bytes:
    return _header_line(target) + repeated(_cells(target), target.size, between=b"")


TABLES: dict[str, Shape] = {
    "CSV, many names": lambda target: _as_csv(_wide_header(target)),
    "CSV, one line": lambda target: _as_csv(_header_line(target) + b"9" * target.size),
    "CSV, commas": lambda target: _as_csv(_header_line(target) + b"," * target.size),
    "CSV, empty lines": lambda target: _as_csv(_header_line(target) + b"\n" * target.size),
    "CSV, many rows": lambda target: _as_csv(_rows(target)),
    "CSV, bad rows": lambda target: _as_csv(_header_line(target) + repeated(b"x\n", target.size, between=b"")),
    "CSV, open quote": lambda target: _as_csv(b'"' + b"a\n" * (target.size // 2)),
    "CSV, long name": lambda target: _as_csv(b"a" * target.size + b"\n1\n"),
    "upload, many names": lambda target: _upload(target, _wide_header(target)),
    "upload, one line": lambda target: _upload(target, _header_line(target) + b"9" * target.size),
    "upload, commas": lambda target: _upload(target, _header_line(target) + b"," * target.size),
    "upload, empty lines": lambda target: _upload(target, _header_line(target) + b"\n" * target.size),
    "upload, rows": lambda target: _upload(
        target, _header_line(target) + repeated(_cells(target), target.size, between=b"")
    ),
}
"""Name → what is sent to routes that take a body."""
