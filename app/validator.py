"""The validation of what people and programs send, compiled once from a contract: every route uses this one.

A value comes typed (JSON) or as text (form, table, address); both are refused for the same reasons. Its field decides
what it must be: `app.fields`.
"""

import difflib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from app.contract import Contract
from app.faults import Fault, InvalidInput, Refused
from app.fields.field import NAME_CHARACTERS
from app.fields.parts import Reader, Readers
from app.languages import N_
from app.values import Row, Value

UNKNOWN_NAMED = 10
"""How many unknown names of a row get a sentence, and how many of a request get the closest field."""

COMPARED = 8
"""How many fields difflib compares a name with: those that share the most letter pairs with it."""

UNKNOWN = N_("is not a field of this model")
UNKNOWN_CLOSEST = N_("is not a field of this model; the closest is “%(closest)s”")


@dataclass(frozen=True)
class _CompiledField:
    name: str
    absent: Value | Fault
    readers: Readers


class UnknownNames:
    """Finds the closest field to each unknown name: for the first few of a request only, since it takes time.

    Args:
        pairs: field → its letters and letter pairs.
    """

    def __init__(self, pairs: Mapping[str, frozenset[str]]) -> None:
        self._pairs = pairs
        self._faults: dict[str, Fault] = {}

    def fault(self, name: str) -> Fault:
        """Return why a name is refused."""
        name = name[:NAME_CHARACTERS]
        if name not in self._faults:
            if len(self._faults) >= UNKNOWN_NAMED:
                return Fault(UNKNOWN)
            self._faults[name] = Fault(UNKNOWN_CLOSEST, {"closest": self._closest(name)})
        return self._faults[name]

    def _closest(self, name: str) -> str:
        pairs = _letter_pairs(name)
        likely = heapq.nlargest(COMPARED, self._pairs, key=lambda other: len(pairs & self._pairs[other]))
        return difflib.get_close_matches(name, likely, 1, 0.0)[0]


def _letter_pairs(name: str) -> frozenset[str]:
    """Return a name's letters and pairs of neighbouring letters."""
    letters = name.casefold()
    return frozenset(letters) | frozenset(map("".join, pairwise(letters)))


class RowValidator:
    """Reads rows as a contract says, and refuses those that it doesn't allow.

    Args:
        contract: whose fields.
    """

    def __init__(self, contract: Contract) -> None:
        self.fields = [_CompiledField(field.name, field.absent, field.readers()) for field in contract.fields]
        self.names = {field.name for field in self.fields}
        self._typed_readers = [field.readers.typed for field in self.fields]
        self._text_readers = [field.readers.text for field in self.fields]
        self.required = [field.name for field in self.fields if isinstance(field.absent, Fault)]
        self._letter_pairs = {field.name: _letter_pairs(field.name) for field in self.fields}

    def unknown_names(self) -> UnknownNames:
        """Return what refuses a request's unknown names."""
        return UnknownNames(self._letter_pairs)

    def typed(self, values: Mapping[str, Any], unknown_names: UnknownNames | None = None) -> Row:
        """Return the row of JSON's values, in the contract's order; None where a value is missing, as it may be.

        Args:
            unknown_names: of the request, where it has several rows.

        Raises:
            InvalidInput: all the fields at fault.
        """
        return self._row(values, self._typed_readers, unknown_names)

    def typed_rows(self, rows: Sequence[Any]) -> list[Row] | None:
        """Return rows as `typed` would, column by column, which takes a fraction of the time.

        Returns:
            None where a row is at fault: `typed` tells which, and why.
        """
        if not all(type(row) is dict and self.names.issuperset(row) for row in rows):
            return None
        try:
            columns = [_read_typed_column(field, [row.get(field.name) for row in rows]) for field in self.fields]
        except Refused:
            return None
        return [list(row) for row in zip(*columns, strict=True)]

    def text(self, values: Mapping[str, str | None]) -> Row:
        """Return the row of texts as people write them.

        Raises:
            InvalidInput: all the fields at fault.
        """
        texts = {name: (value or "").strip() or None for name, value in values.items()}
        return self._row(texts, self._text_readers)

    def texts(self, names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Row] | None:
        """Return rows of texts as `text` would, column by column, which takes a fraction of the time.

        Returns:
            None where a row is at fault: `text` tells which, and why.
        """
        cells = dict(zip(names, zip(*rows, strict=True), strict=True))
        try:
            columns = [_read_text_column(field, cells.get(field.name), len(rows)) for field in self.fields]
        except Refused:
            return None
        return [list(row) for row in zip(*columns, strict=True)]

    def _row(
        self, values: Mapping[str, Any], readers: Sequence[Reader], unknown_names: UnknownNames | None = None
    ) -> Row:
        row: Row = []
        faults: dict[str, Fault] = {}
        for field, read in zip(self.fields, readers, strict=True):
            try:
                row.append(_read_value(field, read, values.get(field.name)))
            except Refused as refusal:
                faults[field.name] = refusal.fault
        if len(values) > len(row) + len(faults) or not self.names.issuperset(values):
            faults |= self.unknown_faults(values, unknown_names)
        if faults:
            raise InvalidInput(faults)
        return row

    def unknown_faults(self, names: Iterable[str], unknown_names: UnknownNames | None = None) -> dict[str, Fault]:
        """Return the faults of names that no field has: of the first few only, since thousands would take time."""
        closest = unknown_names or self.unknown_names()
        unknown = islice((name for name in names if name not in self.names), UNKNOWN_NAMED)
        return {name[:NAME_CHARACTERS]: closest.fault(name) for name in unknown}


def _read_value(field: _CompiledField, read: Reader, value: Any) -> Value:
    if value is not None:
        return read(value)
    if isinstance(field.absent, Fault):
        raise Refused(field.absent.message, **field.absent.values)
    return field.absent


def _read_text_column(field: _CompiledField, cells: Sequence[str] | None, count: int) -> Sequence[Value]:
    read = field.readers.text
    if cells is None:
        return [_read_value(field, read, None)] * count
    if (column := field.readers.text_column(cells)) is not None:
        return column
    values = {cell: _read_value(field, read, cell.strip() or None) for cell in set(cells)}
    return [values[cell] for cell in cells]


def _read_typed_column(field: _CompiledField, values: Sequence[Any]) -> Sequence[Value]:
    column = field.readers.typed_column(values)
    return [_read_value(field, field.readers.typed, value) for value in values] if column is None else column
