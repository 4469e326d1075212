"""Headers: long, many-valued, quoted."""

import string
from itertools import product

from tests.attacks.attack import Attack, Shape

HEADER_BYTES = 8000
"""Of one header, or of an address: Gunicorn and Nginx refuse longer ones themselves."""


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
