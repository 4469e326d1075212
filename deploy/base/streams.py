"""The standard streams, whatever the operator's locale is, and whoever started the command."""

import codecs
import io
import os
import sys
import unicodedata

SUBSTITUTES = {"✓": "ok", "✗": "FAILED", "…": "...", "µ": "u", "’": "'"}
"""Character → what stands for it where a stream's encoding lacks it."""

HANDLER = "puerto"
"""Python's name for what is done with a character that an encoding lacks."""


def prepare() -> None:
    """Make the streams take any text; one that is closed leads to nowhere, rather than to the next file opened."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
    codecs.register_error(HANDLER, _substitute)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def abandon() -> None:
    """Lead the output to nowhere: whoever read it has gone, and Python would say so once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        try:
            (sys.stdout if number == 1 else sys.stderr).flush()
        except OSError:
            os.dup2(nowhere, number)


def _substitute(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    characters = fault.object[fault.start : fault.end]
    return "".join(map(_spelt, characters)), fault.end


def _spelt(character: str) -> str:
    """Return a character in ASCII: its substitute, its letter without accents, or its number."""
    letter = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return SUBSTITUTES.get(character) or letter or character.encode("ascii", "backslashreplace").decode()
