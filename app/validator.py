"""The validation of what people and programs send, compiled once from a contract: every route uses this one.

A value comes typed (JSON) or as text (form, table, address); both are refused for the same reasons. Its field decides
what it must be: `app.fields`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

from app.contract import Contract
from app.faults import Fault, InvalidInput, Refused
from app.fields.parts import NAME_CHARACTERS, Reader, Readers, TextReader
from app.missing import BLANK
from app.numerals import Mark
from app.unknown_names import UNKNOWN_NAMED, UnknownNames
from app.values import Row, Value

Marks = Mapping[str, Mark | None]
EITHER: Marks = {}
"""No field's decimal mark is known: what could be read with both is refused."""

NO_WARNINGS: Mapping[str, Fault] = MappingProxyType({})


@dataclass(frozen=True)
class _CompiledField:
    name: str
    absent: Value | Fault
    readers: Readers
    missing_words: frozenset[str]


class RowValidator:
    """Reads rows as a contract says, and refuses those that it doesn't allow.

    Args:
        contract: whose fields.
    """

    def __init__(self, contract: Contract) -> None:
        self.fields = [
            _CompiledField(field.name, field.absent, field.readers(), field.missing_words) for field in contract.fields
        ]
        self.names = {field.name for field in self.fields}
        self._warning_fields = [(place, field) for place, field in enumerate(contract.fields) if field.warns]
        self.may_warn = bool(self._warning_fields)
        self._missing_words = {field.name: field.missing_words for field in self.fields}
        self._typed_readers = [field.readers.typed for field in self.fields]
        self._mixed_readers = [_mixed(field.readers) for field in self.fields]
        self.required = [field.name for field in self.fields if isinstance(field.absent, Fault)]

    def unknown_names(self) -> UnknownNames:
        """Return what refuses a request's unknown names."""
        return UnknownNames([field.name for field in self.fields])

    def typed(self, values: Mapping[str, Any], unknown_names: UnknownNames | None = None) -> Row:
        """Return the row of JSON's values, in the contract's order; None where a value is missing, as it may be.

        Args:
            unknown_names: of the request, where it has several rows.

        Raises:
            InvalidInput: all the fields at fault.
        """
        return self._row(values, self._typed_readers, unknown_names)

    def mixed(self, values: Mapping[str, Any]) -> Row:
        """Return the row of JSON's values, as `typed` does, of which any may be a text, as in a form.

        Raises:
            InvalidInput: all the fields at fault.
        """
        values = {
            name: None if isinstance(value, str) and not value.strip() else value for name, value in values.items()
        }
        return self._row(values, self._mixed_readers)

    def typed_rows(self, rows: Sequence[Any]) -> list[Row] | None:
        """Return rows as `typed` would, column by column, which takes a fraction of the time.

        Returns:
            None where a row is at fault: `typed` tells which, and why.
        """
        if not all(type(row) is dict and (self.names.issuperset(row) or self._may_ignore(row)) for row in rows):
            return None
        try:
            columns = [_read_typed_column(field, [row.get(field.name) for row in rows]) for field in self.fields]
        except Refused:
            return None
        return [list(row) for row in zip(*columns, strict=True)]

    def text(self, values: Mapping[str, str | None], marks: Marks = EITHER) -> Row:
        """Return the row of texts as people write them.

        Args:
            marks: the decimal mark of each field where both could be.

        Raises:
            InvalidInput: all the fields at fault.
        """
        words = self._missing_words
        texts = {name: _text_or_none(value or "", words.get(name, BLANK)) for name, value in values.items()}
        readers = [_marked(field.readers.text, marks.get(field.name)) for field in self.fields]
        return self._row(texts, readers)

    def texts(self, names: Sequence[str], rows: Sequence[Sequence[str]], marks: Marks = EITHER) -> list[Row] | None:
        """Return rows of texts as `text` would, column by column, which takes a fraction of the time.

        Args:
            marks: the decimal mark of each field where both could be.

        Returns:
            None where a row is at fault: `text` tells which, and why.
        """
        cells = dict(zip(names, zip(*rows, strict=True), strict=True))
        try:
            columns = [
                _read_text_column(field, cells.get(field.name), len(rows), marks.get(field.name))
                for field in self.fields
            ]
        except Refused:
            return None
        return [list(row) for row in zip(*columns, strict=True)]

    def warnings(self, rows: Sequence[Row]) -> list[Mapping[str, Fault]]:
        """Return, for each row, field → how its value differs from what the model has seen."""
        if not self.may_warn:
            return [NO_WARNINGS] * len(rows)
        result: list[dict[str, Fault]] = [{} for _ in rows]
        for place, field in self._warning_fields:
            if field.are_usual([row[place] for row in rows]):
                continue
            for row, warnings in zip(rows, result, strict=True):
                if fault := field.warning(row[place]):
                    warnings[field.name] = fault
        return [*result]

    def unused(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return names of valid rows that no field has, and that were ignored: the first few."""
        longer = [row for row in rows if len(row) > len(self.fields)]
        if not longer:
            return []
        names = dict.fromkeys(name[:NAME_CHARACTERS] for row in longer for name in row if name not in self.names)
        return [*islice(names, UNKNOWN_NAMED)]

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
        if not self.names.issuperset(values) and not self._may_ignore(values):
            faults |= self.unknown_faults(values, unknown_names)
        if faults:
            raise InvalidInput(faults)
        return row

    def _may_ignore(self, values: Mapping[str, Any]) -> bool:
        """Tell whether unknown names can be ignored: none is a structure, or may be an absent field's misspelling."""
        others = (value for name, value in values.items() if name not in self.names)
        return self.names <= values.keys() and not any(isinstance(value, dict | list) for value in others)

    def unknown_faults(self, names: Iterable[str], unknown_names: UnknownNames | None = None) -> dict[str, Fault]:
        """Return the faults of names that no field has: of the first few only, since thousands would take time."""
        closest = unknown_names or self.unknown_names()
        unknown = islice((name for name in names if name not in self.names), UNKNOWN_NAMED)
        return {name[:NAME_CHARACTERS]: closest.fault(name) for name in unknown}


def _marked(read: TextReader, mark: Mark | None) -> Reader:
    return lambda text: read(text, mark)


def _text_or_none(text: str, missing_words: frozenset[str]) -> str | None:
    return None if (stripped := text.strip()) in missing_words else stripped


def _mixed(readers: Readers) -> Reader:
    def read(value: Any) -> Value:
        if not isinstance(value, str):
            return readers.typed(value)
        return readers.text(value.strip(), None if "," in value else ".")  # programs write a point

    return read


def _read_value(field: _CompiledField, read: Reader, value: Any) -> Value:
    if value is not None:
        return read(value)
    if isinstance(field.absent, Fault):
        raise Refused(field.absent.message, **field.absent.values)
    return field.absent


def _read_text_column(
    field: _CompiledField, cells: Sequence[str] | None, count: int, mark: Mark | None
) -> Sequence[Value]:
    read = _marked(field.readers.text, mark)
    if cells is None:
        return [_read_value(field, read, None)] * count
    if (column := field.readers.text_column(cells, mark)) is not None:
        return column
    values = {cell: _read_value(field, read, _text_or_none(cell, field.missing_words)) for cell in set(cells)}
    return [values[cell] for cell in cells]


def _read_typed_column(field: _CompiledField, values: Sequence[Any]) -> Sequence[Value]:
    column = field.readers.typed_column(values)
    return [_read_value(field, field.readers.typed, value) for value in values] if column is None else column
