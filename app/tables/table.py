"""A table for a model: checked before any work, predicted row by row, in constant memory.

A bad row is marked and the rest goes on.
"""

import io
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import islice, starmap
from operator import add
from typing import IO

from app.errors import ERRORS_SHOWN, FieldError, HttpError, InvalidRows
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext
from app.limits import Limits
from app.model import Model
from app.numerals import Mark
from app.request_data import check_row_count
from app.tables import marks
from app.tables.answer import AddedColumns, CsvAnswer
from app.tables.bad_table import BadTable
from app.tables.computation import BlockOutput, Computation, RowOutput
from app.tables.csv_file import CsvFile
from app.tables.header import SHOWN
from app.tables.heading import NAMED, RawRow, hint, listed
from app.tables.line import Line
from app.tables.opener import open_table
from app.tables.stray_lines import LOOKS_LIKE_TOTAL, LOOKS_LIKE_UNITS, are_units, is_total, total_place
from app.tables.workbook_answer import WorkbookAnswer
from app.values import Row

BLOCK = 256
"""Rows that are predicted at once: enough to be fast, few enough to be small."""

LINE_ENDS = 12
"""Allowed per row: each line ends with two on Windows, and quoted texts may contain more."""

MOST_EXPLAINED = 10_000
"""Bad rows that say what is wrong with them: the sentences take more time than all else."""


class Table:
    """A table whose header has what a model needs; its other columns are kept.

    Args:
        model: that predicts it.
        file: of bytes, at its beginning.
        most_columns: that any table may have.

    Raises:
        BadTable: it can't be read, or lacks columns that the model needs.
    """

    def __init__(self, model: Model, file: IO[bytes], most_columns: int) -> None:
        self.model = model
        required = model.validator.required or model.validator.names
        self._file = open_table(file, model.validator.names, most_columns, required)
        self.header = self._file.header
        self._check_columns()
        known = model.contract.table.decimal if model.contract.table else None
        self._marks, mark = self._decimal_marks(known)
        self.answer = CsvAnswer(self._file, model.contract) if isinstance(self._file, CsvFile) else WorkbookAnswer()
        decimal = (mark or ".") if isinstance(self._file, CsvFile) else None
        self._added = AddedColumns(model, self.header, self.notes, decimal)
        self.answer_places = [len(self.header) + place for place in self._added.places]
        self._computation = Computation(model, self._added)
        first_rows = [number for number, _ in islice(self._file.rows(), 2)]
        self._units_number, self._total_number = (first_rows[0] if len(first_rows) > 1 else 0), 0
        self._refused_rows = 0

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return self._file.names

    @property
    def unused(self) -> list[str]:
        """The columns that the model doesn't know."""
        return [name for name in self._file.names if name not in self.model.validator.names]

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
        self.answer.close()

    def lines(self) -> Iterator[Line]:
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
        self._find_total(raw_rows)
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
        """Return the table with its predictions, piece by piece, as bytes of a file."""
        yield self.answer.begin([*self.header, *self._added.names])
        yield from map(self.answer.piece, self.answered())
        yield from self.answer.end()

    def answered(self) -> Generator[Iterable[Sequence[str]]]:
        """Return the rows with their predictions, warnings and errors, block by block."""
        with ThreadPoolExecutor(1) as engine:  # while it predicts a block, the next is read
            pending: deque[tuple[list[RawRow], Future[BlockOutput] | None]] = deque()
            for block in self._blocks():
                rows = self._valid_rows(block)
                pending.append((block, engine.submit(self._computation.whole, rows) if rows else None))
                if len(pending) > 1:
                    yield self._with_outputs(*pending.popleft())
            for last in pending:
                yield self._with_outputs(*last)

    def cells(self) -> Iterator[list[str]]:
        """Read the rows' cells as they are written, while nothing else reads them."""
        return (cells or [] for _, cells in self._file.rows())

    def _blocks(self) -> Iterator[list[RawRow]]:
        """Read the rows in blocks; before the last one it is known whether that ends with a total."""
        raw_rows, following = self._file.rows(), list[RawRow]()
        while block := following or list(islice(raw_rows, BLOCK)):
            following = []
            if total_place(block[-1]) is not None and not (following := list(islice(raw_rows, BLOCK))):
                self._find_total(block)
            yield block

    @property
    def notes(self) -> list[Fault]:
        """What is said of the table as a whole."""
        names = ", ".join(name[:SHOWN] for name in self.unused[:NAMED]) + (", …" if self.unused[NAMED:] else "")
        unused = [Fault(N_("columns not used: %(names)s"), {"names": names})] if names else []
        return [*self._file.notes, *unused]

    def _check_columns(self) -> None:
        names = {*self._file.names}
        missing = [name for name in self.model.validator.required if name not in names]
        if not missing:
            return
        fault = Fault(N_("The table is missing these columns: %(names)s."), {"names": listed(missing, self.unused)})
        advice = hint(self._file.first_rows(), missing)
        raise BadTable("%(fault)s %(advice)s" if advice else "%(fault)s", fault=fault, advice=advice)

    def _decimal_marks(self, known: Mark | None) -> tuple[marks.Marks, Mark | None]:
        """Return the mark of each column, and that of the table; read for it is only what may have both."""
        fields = self.model.contract.fields
        limits = {field.name: limit for field in fields if (limit := field.number_limits) is not None}
        if self._file.is_plain:
            return dict.fromkeys(limits, "."), "."
        columns = marks.evidence(self._file.cells(), self._file.names, limits, self._file.has_points)
        settled = marks.settled(columns, limits, known)
        return settled, marks.written(columns, settled, known)

    def _valid_rows(self, block: list[RawRow]) -> list[Row] | None:
        """Validate rows together; None where one is at fault, so that each must be validated by itself."""
        width = len(self.header)
        rows = [cells for _, cells in block if cells is not None and len(cells) == width]
        if len(rows) < len(block) or block[-1][0] == self._total_number:
            return None
        return self.model.validator.texts(self._file.names, rows, self._marks)

    def _with_outputs(self, block: list[RawRow], outputs: Future[BlockOutput] | None) -> Iterable[Sequence[str]]:
        if outputs is None or outputs.exception():
            return self._line_by_line([*starmap(self._line, block)])
        added = self._added.block(*outputs.result())
        return map(add, [cells or [] for _, cells in block], map(list, added))

    def _line(self, number: int, cells: list[str] | None) -> Line:
        if cells is None:
            return Line(number, [], None, Fault(N_("can't be read as CSV")))
        if len(cells) != len(self.header):
            message = N_("has the wrong number of cells: %(cells)s instead of %(columns)s")
            return Line(number, cells, None, Fault(message, {"cells": len(cells), "columns": len(self.header)}))
        if number == self._total_number:
            return Line(number, cells, None, LOOKS_LIKE_TOTAL)
        known = self.model.validator.names
        values = {name: cell for name, cell in zip(self._file.names, cells, strict=True) if name in known}
        try:
            return Line(number, cells, self.model.validator.text(values, self._marks))
        except InvalidInput as refusal:
            is_unit = number == self._units_number and are_units(self.model, values)
            return Line(number, cells, None, LOOKS_LIKE_UNITS if is_unit else refusal)

    def _find_total(self, block: list[RawRow]) -> None:
        """Find out whether the last row is none but a total, once the table is read to its end."""
        if block and is_total(self.model, self._file.names, block[-1], self._file.rows()):
            self._total_number = block[-1][0]

    def _line_by_line(self, lines: list[Line]) -> Iterator[list[str]]:
        rows = [line.row for line in lines if line.row is not None]
        outputs = iter(self._computation.row_by_row(rows) if rows else [])
        for line in lines:
            output = None if line.row is None else next(outputs)
            if isinstance(output, RowOutput):
                yield [*line.cells, *self._added.cells(*output)]
            else:
                yield self._marked(line if output is None else line._replace(refusal=output))

    def _marked(self, line: Line) -> list[str]:
        self._refused_rows += 1
        error = line.sentence if self._refused_rows <= MOST_EXPLAINED else self._unexplained
        cells = [*line.cells, *[""] * len(self.header)][: len(self.header)]
        return [*cells, *self._added.cells(None, error=error)]

    @cached_property
    def _unexplained(self) -> str:
        message = N_("can't be predicted; what is wrong is said of the first %(rows)s such rows")
        return gettext(message, rows=MOST_EXPLAINED)


def rows_of(model: Model, data: bytes, limits: Limits, most_columns: int) -> tuple[list[Row], list[str]]:
    """Return the rows of a table whose every row must be valid, and its columns that the model doesn't know.

    Raises:
        HttpError: 422 the table, 413 too many lines or rows.
        InvalidRows: the contract refuses some.
    """
    if data.count(b"\n") + data.count(b"\r") > LINE_ENDS * limits.rows + BLOCK:
        message = N_("The table has too many lines for this model (maximum rows: %(rows)s).")
        raise HttpError(413, message, rows=limits.rows)
    try:
        table = Table(model, io.BytesIO(data), most_columns)
        return table.valid_rows(limits.rows), table.unused
    except BadTable as error:
        raise HttpError(422, "%(fault)s", fault=error.fault) from None
