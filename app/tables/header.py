"""The names of a table's columns: as pandas calls them, or as the model does where only blanks differ."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from app.languages import N_
from app.tables.bad_table import BadTable

SHOWN = 100
"""Characters of a name in a sentence."""


def column_names(header: Sequence[str], known: Collection[str]) -> list[str]:
    """Return a name for each cell of a header, no two alike.

    A blank cell is "Unnamed: 0" by its place, and a name that repeats becomes "name.1", as in pandas' frames.

    Args:
        known: the names of the model's columns.

    Raises:
        BadTable: a name that the model knows appears twice.
    """
    by_blanks = _by_blanks(known)
    names = [_name(place, cell, known, by_blanks) for place, cell in enumerate(header)]
    unique = _unique(names)
    for name, other in zip(names, unique, strict=True):
        if name != other and name in known and other not in known:
            raise BadTable(N_("The column “%(name)s” appears twice."), name=name[:SHOWN])
    return unique


def _by_blanks(known: Iterable[str]) -> dict[str, str]:
    """Return name without its blanks → name, where only one has it."""
    names = [*known]
    counts = Counter(map(without_blanks, names))
    return {key: name for name in names if counts[key := without_blanks(name)] == 1}


def without_blanks(text: str) -> str:
    """Return a text without blanks at its ends, and with single ones inside."""
    return " ".join(text.split())


def _name(place: int, cell: str, known: Collection[str], by_blanks: dict[str, str]) -> str:
    if cell in known:
        return cell
    if not (key := without_blanks(cell)):
        return f"Unnamed: {place}"
    return by_blanks.get(key, cell.strip())


def _unique(names: Sequence[str]) -> list[str]:
    taken, times, unique = {*names}, Counter[str](), list[str]()
    for name in names:
        other = name
        while times[name] and other in taken:
            other = f"{name}.{times[name]}"
            times[name] += 1
        times[name] = times[name] or 1
        taken.add(other)
        unique.append(other)
    return unique
