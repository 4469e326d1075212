"""Tables as people have them (CSV): checked before any work, predicted row by row, in constant memory.

Separators ``,`` ``;`` and tab, UTF-8 with or without a byte order mark. A bad row is marked and the rest goes on.
"""

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import islice, starmap
from typing import IO, NamedTuple

import orjson

from app import logs
from app.contract import Classification
from app.csv_file import BadTable, CsvFile, RawRow
from app.errors import ERRORS_SHOWN, FieldError, HttpError, InvalidRows, field_errors
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext
from app.limits import Limits
from app.model import Model
from app.request_data import check_row_count
from app.values import Row, as_text

BLOCK = 256
"""Rows that are predicted at once: enough to be fast, few enough to be small."""

LINE_ENDS = 12
"""Allowed per row: each line ends with two on Windows, and quoted texts may contain more."""

NAMED = 8
"""Missing columns that a sentence names."""

OutputCells = tuple[str, ...]
"""What a row gets: its prediction, and its probability where the model gives one."""


class _Line(NamedTuple):
    """A row of a table: its number in the file, its cells, and its values or why it has none."""

    number: int
    cells: Sequence[str]
    row: Row | None
    refusal: InvalidInput | Fault | None = None

    @property
    def errors(self) -> list[FieldError]:
        """What is wrong with it, for programs."""
        base = f"#/{self.number}"
        if isinstance(self.refusal, InvalidInput):
            return field_errors(self.refusal, base)
        line = gettext(N_("line %(line)s"), line=self.number)
        return [FieldError(base, line, self.refusal)] if self.refusal else []

    @property
    def sentence(self) -> str:
        """Why the row can't be predicted."""
        faults = [str(self.refusal)]
        if isinstance(self.refusal, InvalidInput):
            faults = [f"{name}: {fault}" for name, fault in self.refusal.faults.items()]
        return gettext(N_("line %(line)s: %(faults)s"), line=self.number, faults="; ".join(faults))


class Table:
    """A table whose header fits a model.

    Args:
        model: that predicts it.
        file: of bytes, at its beginning.
        most_columns: that any table may have.

    Raises:
        BadTable: it isn't UTF-8, is empty, has lines without end or other columns than the model.
    """

    def __init__(self, model: Model, file: IO[bytes], most_columns: int) -> None:
        self.model = model
        self._file = CsvFile(file, model.validator.names, most_columns)
        self.header, self._separator = self._file.header, self._file.separator
        self._check_columns()

    def close(self) -> None:
        """Give the file back."""
        self._file.text.close()

    def lines(self) -> Iterator[_Line]:
        """Read the rows, each with its values or why it has none; empty lines are left out."""
        return starmap(self._line, self._file.rows())

    def valid_rows(self, most: int) -> list[Row]:
        """Return the rows of a table whose every row must be valid.

        Raises:
            HttpError: 413 more rows than so many, 422 none.
            InvalidRows: the contract refuses some.
        """
        valid: list[Row] = []
        errors: list[FieldError] = []
        raw_rows = list(islice(self._file.rows(), most + 1))
        check_row_count(len(raw_rows), most)
        for start in range(0, len(raw_rows), BLOCK):
            block = raw_rows[start : start + BLOCK]
            if (rows := self._valid_rows(block)) is not None:
                valid += rows
            else:
                lines = islice(filter(lambda line: line.row is None, starmap(self._line, block)), ERRORS_SHOWN)
                errors += [error for line in lines for error in line.errors]
            if len(errors) >= ERRORS_SHOWN:
                break
        if errors:
            raise InvalidRows(errors)
        return valid

    def predicted(self) -> Iterator[bytes]:
        """Return the table with its predictions, piece by piece, as bytes of CSV."""
        raw_rows = self._file.rows()
        mark = codecs.BOM_UTF8 if self._file.has_mark else b""
        yield mark + self._as_csv([[*self.header, *self._output_names]])
        with ThreadPoolExecutor(1) as engine:  # while it predicts a block, the next is read
            pending: deque[tuple[list[RawRow], Future[list[OutputCells]] | None]] = deque()
            while block := list(islice(raw_rows, BLOCK)):
                rows = self._valid_rows(block)
                pending.append((block, engine.submit(self._output_cells, rows) if rows else None))
                if len(pending) > 1:
                    yield self._as_csv(self._with_outputs(*pending.popleft()))
            for last in pending:
                yield self._as_csv(self._with_outputs(*last))

    def _check_columns(self) -> None:
        validator = self.model.validator
        repeated = sorted(name for name, times in Counter(self.header).items() if times > 1)
        if repeated:
            raise BadTable(N_("The column “%(name)s” appears twice."), name=repeated[0][:100])
        if unknown := validator.unknown_faults(self.header):
            name, fault = next(iter(unknown.items()))
            raise BadTable(N_("The column “%(name)s” %(fault)s."), name=name, fault=fault)
        names = set(self.header)
        missing = [name for name in validator.required if name not in names]
        if missing:
            raise BadTable(N_("The table is missing these columns: %(names)s."), names=", ".join(missing[:NAMED]))

    def _valid_rows(self, block: list[RawRow]) -> list[Row] | None:
        """Validate rows together; None where one is at fault, so that each must be validated by itself."""
        rows = [cells for _, cells in block if cells is not None and len(cells) == len(self.header)]
        return self.model.validator.texts(self.header, rows) if len(rows) == len(block) else None

    def _with_outputs(self, block: list[RawRow], outputs: Future[list[OutputCells]] | None) -> Iterable[Sequence[str]]:
        if outputs is None or outputs.exception():
            return self._line_by_line([*starmap(self._line, block)])
        return ([*(cells or []), *row, ""] for (_, cells), row in zip(block, outputs.result(), strict=True))

    def _line(self, number: int, cells: list[str] | None) -> _Line:
        if cells is None:
            return _Line(number, [], None, Fault(N_("can't be read as CSV")))
        if len(cells) != len(self.header):
            message = N_("has the wrong number of cells: %(cells)s instead of %(columns)s")
            return _Line(number, cells, None, Fault(message, {"cells": len(cells), "columns": len(self.header)}))
        try:
            return _Line(number, cells, self.model.validator.text(dict(zip(self.header, cells, strict=True))))
        except InvalidInput as refusal:
            return _Line(number, cells, None, refusal)

    @cached_property
    def _output_names(self) -> list[str]:
        names = ["prediction", "probability", "error"] if self._has_probability else ["prediction", "error"]
        return [name if name not in self.header else f"{name}_" for name in names]

    @property
    def _has_probability(self) -> bool:
        classifies = isinstance(self.model.contract.predicts, Classification)
        return classifies and self.model.engine.gives_probabilities

    def _line_by_line(self, lines: list[_Line]) -> Iterator[list[str]]:
        rows = [line.row for line in lines if line.row is not None]
        try:
            outputs = iter(self._output_cells(rows) if rows else [])
        except Exception as error:  # the response has begun: its status can't change any more
            logs.exception("a block of a table failed", error)
            failed = gettext(N_("the model failed on these rows"))
            yield from (self._marked(line, failed if line.row else line.sentence) for line in lines)
            return
        for line in lines:
            if line.row is None:
                yield self._marked(line, line.sentence)
            else:
                yield [*line.cells, *next(outputs), ""]

    def _marked(self, line: _Line, sentence: str) -> list[str]:
        cells = [*line.cells, *[""] * len(self.header)][: len(self.header)]
        return [*cells, *[""] * (len(self._output_names) - 1), sentence]

    def _output_cells(self, rows: list[Row]) -> list[OutputCells]:
        """Return each row's prediction, and its probability where the model gives one, as texts."""
        outputs, predicts = self.model.compute(rows), self.model.contract.predicts
        if outputs.labels is None or not isinstance(predicts, Classification):
            return [*zip(_number_texts(outputs.values or []), strict=True)]
        texts = [as_text(label.value) for label in predicts.labels]
        labels = [texts[place] for place in outputs.labels]
        if outputs.probabilities is None:
            return [*zip(labels, strict=True)]
        shares = [shares[place] for place, shares in zip(outputs.labels, outputs.probabilities, strict=True)]
        return [*zip(labels, _number_texts(shares), strict=True)]

    def _as_csv(self, rows: Iterable[Sequence[str]]) -> bytes:
        rows = [*rows]
        lines = [*map(self._separator.join, rows)]
        plain = "\r\n".join(lines)
        cells = sum(map(len, rows))
        if (
            '"' not in plain
            and plain.count(self._separator) == cells - len(lines)
            and plain.count("\r") == plain.count("\n") == len(lines) - 1
        ):
            return f"{plain}\r\n".encode()
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self._separator).writerows(rows)
        return buffer.getvalue().encode()


def _number_texts(numbers: list[float]) -> list[str]:
    return orjson.dumps(numbers).decode()[1:-1].split(",")


def rows_of(model: Model, data: bytes, limits: Limits, most_columns: int) -> list[Row]:
    """Return the rows of a table whose every row must be valid.

    Raises:
        HttpError: 422 the table, 413 too many lines or rows.
        InvalidRows: the contract refuses some.
    """
    if data.count(b"\n") + data.count(b"\r") > LINE_ENDS * limits.rows + BLOCK:
        message = N_("The table has too many lines for this model (maximum rows: %(rows)s).")
        raise HttpError(413, message, rows=limits.rows)
    try:
        return Table(model, io.BytesIO(data), most_columns).valid_rows(limits.rows)
    except BadTable as error:
        raise HttpError(422, "%(fault)s", fault=error.fault) from None
