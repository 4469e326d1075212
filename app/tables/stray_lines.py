"""What people write below the names of a table's columns that is no row: units at its beginning, a total at its end."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from app import numerals
from app.faults import Fault, InvalidInput
from app.languages import N_
from app.missing import MISSING_WORDS
from app.model import Model
from app.tables.heading import RawRow

TOTALS = frozenset(("total", "totals", "grand total", "totales", "total general", "suma", "sum", "subtotal"))
"""What the last line of a table begins with, where it isn't a row; in lower case."""

LOOKS_LIKE_UNITS = Fault(N_("looks like units or other words about the columns, not like a row: delete this line"))
LOOKS_LIKE_TOTAL = Fault(N_("looks like a total, not like a row: delete this line, or its first word"))


def are_units(model: Model, values: Mapping[str, str]) -> bool:
    """Tell whether a row has words where all its numbers are to be.

    Args:
        values: of the model's fields.
    """
    return all_words(
        values[field.name] for field in model.contract.fields if field.number_limits and field.name in values
    )


def all_words(cells: Iterable[str]) -> bool:
    """Tell whether there are cells, none of which is a number or missing."""
    stripped = [cell.strip() for cell in cells]
    return bool(stripped) and not any(cell in MISSING_WORDS or numerals.readings(cell) for cell in stripped)


def is_total(model: Model, names: Sequence[str], row: RawRow, rows: Iterable[RawRow]) -> bool:
    """Tell whether the last row of a table is a total; not where its field knows the word.

    Args:
        names: of the columns.
        rows: of the whole table.
    """
    if (place := total_place(row)) is None or place >= len(names):
        return False
    name, word = names[place], (row[1] or [])[place]
    return not _takes(model, name, word) and is_only_total(row, rows, place)


def total_place(row: RawRow, known: Collection[str] = ()) -> int | None:
    """Return where a row begins with a word for a total; None where it doesn't, or where the word is a known one."""
    cells = row[1] or []
    place = next((place for place, cell in enumerate(cells) if cell.strip()), None)
    return place if place is not None and _is_word(cells[place]) and cells[place].strip() not in known else None


def is_only_total(row: RawRow, rows: Iterable[RawRow], place: int) -> bool:
    """Tell whether no row but one has a word for a total in its place: else it is one of the table's categories."""
    others = (cells for number, cells in rows if number != row[0] and cells is not None and len(cells) > place)
    return not any(_is_word(cells[place]) for cells in others)


def _takes(model: Model, name: str, word: str) -> bool:
    if name not in model.validator.names:
        return False
    try:
        model.validator.text({name: word})
    except InvalidInput as refusal:
        return name not in refusal.faults
    return True


def _is_word(cell: str) -> bool:
    return cell.strip().rstrip(":").casefold() in TOTALS
