"""Which scikit-learn wrote a file: read from its bytes, of which nothing is run. Runs inside the sandbox."""

import bz2
import gzip
import lzma
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

KEY = b"_sklearn_version"
"""In the state of every estimator that was pickled, before the version."""

VERSION = rb"(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?(?:(?:rc|[ab])\d{1,3}|\.(?:dev|post)\d{1,3})?)"
MEMOIZED = rb"(?:\x94|q.|r.{4}|\np\d{1,9}\n)?"
"""What a pickle may do with a text after it: keep it, as its protocols write that."""

PICKLED = re.compile(KEY + MEMOIZED + rb"(?:\x8c.|X.{4}|V|U.)" + VERSION, re.DOTALL)
IN_SKOPS = re.compile(rb'"' + KEY + rb'":\s*\{[^{}]{0,300}"content":\s*"\\"' + VERSION)
LONGEST = 512
"""Bytes that either can have."""

BLOCK = 1 << 20


def _zlib(file: Path) -> Any:
    from joblib.compressor import BinaryZlibFile

    return BinaryZlibFile(str(file), "rb")


OPENERS: dict[bytes, Callable[[Path], Any]] = {
    b"\x78": _zlib, b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open, b"\x5d\x00": lzma.open,
}  # fmt: skip
"""How a compressed file begins → what opens it. Those of lz4 need a package."""


def version(file: Path) -> str:
    """Return the scikit-learn that wrote a file, such as 1.3.2; empty where the file doesn't say, or can't be read."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as packed, packed.open("schema.json") as stream:
                return _found(stream, IN_SKOPS)
        with _opened(file) as stream:
            return _found(stream, PICKLED)
    except (OSError, EOFError, ValueError, KeyError, lzma.LZMAError, zipfile.BadZipFile):
        return ""  # whoever loads it says what is wrong


def _opened(file: Path) -> Any:
    with file.open("rb") as stream:
        head = stream.read(8)
    opener = next((opener for magic, opener in OPENERS.items() if head.startswith(magic)), None)
    return opener(file) if opener else file.open("rb")


def _found(stream: IO[bytes], pattern: re.Pattern[bytes]) -> str:
    """Return the first version in a stream, which is read once, block by block."""
    window = b""
    while block := stream.read(BLOCK):
        window = window[-LONGEST:] + block
        if match := pattern.search(window):
            return match[1].decode()
    return ""
