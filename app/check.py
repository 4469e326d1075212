"""The check of what people and programs send, compiled once from a contract: every way in uses this one.

A value comes typed (JSON) or as text (form, table, address); both are refused for the same reasons.
"""

import difflib
import heapq
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

from app.contract import (
    NAME_CHARACTERS,
    CategoryField,
    Contract,
    IntegerField,
    NumberField,
    TextField,
    YesNoField,
    as_text,
)
from app.languages import N_, gettext, number

UNKNOWN_NAMED = 10
"""How many names that no field has get a sentence, of a row; and the field that is nearest, of a request."""

COMPARED = 8
"""How many fields, those with the most letter pairs in common, difflib compares a name with."""

CHOICES_NAMED = 12
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NUMBERS = b"0123456789.eE+-"
"""All that plain numbers are written with: of these, float() takes just what NUMBER does."""

EXACT = 2**53
"""From here on not every whole number is a float."""

THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
YES = {"true": True, "yes": True, "sí": True, "si": True, "1": True,
       "false": False, "no": False, "0": False}  # fmt: skip

MISSING = N_("is missing")
UNKNOWN = N_("is no field of this model; the nearest is “%(nearest)s”")
STRANGE = N_("is no field of this model")

Value = float | int | str | bool | None
Reader = Callable[[Any], Value]


@dataclass(frozen=True)
class Fault:
    """Why a value is refused; its sentence is in the request's language."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        shown = {name: number(value) if isinstance(value, float) else value for name, value in self.values.items()}
        return gettext(self.message, **shown)


class Refused(Exception):
    """A value that a field refuses.

    Made anew for each: one that is raised again holds the frames of all times before, and the rows that they read.
    """

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.fault = Fault(message, values)


class InvalidInput(ValueError):
    """A row that the contract refuses.

    Attributes:
        faults: field → why, in the contract's order, unknown names last.
    """

    def __init__(self, faults: dict[str, Fault]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class _Compiled:
    name: str
    absent: Value | Fault
    """What stands for a missing value, or why there must be one."""

    typed: Reader
    text: Reader
    column: Callable[[Sequence[str]], Sequence[Value] | None]
    """Reads a whole column that is written plainly; None where a cell isn't, and must be read by itself."""

    typed_column: Callable[[Sequence[Any]], Sequence[Value] | None]
    """Likewise, of JSON's values."""


class Strangers:
    """Says of names that no field has which field is nearest: of the first few in a request, for it is work.

    Args:
        names: of the fields.
    """

    def __init__(self, names: Mapping[str, frozenset[str]]) -> None:
        self._pairs = names
        self._faults: dict[str, Fault] = {}

    def fault(self, name: str) -> Fault:
        """Return why a name is refused."""
        name = name[:NAME_CHARACTERS]
        if name not in self._faults:
            if len(self._faults) >= UNKNOWN_NAMED:
                return Fault(STRANGE)
            self._faults[name] = Fault(UNKNOWN, {"nearest": self._nearest(name)})
        return self._faults[name]

    def _nearest(self, name: str) -> str:
        pairs = _pairs(name)
        likely = heapq.nlargest(COMPARED, self._pairs, key=lambda other: len(pairs & self._pairs[other]))
        return difflib.get_close_matches(name, likely, 1, 0.0)[0]


def _pairs(name: str) -> frozenset[str]:
    """Return a name's letters and pairs of neighbouring letters."""
    small = name.casefold()
    return frozenset(small) | frozenset(map("".join, pairwise(small)))


class Check:
    """Takes rows apart as a contract says.

    Args:
        contract: whose fields.
    """

    def __init__(self, contract: Contract) -> None:
        self.fields = [_compile(each) for each in contract.fields]
        self.names = {each.name for each in self.fields}
        self.required = [each.name for each in self.fields if isinstance(each.absent, Fault)]
        self._named = {each.name: _pairs(each.name) for each in self.fields}

    def strangers(self) -> Strangers:
        """Return what a request's unknown names are refused with."""
        return Strangers(self._named)

    def typed(self, values: Mapping[str, Any], strangers: Strangers | None = None) -> list[Value]:
        """Return the row of JSON's values, in the contract's order; None where a value is missing, as it may be.

        Args:
            strangers: of the request, where it has several rows.

        Raises:
            InvalidInput: all the fields at fault.
        """
        return self._row(values, [each.typed for each in self.fields], strangers)

    def typed_rows(self, rows: Sequence[Any]) -> list[list[Value]] | None:
        """Return rows as `typed` would, column by column, which takes a fraction of the time.

        Returns:
            None where a row is at fault: `typed` says which, and why.
        """
        if not all(type(row) is dict and self.names.issuperset(row) for row in rows):
            return None
        try:
            found = [_read_typed(each, [row.get(each.name) for row in rows]) for each in self.fields]
        except Refused:
            return None
        return [list(row) for row in zip(*found, strict=True)]

    def text(self, values: Mapping[str, str | None]) -> list[Value]:
        """Return the row of texts as people write them.

        Raises:
            InvalidInput: all the fields at fault.
        """
        given = {name: (value or "").strip() or None for name, value in values.items()}
        return self._row(given, [each.text for each in self.fields])

    def texts(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[Value]] | None:
        """Return rows of texts as `text` would, column by column, which takes a fraction of the time.

        Returns:
            None where a row is at fault: `text` says which, and why.
        """
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        try:
            found = [_read_column(each, columns.get(each.name), len(rows)) for each in self.fields]
        except Refused:
            return None
        return [list(row) for row in zip(*found, strict=True)]

    def _row(self, values: Mapping[str, Any], readers: Sequence[Reader],
             strangers: Strangers | None = None) -> list[Value]:  # fmt: skip
        row: list[Value] = []
        faults: dict[str, Fault] = {}
        for each, read in zip(self.fields, readers, strict=True):
            try:
                row.append(_read(each, read, values.get(each.name)))
            except Refused as refused:
                faults[each.name] = refused.fault
        if len(values) > len(row) + len(faults) or not self.names.issuperset(values):
            faults |= self.unknown(values, strangers)
        if faults:
            raise InvalidInput(faults)
        return row

    def unknown(self, names: Iterable[str], strangers: Strangers | None = None) -> dict[str, Fault]:
        """Return the faults of names that no field has; of the first few alone, or thousands would be work."""
        known = strangers or self.strangers()
        found = islice((name for name in names if name not in self.names), UNKNOWN_NAMED)
        return {name[:NAME_CHARACTERS]: known.fault(name) for name in found}


def _read(each: _Compiled, read: Reader, value: Any) -> Value:
    if value is not None:
        return read(value)
    if isinstance(each.absent, Fault):
        raise Refused(each.absent.message, **each.absent.values)
    return each.absent


def _read_column(each: _Compiled, cells: Sequence[str] | None, count: int) -> Sequence[Value]:
    if cells is None:
        return [_read(each, each.text, None)] * count
    if (found := each.column(cells)) is not None:
        return found
    values = {cell: _read(each, each.text, cell.strip() or None) for cell in set(cells)}
    return [values[cell] for cell in cells]


def _read_typed(each: _Compiled, values: Sequence[Any]) -> Sequence[Value]:
    found = each.typed_column(values)
    return [_read(each, each.typed, value) for value in values] if found is None else found


def _compile(of: Any) -> _Compiled:
    typed, text = _READERS[type(of)](of)
    default = getattr(of, "default", None)
    absent = Fault(MISSING) if default is None and not of.missing else default
    if isinstance(absent, int) and isinstance(of, NumberField):
        absent = float(absent)
    column, typed_column = _COLUMNS.get(type(of), _NO_COLUMNS)
    return _Compiled(of.name, absent, typed, text, column(of), typed_column(of))


def _number(of: NumberField) -> tuple[Reader, Reader]:
    limit = _limit(of)

    def typed(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused(N_("is not a number"))
        return limit(value)

    def text(value: str) -> float:
        return limit(_parsed(value))

    return typed, text


def _integer(of: IntegerField) -> tuple[Reader, Reader]:
    limit = _limit(of)

    def whole(value: float) -> int:
        if limit(value) != math.floor(value):
            raise Refused(N_("is not a whole number"))
        return int(value)

    def typed(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused(N_("is not a whole number"))
        return whole(value)

    return typed, lambda value: whole(_parsed(value))


def _parsed(text: str) -> float:
    """Read a number as programs write it, or with a decimal comma; refuse what is two numbers to two readers."""
    if NUMBER.fullmatch(text):
        return float(text)
    if THOUSANDS.fullmatch(text):
        plain, decimal = text.replace(",", ""), text.replace(",", ".")
        raise Refused(N_("can be read as two numbers: write %(plain)s or %(decimal)s"), plain=plain, decimal=decimal)
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if not NUMBER.fullmatch(plain):
        raise Refused(N_("is not a number"))
    return float(plain)


def _limit(of: NumberField | IntegerField) -> Callable[[float], float]:
    low, high = of.bounds

    def limit(value: float) -> float:
        try:
            given = float(value)
        except OverflowError:
            given = math.inf
        if not math.isfinite(given):
            raise Refused(N_("is not a finite number"))
        if low <= given <= high:
            return given
        raise _out_of_range(low, high)

    return limit


def _out_of_range(low: float, high: float) -> Refused:
    if math.isinf(high):
        return Refused(N_("is out of range: at least %(low)s"), low=low)
    if math.isinf(low):
        return Refused(N_("is out of range: at most %(high)s"), high=high)
    return Refused(N_("is out of range: from %(low)s to %(high)s"), low=low, high=high)


def _category(of: CategoryField) -> tuple[Reader, Reader]:
    by_value = {(isinstance(choice.value, bool), choice.value): choice.value for choice in of.choices}
    by_text = _by_text(of)
    named = ", ".join([*by_text][:CHOICES_NAMED]) + (", …" if len(by_text) > CHOICES_NAMED else "")
    message = N_("is none of the choices: %(choices)s")

    def typed(value: Any) -> Value:
        try:
            return by_value[isinstance(value, bool), value]
        except (KeyError, TypeError):
            raise Refused(message, choices=named) from None

    def text(value: str) -> Value:
        try:
            return by_text[value]
        except KeyError:
            raise Refused(message, choices=named) from None

    return typed, text


def _by_text(of: CategoryField) -> dict[str, Value]:
    return {as_text(choice.value).strip(): choice.value for choice in of.choices}


def _yes_no(of: YesNoField) -> tuple[Reader, Reader]:
    def typed(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Refused(N_("is neither true nor false"))
        return value

    def text(value: str) -> bool:
        try:
            return YES[value.casefold()]
        except KeyError:
            raise Refused(N_("is neither yes nor no")) from None

    return typed, text


def _text(of: TextField) -> tuple[Reader, Reader]:
    def typed(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise Refused(N_("is not a text"))
        if len(value.strip()) > of.maximum_characters:
            raise Refused(N_("is longer than %(characters)s characters"), characters=of.maximum_characters)
        return value.strip()

    return typed, typed


_READERS: dict[type, Callable[[Any], tuple[Reader, Reader]]] = {
    NumberField: _number, IntegerField: _integer, CategoryField: _category, YesNoField: _yes_no, TextField: _text,
}  # fmt: skip


def _numbers(of: NumberField | IntegerField) -> Callable[[Sequence[str]], Sequence[Value] | None]:
    low, high = of.bounds
    whole = isinstance(of, IntegerField)

    def column(cells: Sequence[str]) -> Sequence[Value] | None:
        if "".join(cells).encode("ascii", "replace").translate(None, NUMBERS):
            return None
        try:
            values = [*map(float, cells)]
        except ValueError:
            return None
        least, greatest = min(values), max(values)
        if not (low <= least and greatest <= high and math.isfinite(least) and math.isfinite(greatest)):
            return None
        if not whole:
            return values
        return [*map(int, values)] if all(map(float.is_integer, values)) else None

    return column


def _choices(of: CategoryField) -> Callable[[Sequence[str]], Sequence[Value] | None]:
    by_text = _by_text(of)

    def column(cells: Sequence[str]) -> Sequence[Value] | None:
        try:
            return [*map(by_text.__getitem__, cells)]
        except KeyError:
            return None

    return column


def _typed_numbers(of: NumberField | IntegerField) -> Callable[[Sequence[Any]], Sequence[Value] | None]:
    low, high = of.bounds
    kinds: set[type] = {int} if isinstance(of, IntegerField) else {int, float}

    def column(values: Sequence[Any]) -> Sequence[Value] | None:
        if not kinds.issuperset(map(type, values)):
            return None
        least, greatest = min(values), max(values)
        if not (low <= least and greatest <= high and abs(least) < EXACT and abs(greatest) < EXACT):
            return None
        return [*map(float, values)] if float in kinds else values

    return column


def _typed_choices(of: CategoryField) -> Callable[[Sequence[Any]], Sequence[Value] | None]:
    texts = {choice.value: choice.value for choice in of.choices if isinstance(choice.value, str)}

    def column(values: Sequence[Any]) -> Sequence[Value] | None:
        return values if {str}.issuperset(map(type, values)) and texts.keys() >= set(values) else None

    return column


def _no_column(of: Any) -> Callable[[Sequence[Any]], Sequence[Value] | None]:
    return lambda cells: None


_Column = Callable[[Sequence[Any]], Sequence[Value] | None]
_NO_COLUMNS: tuple[Callable[[Any], _Column], Callable[[Any], _Column]] = (_no_column, _no_column)
_COLUMNS: dict[type, tuple[Callable[[Any], _Column], Callable[[Any], _Column]]] = {
    NumberField: (_numbers, _typed_numbers),
    IntegerField: (_numbers, _typed_numbers),
    CategoryField: (_choices, _typed_choices),
}
"""Kind → readers of a column of texts, and of JSON's values."""
