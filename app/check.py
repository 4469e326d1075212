"""The check of what people and programs send, compiled once from a contract: every way in uses this one.

A value comes typed (JSON) or as text (form, table, address); both are refused for the same reasons. What it must be is
its field's to say: `app.fields`.
"""

import difflib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from app.contract import Contract
from app.faults import Fault, InvalidInput, Refused
from app.fields import Field
from app.fields.field import NAME_CHARACTERS
from app.fields.parts import Reader, Readers
from app.languages import N_
from app.values import Row, Value

UNKNOWN_NAMED = 10
"""How many names that no field has get a sentence, of a row; and the field that is nearest, of a request."""

COMPARED = 8
"""How many fields, those with the most letter pairs in common, difflib compares a name with."""

UNKNOWN = N_("is no field of this model; the nearest is “%(nearest)s”")
STRANGE = N_("is no field of this model")


@dataclass(frozen=True)
class _Compiled:
    name: str
    absent: Value | Fault
    read: Readers


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
        self.fields = [_compiled(field) for field in contract.fields]
        self.names = {each.name for each in self.fields}
        self._typed = [each.read.typed for each in self.fields]
        self._text = [each.read.text for each in self.fields]
        self.required = [each.name for each in self.fields if isinstance(each.absent, Fault)]
        self._named = {each.name: _pairs(each.name) for each in self.fields}

    def strangers(self) -> Strangers:
        """Return what a request's unknown names are refused with."""
        return Strangers(self._named)

    def typed(self, values: Mapping[str, Any], strangers: Strangers | None = None) -> Row:
        """Return the row of JSON's values, in the contract's order; None where a value is missing, as it may be.

        Args:
            strangers: of the request, where it has several rows.

        Raises:
            InvalidInput: all the fields at fault.
        """
        return self._row(values, self._typed, strangers)

    def typed_rows(self, rows: Sequence[Any]) -> list[Row] | None:
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

    def text(self, values: Mapping[str, str | None]) -> Row:
        """Return the row of texts as people write them.

        Raises:
            InvalidInput: all the fields at fault.
        """
        given = {name: (value or "").strip() or None for name, value in values.items()}
        return self._row(given, self._text)

    def texts(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Row] | None:
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
             strangers: Strangers | None = None) -> Row:  # fmt: skip
        row: Row = []
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
        return [_read(each, each.read.text, None)] * count
    if (found := each.read.text_column(cells)) is not None:
        return found
    values = {cell: _read(each, each.read.text, cell.strip() or None) for cell in set(cells)}
    return [values[cell] for cell in cells]


def _read_typed(each: _Compiled, values: Sequence[Any]) -> Sequence[Value]:
    found = each.read.typed_column(values)
    return [_read(each, each.read.typed, value) for value in values] if found is None else found


def _compiled(field: Field) -> _Compiled:
    return _Compiled(field.name, field.absent, field.readers())
