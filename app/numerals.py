"""Numbers as people and programs write them: ``1234.5``, ``1,234.5``, ``1.234,5`` or ``1 234,5``.

``2.536`` is two and a half for some readers and two thousand for others: which mark is the decimal one decides.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson

from app.faults import Refused
from app.languages import N_
from app.values import as_text

Mark = Literal[".", ","]
"""What stands before the decimals; the other one may group the thousands."""

MARKS: tuple[Mark, Mark] = (".", ",")
MARK_OF: Mapping[str, Mark] = {"es": ",", "en": "."}
"""Language → the mark that its readers write; a page prints numbers with it, and reads them so."""

PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""As programs write them, and float() reads them; the digits can be matched in one way only, or it would take their
square to refuse a long text."""

SIGNS = b"0123456789.eE+-\n"
"""All that plain numbers are written with, one in each line: of such texts, float() accepts those that PLAIN does."""

GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
SPACED = re.compile(r"[+-]?[1-9]\d{0,2}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?:[.,]\d*)?", re.ASCII)
"""With thousands that are grouped by commas, and by what is never a decimal mark."""

AMBIGUOUS_LINE = re.compile(r"^[ \t]*[+−-]?[1-9]\d{0,2}[.,]\d{3}[ \t]*$", re.ASCII | re.MULTILINE)
"""Finds, among lines, one that both marks read, each as another number."""

SPACES = re.compile(r"[ \u00a0\u2009\u202f'’]")
CURRENCIES = "€$£¥"
"""Stand beside numbers in tables, and say nothing of their value."""

LONGEST = 50
"""Of a text in which a number is looked for, to say how to write it."""

SWAPPED = str.maketrans(".,", ",.")
MINUS = str.maketrans("−", "-")


def readings(text: str) -> dict[Mark, float]:
    """Return what a text without spaces at its ends is with each decimal mark; none where it is no number."""
    text = text.translate(MINUS)
    if SPACED.fullmatch(text):
        mark: Mark | None = next((mark for mark in MARKS if mark in text), None)
        text = SPACES.sub("", text)
        return {one: float(text.replace(",", ".")) for one in ([mark] if mark else MARKS)}
    numbers = {".": _with_decimal_point(text), ",": _with_decimal_point(text.translate(SWAPPED))}
    return {mark: number for mark in MARKS if (number := numbers[mark]) is not None}


def without_currency(text: str) -> str:
    """Return a text without the sign of a currency beside it, if it has one."""
    return text.strip(CURRENCIES).strip()


def parse(text: str, mark: Mark | None = None) -> float:
    """Return the number that a text without spaces at its ends is.

    Args:
        mark: what is the decimal mark where both could be; None: such texts are refused.

    Raises:
        Refused: it is no number, or ambiguous.
    """
    if not (numbers := readings(text)):
        is_share = text.endswith("%") and readings(text[:-1].rstrip())
        share = N_("has a percent sign: write it without, as the model takes it, for example 12.5 or 0.125")
        raise Refused(share if is_share else N_("is not a number"))
    if mark in numbers:
        return numbers[mark]
    if len({*numbers.values()}) > 1:
        plain, decimal = (f"{numbers[other]:.17g}" for other in sorted(numbers, key=numbers.__getitem__, reverse=True))
        raise Refused(N_("is ambiguous: write %(plain)s or %(decimal)s"), plain=plain, decimal=decimal)
    return next(iter(numbers.values()))


def no_number(value: Any) -> Refused:
    """Return why a value of JSON that is no number is refused."""
    text = value.strip() if isinstance(value, str) and len(value) <= LONGEST else ""
    if len(numbers := {*readings(text).values()}) == 1:
        return Refused(N_("is a text: write %(plain)s, without quotes"), plain=as_text(numbers.pop()))
    return Refused(N_("is not a number"))


def plain_numbers(cells: Sequence[str], mark: Mark | None) -> list[float] | None:
    """Return a column of numbers that are written as programs do, if with decimal commas; None where one isn't.

    Takes a fraction of the time that `parse` takes for each.
    """
    text = "\n".join(cells)
    if mark is None and AMBIGUOUS_LINE.search(text):
        return None
    if "," in text:
        if mark != "," or "." in text:
            return None
        text = text.replace(",", ".")
        cells = [cell.replace(",", ".") for cell in cells]
    elif mark == "," and "." in text:
        return None
    if text.encode("ascii", "replace").translate(None, SIGNS):
        return None
    try:
        return _as_json(text, len(cells)) or [*map(float, cells)]
    except ValueError:
        return None


def _as_json(text: str, count: int) -> list[float] | None:
    """Return the numbers of lines, exact, in a tenth of float()'s time; None where they aren't so many of JSON's."""
    try:
        numbers = orjson.loads("[" + text.replace("\n", ",") + "]")
    except orjson.JSONDecodeError:
        return None
    is_safe = len(numbers) == count and not ("-0" in text and 0 in numbers)  # -0 isn't 0 to every model
    return [*map(float, numbers)] if is_safe else None


def marks_of_programs(texts: Mapping[str, str]) -> dict[str, Mark]:
    """Return field → the decimal point, where a text is as programs write it: ``2.536`` is no two thousand."""
    return {name: "." for name, text in texts.items() if PLAIN.fullmatch(text.strip())}


def _with_decimal_point(text: str) -> float | None:
    if PLAIN.fullmatch(text):
        return float(text)
    return float(text.replace(",", "")) if GROUPED.fullmatch(text) else None
