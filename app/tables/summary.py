"""What a page says of a table before its answer is fetched: how it was read, and what its rows came to."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.contract import Classification
from app.languages import current
from app.tables.header import SHOWN
from app.tables.table import Table
from app.values import as_text

FIRST_ROWS = 3
"""Of a table, that are shown."""

COLUMNS = 100
"""Of a table, that are shown."""

FAULTS = 20
"""Of rows, that are shown."""


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
class Summary:
    """A table as it was read, and what its rows came to.

    Attributes:
        notes: what is said of it as a whole.
        rows, refused, warned: how many there are.
        faults: of the first rows that are refused, each with its line and columns.
        labels: label in words → how many rows.
        numbers: least, mean and greatest prediction, where they are numbers.
    """

    columns: list[Column]
    more_columns: int
    notes: list[str]
    rows: int = 0
    refused: int = 0
    warned: int = 0
    faults: list[str] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    numbers: tuple[float, float, float] | None = None

    def add(self, warning: str, error: str) -> None:
        """Count a row; the first one's warning has what is said of the whole table, too."""
        self.rows += 1
        self.refused += bool(error)
        self.warned += bool(warning) and (self.rows > 1 or warning != "; ".join(self.notes))
        if error and len(self.faults) < FAULTS:
            self.faults.append(error)


def summary(table: Table) -> Summary:
    """Return what a table is and what its rows came to; it is read to its end, in constant memory."""
    found = Summary(_columns(table), max(0, len(table.header) - COLUMNS), [*map(str, table.notes)])
    predicts, place = table.model.contract.predicts, len(table.header)
    counts: Counter[str] = Counter()
    least, total, greatest = math.inf, 0.0, -math.inf
    for rows in table.answered():
        for row in rows:
            found.add(row[-2], row[-1])
            if row[-1] or isinstance(predicts, Classification):
                counts[row[place]] += not row[-1]
            else:
                number = float(row[place].replace(",", "."))
                least, total, greatest = min(least, number), total + number, max(greatest, number)
    if isinstance(predicts, Classification):
        labels = {as_text(label.value): label.label[current()] for label in predicts.labels}
        found.labels = {labels[value]: count for value, count in counts.most_common() if count}
    elif found.rows > found.refused:
        found.numbers = least, total / (found.rows - found.refused), greatest
    return found


def _columns(table: Table) -> list[Column]:
    labels = {known.name: known.label[current()] for known in table.model.contract.fields}
    first = table.first_rows(FIRST_ROWS)
    return [
        Column(name[:SHOWN], labels.get(name, ""), [row[place][:SHOWN] for row in first if place < len(row)])
        for place, name in enumerate(table.names[:COLUMNS])
    ]
