"""Tables: CSV as a body, and as a file in a form."""

import codecs

from tests.attacks.attack import Attack, Shape, Target, joined, names, repeated
from tests.attacks.forms import multipart, part

CSV = "text/csv"


def _as_csv(body: bytes) -> Attack:
    return Attack(body, {"Content-Type": CSV})


def _upload(target: Target, table: bytes, *further: bytes) -> Attack:
    token = part("csrf_token", target.token.encode())
    return multipart(token, *further, part("table", table, '; filename="t.csv"', "Content-Type: text/csv\r\n"))


def _header_line(target: Target) -> bytes:
    return ",".join(target.contract.example).encode() + b"\n"


def _wide_header(target: Target) -> bytes:
    return joined(names(), target.size).encode() + b"\n1\n"


def _cells(target: Target) -> bytes:
    return ",".join(map(str, target.contract.example.values())).encode() + b"\n"


def _rows(target: Target) -> bytes:
    return _header_line(target) + repeated(_cells(target), target.size, between=b"")


def _spanish(target: Target) -> bytes:
    return repeated(_cells(target)[:-1] + b",\xf1\n", target.size, between=b"")


def _numbers_of_two_readings(target: Target) -> bytes:
    header = ";".join(target.contract.example).encode() + b"\n"
    row = ";".join(["2,536"] * len(target.contract.example)).encode() + b"\n"
    return header + repeated(row, target.size, between=b"")


def _different_numbers(target: Target) -> bytes:
    rows = (b"%d.%03d\n" % (number % 999 + 1, number // 999 % 1000) for number in range(target.size // 6))
    return _header_line(target) + b"".join(rows)


TABLES: dict[str, Shape] = {
    "CSV, many names": lambda target: _as_csv(_wide_header(target)),
    "CSV, one line": lambda target: _as_csv(_header_line(target) + b"9" * target.size),
    "CSV, commas": lambda target: _as_csv(_header_line(target) + b"," * target.size),
    "CSV, empty lines": lambda target: _as_csv(_header_line(target) + b"\n" * target.size),
    "CSV, many rows": lambda target: _as_csv(_rows(target)),
    "CSV, bad rows": lambda target: _as_csv(_header_line(target) + repeated(b"x\n", target.size, between=b"")),
    "CSV, open quote": lambda target: _as_csv(b'"' + b"a\n" * (target.size // 2)),
    "CSV, long name": lambda target: _as_csv(b"a" * target.size + b"\n1\n"),
    "upload, one name": lambda target: _upload(target, repeated(b"estudio", target.size, after=b"\n1\n")),
    "upload, no names": lambda target: _upload(target, _header_line(target)[:-1] + b"," * target.size + b"\n1\n"),
    "upload, two readings": lambda target: _upload(target, _numbers_of_two_readings(target)),
    "upload, different numbers": lambda target: _upload(target, _different_numbers(target)),
    "upload, UTF-16": lambda target: _upload(target, codecs.BOM_UTF16_LE + "਀".encode("utf-16-le") * target.size),
    "upload, Windows-1252": lambda target: _upload(target, _header_line(target)[:-1] + b",a\xf1o\n" + _spanish(target)),
    "upload, long near name": lambda target: _upload(target, b"estudioo" * (target.size // 8) + b"\n1\n"),
    "upload, blanks": lambda target: _upload(target, _header_line(target) + b" " * target.size),
    "upload, many names": lambda target: _upload(target, _wide_header(target)),
    "upload, one line": lambda target: _upload(target, _header_line(target) + b"9" * target.size),
    "upload, commas": lambda target: _upload(target, _header_line(target) + b"," * target.size),
    "upload, empty lines": lambda target: _upload(target, _header_line(target) + b"\n" * target.size),
    "upload, rows that are checked": lambda target: _upload(target, _rows(target), part("check", b"1")),
    "upload, bad rows that are checked": lambda target: _upload(
        target, _header_line(target) + repeated(b"x,y\n", target.size, between=b""), part("check", b"1")
    ),
    "upload, rows": lambda target: _upload(
        target, _header_line(target) + repeated(_cells(target), target.size, between=b"")
    ),
}
"""Name → what is sent to routes that take a body."""
