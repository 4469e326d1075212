"""Tables as people have them (CSV): checked before any work, answered row by row, in constant memory.

Separators ``,`` ``;`` and tab, UTF-8 with or without a byte order mark. A bad row is marked and the rest goes on.
"""

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice, starmap
from typing import IO, NamedTuple

import orjson

from app import logs
from app.contract import Classification
from app.csv_file import BadTable, CsvFile, RawRow
from app.errors import FAULTS_SHOWN, Failure, InvalidRows, Problem, problems_of
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext
from app.limits import Limits
from app.model import Model
from app.rows import must_be_a_few
from app.values import Row, as_text

BLOCK = 256
"""Rows that are predicted at once: enough to be fast, few enough to be small."""

LINE_ENDS = 12
"""For each row that may be: two signs on Windows, and texts with line ends in quotes."""

NAMED = 8


class _Line(NamedTuple):
    """A row of a table: its number in the file, its cells, and its values or why it has none."""

    number: int
    cells: Sequence[str]
    row: Row | None
    faults: InvalidInput | None = None
    fault: Fault | None = None

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with it, for programs."""
        base = f"#/{self.number}"
        if self.faults:
            return problems_of(self.faults, base)
        return [Problem(base, gettext(N_("line %(line)s"), line=self.number), self.fault)] if self.fault else []

    @property
    def sentence(self) -> str:
        """Why the row can't be predicted."""
        each = [f"{name}: {fault}" for name, fault in self.faults.faults.items()] if self.faults else [str(self.fault)]
        return gettext(N_("line %(line)s: %(faults)s"), line=self.number, faults="; ".join(each))


class Table:
    """A table whose header fits a model.

    Args:
        model: that is to answer.
        file: of bytes, at its beginning.
        most_columns: that any table may have.

    Raises:
        BadTable: it isn't UTF-8, is empty, has endless lines or other columns than the model.
    """

    def __init__(self, model: Model, file: IO[bytes], most_columns: int) -> None:
        self.model = model
        self._file = CsvFile(file, model.check.names, most_columns)
        self.header, self._separator = self._file.header, self._file.separator
        self._check_columns()

    def close(self) -> None:
        """Give the file back."""
        self._file.text.close()

    def lines(self) -> Iterator[_Line]:
        """Read the rows, each with its values or its fault; empty lines are left out."""
        return (self._line(*each) for each in self._file.rows())

    def good_rows(self, most: int) -> list[Row]:
        """Return the values of a table of which every row must be good.

        Raises:
            Failure: 413 more rows than so many, 422 none.
            InvalidRows: the contract refuses some.
        """
        found: list[Row] = []
        problems: list[Problem] = []
        raw = list(islice(self._file.rows(), most + 1))
        must_be_a_few(len(raw), most)
        for start in range(0, len(raw), BLOCK):
            block = raw[start : start + BLOCK]
            if (good := self._checked(block)) is not None:
                found += good
            else:
                lines = islice(filter(lambda line: line.row is None, starmap(self._line, block)), FAULTS_SHOWN)
                problems += [problem for line in lines for problem in line.problems]
            if len(problems) >= FAULTS_SHOWN:
                break
        if problems:
            raise InvalidRows(problems)
        return found

    def answered(self) -> Iterator[bytes]:
        """Return the table with its predictions, piece by piece, as bytes of CSV."""
        raw = self._file.rows()
        outputs = self._outputs()
        mark = codecs.BOM_UTF8 if self._file.has_mark else b""
        yield mark + self._written([[*self.header, *outputs]])
        with ThreadPoolExecutor(1) as engine:  # while it answers a block, the next is read
            asked: deque[tuple[list[RawRow], Future[list[tuple[str, ...]]] | None]] = deque()
            while block := list(islice(raw, BLOCK)):
                rows = self._checked(block)
                asked.append((block, engine.submit(self._said, rows) if rows else None))
                if len(asked) > 1:
                    yield self._written(self._answered(*asked.popleft(), len(outputs)))
            for last in asked:
                yield self._written(self._answered(*last, len(outputs)))

    def _check_columns(self) -> None:
        check = self.model.check
        twice = sorted(name for name, times in Counter(self.header).items() if times > 1)
        if twice:
            raise BadTable(N_("The column %(name)s stands there twice."), name=twice[0][:100])
        if unknown := check.unknown(self.header):
            name, fault = next(iter(unknown.items()))
            raise BadTable(N_("The column “%(name)s” %(fault)s."), name=name, fault=fault)
        given = set(self.header)
        lacking = [name for name in check.required if name not in given]
        if lacking:
            raise BadTable(N_("The table lacks these columns: %(names)s."), names=", ".join(lacking[:NAMED]))

    def _checked(self, block: list[RawRow]) -> list[Row] | None:
        """Check rows together; None where one is at fault, and each must be seen by itself."""
        cells = [each for _, each in block if each is not None and len(each) == len(self.header)]
        return self.model.check.texts(self.header, cells) if len(cells) == len(block) else None

    def _answered(self, block: list[RawRow], answers: Future[list[tuple[str, ...]]] | None,
                  outputs: int) -> Iterable[Sequence[str]]:  # fmt: skip
        if answers is None or answers.exception():
            return self._block([self._line(*each) for each in block], outputs)
        return ([*(cells or []), *said, ""] for (_, cells), said in zip(block, answers.result(), strict=True))

    def _line(self, number: int, cells: list[str] | None) -> _Line:
        if cells is None:
            return _Line(number, [], None, fault=Fault(N_("can't be read as CSV")))
        if len(cells) != len(self.header):
            wrong = Fault(N_("has %(cells)s cells instead of %(columns)s"),
                          {"cells": len(cells), "columns": len(self.header)})  # fmt: skip
            return _Line(number, cells, None, fault=wrong)
        try:
            return _Line(number, cells, self.model.check.text(dict(zip(self.header, cells, strict=True))))
        except InvalidInput as refused:
            return _Line(number, cells, None, faults=refused)

    def _outputs(self) -> list[str]:
        wanted = ["prediction", "probability", "error"] if self._has_probability else ["prediction", "error"]
        return [name if name not in self.header else f"{name}_" for name in wanted]

    @property
    def _has_probability(self) -> bool:
        classifies = isinstance(self.model.contract.predicts, Classification)
        return classifies and self.model.engine.gives_probabilities

    def _block(self, block: list[_Line], outputs: int) -> Iterator[list[str]]:
        good = [line.row for line in block if line.row is not None]
        try:
            answers = iter(self._said(good) if good else [])
        except Exception as fault:  # the answer has begun: the status can't tell any more
            logs.failure("a block of a table failed", fault)
            failed = gettext(N_("the model failed on these rows"))
            yield from (self._marked(line, outputs, failed if line.row else line.sentence) for line in block)
            return
        for line in block:
            if line.row is None:
                yield self._marked(line, outputs, line.sentence)
            else:
                yield [*line.cells, *next(answers), ""]

    def _marked(self, line: _Line, outputs: int, sentence: str) -> list[str]:
        cells = [*line.cells, *[""] * len(self.header)][: len(self.header)]
        return [*cells, *[""] * (outputs - 1), sentence]

    def _said(self, rows: list[Row]) -> list[tuple[str, ...]]:
        """Return what goes into the columns of answers."""
        found, predicts = self.model.answers(rows), self.model.contract.predicts
        if found.labels is None or not isinstance(predicts, Classification):
            return [*zip(_texts(found.values or []), strict=True)]
        texts = [as_text(label.value) for label in predicts.labels]
        labels = [texts[place] for place in found.labels]
        if found.probabilities is None:
            return [*zip(labels, strict=True)]
        likely = [each[place] for place, each in zip(found.labels, found.probabilities, strict=True)]
        return [*zip(labels, _texts(likely), strict=True)]

    def _written(self, rows: Iterable[Sequence[str]]) -> bytes:
        lines = [*map(self._separator.join, given := [*rows])]
        plain = "\r\n".join(lines)
        cells = sum(map(len, given))
        if (
            '"' not in plain
            and plain.count(self._separator) == cells - len(lines)
            and plain.count("\r") == plain.count("\n") == len(lines) - 1
        ):
            return f"{plain}\r\n".encode()
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self._separator).writerows(given)
        return buffer.getvalue().encode()


def _texts(numbers: list[float]) -> list[str]:
    return orjson.dumps(numbers).decode()[1:-1].split(",")


def rows_of(model: Model, data: bytes, within: Limits, most_columns: int) -> list[Row]:
    """Return the rows of a table of which every row must be good.

    Raises:
        Failure: 422 the table, 413 too many lines or rows.
        InvalidRows: the contract refuses some.
    """
    if data.count(b"\n") + data.count(b"\r") > LINE_ENDS * within.rows + BLOCK:
        raise Failure(413, N_("The table has too many lines for this model (most rows: %(rows)s)."), rows=within.rows)
    try:
        return Table(model, io.BytesIO(data), most_columns).good_rows(within.rows)
    except BadTable as bad:
        raise Failure(422, "%(fault)s", fault=bad.fault) from None
