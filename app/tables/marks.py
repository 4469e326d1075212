"""Which mark stands before the decimals, decided for each column by the whole column.

``2.536`` may be two and a half or two thousand. A column with clear numbers (``12,5``, ``1.234,50``) says it of the
others; where all of one can be read in two ways, the field's range decides, then the file's other columns, then what is
known of its kind (the contract's ``table:``). Left to itself, a dot stands before decimals, as programs write them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from app import numerals
from app.fields.parts import NumberLimits
from app.missing import MISSING_WORDS
from app.numerals import AMBIGUOUS_LINE, MARKS, Mark, plain_numbers

BLOCK = 256
"""Rows that are looked at together: with more, their cells leave the processor's cache before they are."""

STARTS = frozenset("0123456789+-−.,")
"""What a number begins with."""

Marks: TypeAlias = dict[str, Mark | None]
"""Column → the decimal mark of its numbers; None where it has no numbers that could be read in two ways, or both."""


@dataclass(frozen=True)
class Span:
    """The numbers of a column that can be read in two ways, all read with one mark.

    Attributes:
        low, high: the least and the greatest.
        is_whole: whether none has decimals.
    """

    low: float
    high: float
    is_whole: bool


@dataclass
class Evidence:
    """What a column's cells say of its decimal mark.

    Attributes:
        is_read_on: whether others count after one that is no number: where the column is to be of numbers.
        is_number: whether all are numbers or missing.
        clear: the marks of those that can be read in one way only.
        spans: the others, as each mark reads them.
        ambiguous: one of these for each mark that they have.
    """

    is_read_on: bool = False
    is_number: bool = True
    clear: set[Mark] = field(default_factory=set)
    spans: dict[Mark, Span] = field(default_factory=dict)
    ambiguous: dict[Mark, str] = field(default_factory=dict)

    def add(self, cells: Sequence[str]) -> None:
        """Take more cells in."""
        text = "\n".join(cells)
        if not (self.is_number or self.is_read_on) or self._add_plain(text, cells):
            return
        for cell in {*map(str.strip, cells)} - MISSING_WORDS:
            self._add_cell(numerals.without_currency(cell))

    def _add_plain(self, text: str, cells: Sequence[str]) -> bool:
        """Take cells in that are written as programs do, if with decimal commas; return whether they are."""
        mark: Mark | None = "," if "," in text else "." if "." in text else None
        if plain_numbers([*filter(None, cells)], mark) is None:
            return False
        if mark:
            ambiguous = AMBIGUOUS_LINE.findall(text)
            if text.count(mark) > len(ambiguous):
                self.clear.add(mark)
            if ambiguous:
                self._add_ambiguous(mark, ambiguous)
        return True

    def _add_ambiguous(self, mark: Mark, cells: Sequence[str]) -> None:
        self.ambiguous.setdefault(mark, cells[0])
        if self.clear:
            return  # what a field accepts doesn't matter any more
        numbers = [float(cell.replace(",", ".")) for cell in cells]
        grouping: Mark = "," if mark == "." else "."
        self._widen(mark, numbers, all(map(float.is_integer, numbers)))
        self._widen(grouping, [float(round(1000 * number)) for number in (min(numbers), max(numbers))], True)

    def _widen(self, mark: Mark, numbers: Sequence[float], is_whole: bool) -> None:
        span = self.spans.get(mark, Span(numbers[0], numbers[0], True))
        low, high = min(span.low, *numbers), max(span.high, *numbers)
        self.spans[mark] = Span(low, high, span.is_whole and is_whole)

    def _add_cell(self, cell: str) -> None:
        numbers = numerals.readings(cell) if cell[:1] in STARTS else {}
        if not numbers:
            self.is_number = False
        elif len(numbers) == 1:
            self.clear |= {*numbers}
        elif numbers["."] != numbers[","]:
            self.ambiguous.setdefault("." if "." in cell else ",", cell)
            for mark, number in numbers.items():
                self._widen(mark, [number], number.is_integer())

    def is_open(self, mark: Mark | None) -> bool:
        """Tell whether a mark, or none, leaves some of its numbers with two readings."""
        return mark is None and bool(self.ambiguous)

    def mark(self, limits: NumberLimits | None, others: Mark | None) -> Mark | None:
        """Return the column's mark.

        Args:
            limits: of its field.
            others: the mark of the file's other columns, or of tables of its kind.
        """
        if self.clear or not self.ambiguous:
            return next(iter(self.clear)) if len(self.clear) == 1 else None
        allowed = [mark for mark in MARKS if limits is None or _allows(limits, self.spans[mark])]
        if len(allowed) == 1:
            return allowed[0]
        return others or ("." if {*self.ambiguous} == {"."} else None)


def _allows(limits: NumberLimits, span: Span) -> bool:
    return limits.low <= span.low and span.high <= limits.high and (span.is_whole or not limits.is_whole)


def evidence(
    rows: Iterator[Sequence[str]], names: Sequence[str], numeric: Collection[str] = (), has_points: bool = False
) -> dict[str, Evidence]:
    """Return what each column of a table says of its decimal mark.

    Args:
        rows: their cells; those that lack some are left out.
        numeric: the columns that are to be of numbers.
        has_points: no cell has a comma: cells without a point, and those of a column with a clear one, say nothing
            then; and once these columns all have one, the rest isn't read.
    """
    columns = {name: Evidence(name in numeric) for name in names}
    is_needed = [name for name in numeric if name in columns]
    while block := [*islice(rows, BLOCK)]:
        whole = [cells for cells in block if len(cells) == len(names)]
        for place, column in enumerate(columns.values()):
            if not has_points:
                column.add([cells[place] for cells in whole])
            elif not column.clear and "." in "".join(cells := [cells[place] for cells in whole]):
                column.add(cells)
        if has_points and is_needed and all(columns[name].clear for name in is_needed):
            break
    return columns


def clear_mark(columns: Iterable[Evidence]) -> Mark | None:
    """Return the mark that more columns have without doubt than the other; None where neither does."""
    clear = [next(iter(column.clear)) for column in columns if column.is_number and len(column.clear) == 1]
    dots, commas = (clear.count(mark) for mark in MARKS)
    return None if dots == commas else "." if dots > commas else ","


def settled(columns: Mapping[str, Evidence], limits: Mapping[str, NumberLimits], known: Mark | None) -> Marks:
    """Return the mark of each column.

    Args:
        limits: of the fields that some belong to.
        known: the mark of tables of its kind.
    """
    others = clear_mark(columns.values()) or known
    return {name: column.mark(limits.get(name), others) for name, column in columns.items()}


def written(columns: Mapping[str, Evidence], marks: Marks, known: Mark | None) -> Mark | None:
    """Return the decimal mark of a table as a whole; None where it has no decimals."""
    used = {mark for mark in marks.values() if mark}
    return clear_mark(columns.values()) or known or (used.pop() if len(used) == 1 else None)
