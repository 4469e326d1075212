"""What a page says of a table before its answer is fetched: how it was read, what it came to, how long it takes."""

import math
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice

from app.contract import Classification, Regression
from app.languages import N_, current, gettext, number
from app.tables.header import SHOWN
from app.tables.table import Table
from app.values import as_text

FIRST_ROWS = 3
"""Of a table, that are shown."""

COLUMNS = 100
"""Of a table, that are shown."""

FAULTS = 20
"""Of rows, that are shown."""

SECONDS = 5
"""After so many no further row is tried."""

AT_ONCE = 2
"""An answer that takes fewer seconds is one that nobody waits for."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        label: of the field that it is taken for; empty where it passes through.
        cells: of the first rows.
    """

    name: str
    label: str
    cells: Sequence[str]


@dataclass
class Predicted:
    """What the rows came to, of one target.

    Attributes:
        title: what people call what is predicted.
        labels: label in words → how many rows.
        numbers: least, mean and greatest prediction, where they are numbers.
    """

    title: str
    labels: dict[str, int] = field(default_factory=dict)
    numbers: tuple[float, float, float] | None = None


class _Tally:
    """Counts a target's answers.

    Args:
        target: the contract's.
        place: of its column among a row's cells.
    """

    def __init__(self, target: Classification | Regression, place: int) -> None:
        self._target, self._place = target, place
        self._counts: Counter[str] = Counter()
        self._least, self._total, self._greatest, self._rows = math.inf, 0.0, -math.inf, 0

    def add(self, row: Sequence[str]) -> None:
        """Count a row that got an answer."""
        if isinstance(self._target, Classification):
            self._counts[row[self._place]] += 1
            return
        value = float(row[self._place].replace(",", "."))
        self._least, self._greatest = min(self._least, value), max(self._greatest, value)
        self._total, self._rows = self._total + value, self._rows + 1

    @property
    def predicted(self) -> Predicted:
        """What was counted."""
        title = self._target.label[current()]
        if isinstance(self._target, Classification):
            labels = {as_text(label.value): label.label[current()] for label in self._target.labels}
            return Predicted(title, {labels[value]: count for value, count in self._counts.most_common()})
        mean = self._total / self._rows if self._rows else 0.0
        return Predicted(title, numbers=(self._least, mean, self._greatest) if self._rows else None)


@dataclass
class Summary:
    """A table as it was read, and what its rows came to.

    Attributes:
        notes: what is said of it as a whole.
        rows, refused, warned: how many there are.
        faults: of the first rows that are refused, each with its line and columns.
        predicted: what the others came to, target by target.
        all_rows: how many the table has; more than `rows` where only the first were tried.
        seconds: that its answer takes, about.
    """

    columns: list[Column]
    more_columns: int
    notes: list[str]
    rows: int = 0
    refused: int = 0
    warned: int = 0
    faults: list[str] = field(default_factory=list)
    predicted: list[Predicted] = field(default_factory=list)
    all_rows: int = 0
    seconds: float = 0

    @property
    def is_whole(self) -> bool:
        """Whether all rows were tried."""
        return self.rows == self.all_rows

    @property
    def takes_long(self) -> bool:
        """Whether people wait for its answer."""
        return self.seconds >= AT_ONCE

    @property
    def wait(self) -> str:
        """How long its answer takes, for people: never less than it may well take."""
        seconds = math.ceil(self.seconds / 5) * 5
        if seconds < 2 * 60:
            return gettext(N_("%(count)s seconds"), count=number(seconds))
        return gettext(N_("%(count)s minutes"), count=number(math.ceil(seconds / 60)))

    def add(self, warning: str, error: str) -> None:
        """Count a row; the first one's warning has what is said of the whole table, too."""
        self.rows += 1
        self.refused += bool(error)
        self.warned += bool(warning) and (self.rows > 1 or warning != "; ".join(self.notes))
        if error and len(self.faults) < FAULTS:
            self.faults.append(error)


def summary(table: Table) -> Summary:
    """Return what a table is and what its rows came to, as many as `SECONDS` are enough for; in constant memory."""
    found = Summary(_columns(table), max(0, len(table.header) - COLUMNS), [*map(str, table.notes)])
    began = time.monotonic()
    _try(table, found, began + SECONDS)
    found.seconds, found.all_rows = time.monotonic() - began, found.rows
    if found.seconds >= SECONDS and found.rows:
        found.all_rows = sum(1 for _ in table.cells())
        found.seconds *= found.all_rows / found.rows
    return found


def _try(table: Table, found: Summary, end: float) -> None:
    """Count what a table's rows came to."""
    tallies = [_Tally(*pair) for pair in zip(table.model.contract.targets, table.answer_places, strict=True)]
    for row in chain.from_iterable(_until(end, table.answered())):
        found.add(row[-2], row[-1])
        for tally in tallies if not row[-1] else ():
            tally.add(row)
    found.predicted = [tally.predicted for tally in tallies]


def _until(end: float, blocks: Generator[Iterable[Sequence[str]]]) -> Iterator[Iterable[Sequence[str]]]:
    """Return a table's blocks until a moment of the clock has come, at least one."""
    with closing(blocks):
        for block in blocks:
            yield block
            if time.monotonic() >= end:
                return


def _columns(table: Table) -> list[Column]:
    labels = {known.name: known.label[current()] for known in table.model.contract.fields}
    first = [*islice(table.cells(), FIRST_ROWS)]
    return [
        Column(name[:SHOWN], labels.get(name, ""), [row[place][:SHOWN] for row in first if place < len(row)])
        for place, name in enumerate(table.names[:COLUMNS])
    ]
