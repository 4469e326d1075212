"""The line that names a table's columns: the first, or one below a title where it alone has all the names.

Where none has them all, a sentence says which line has some, and what to do.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from app.faults import Fault
from app.languages import N_, gettext
from app.tables.header import SHOWN, without_blanks
from app.unknown_names import UnknownNames

RawRow = tuple[int, list[str] | None]
"""A row as read: its number in the file, and its cells; None where it can't be read."""

FIRST_ROWS = 20
"""Of a table, among which the names are looked for."""

NAMED = 8
"""Columns that a sentence names."""


class Heading(NamedTuple):
    """The row that names a table's columns.

    Attributes:
        number: of its line.
        above: rows that stand above it, and have something in them.
    """

    number: int
    cells: list[str]
    above: int


def heading(rows: Iterable[RawRow], required: Collection[str]) -> Heading | None:
    """Return the first row that has all names of a model's columns; None where none does, or none is known."""
    names = {*map(without_blanks, required)}
    for above, (number, cells) in enumerate(islice(rows, FIRST_ROWS)):
        if names and cells and names <= {*map(without_blanks, cells)}:
            return Heading(number, cells, above)
    return None


def left_out(found: Heading) -> list[Fault]:
    """Return what a table's answer says of the lines above its names."""
    message = N_("line %(line)s names the columns: what stands above it was left out")
    return [Fault(message, {"line": found.number})] if found.above else []


def hint(rows: Iterable[RawRow], missing: Sequence[str]) -> Fault | None:
    """Return how a table's first lines can be mended that don't name some of the columns; None where nothing is seen.

    Args:
        rows: from the first line on, the one that was taken for the names among them.
        missing: the names that it lacks; none where the model knows no names.
    """
    first = [(number, cells) for number, cells in islice(rows, FIRST_ROWS) if cells]
    for number, cells in first[1:]:
        written = {*map(without_blanks, cells)}
        if names := [name for name in missing if without_blanks(name) in written]:
            message = N_("Line %(line)s has %(names)s: write all names into one line, and delete what stands above it.")
            return Fault(message, {"line": number, "names": ", ".join(name[:SHOWN] for name in names[:NAMED])})
    widths = [sum(map(bool, map(str.strip, cells))) for _, cells in first]
    if widths[:1] == [1] and max(widths) > 1:
        message = N_("Line %(line)s looks like a title: delete it, so that the first line names the columns.")
        return Fault(message, {"line": first[0][0]})
    return None


def listed(missing: Sequence[str], unused: Sequence[str]) -> str:
    """Return the first of the columns that a table lacks, each with the one that may be a spelling of it.

    Args:
        unused: the columns that the table has besides.
    """
    others = UnknownNames(unused)
    near = [(name[:SHOWN], others.similar(name)[:SHOWN]) for name in missing[:NAMED]]
    question = N_("%(name)s (“%(other)s”?)")
    named = [gettext(question, name=name, other=other) if other else name for name, other in near]
    return ", ".join([*named, *(["…"] if missing[NAMED:] else [])])
