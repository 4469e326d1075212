"""A number as people read and write it: with its unit or without (``40 m²``, ``12 €``, ``€12``), with either mark."""

import re
from collections.abc import Callable, Iterable, Sequence

from app import numerals
from app.faults import Refused
from app.languages import N_, Numeral, current
from app.numerals import Mark
from app.texts import LANGUAGES, Texts

SIGNS = frozenset("0123456789.,+-−'’")
"""What a number may begin or end with: a unit that did too would take a part of it."""

LEADING_SIGNS = ("+", "-", "−")
"""They stand before a unit that precedes its number, too: -€12."""

RAISED = str.maketrans("²³", "23")
"""What few keyboards have, and how people type it."""

HUMP, GAP = re.compile(r"(?<=[a-zñ])(?=[A-Z])"), re.compile(r"[\W\d_]+")
"""What is between the words of YearBuilt, and of year_built."""

CODES = frozenset(("año", "code", "codigo", "código", "cp", "id", "postal", "postcode", "year", "zip", "zipcode"))
YEARS = (1000, 2999)


class NumberText:
    """How a field's numbers are read and written.

    Args:
        unit: of the field.
        is_plausible: whether the field may well have a number.
        is_whole: whether it has whole numbers alone.
        is_grouped: whether the thousands are grouped where people read them.
    """

    def __init__(
        self, unit: Texts | None, is_plausible: Callable[[float], bool], is_whole: bool, is_grouped: bool
    ) -> None:
        self._unit, self._is_plausible, self._is_whole, self._is_grouped = unit, is_plausible, is_whole, is_grouped
        self._without_unit = unit_remover([unit[language] for language in LANGUAGES] if unit else numerals.CURRENCIES)

    @property
    def unit(self) -> str:
        """The unit, in the language of the request; empty where there is none."""
        return self._unit[current()] if self._unit else ""

    def read(self, text: str, mark: Mark | None) -> float:
        """Return the number that a text is.

        Raises:
            Refused: it is none; or not plausible as its mark has it, but as the other mark has it.
        """
        text = self._without_unit(text)
        value = numerals.parse(text, mark)
        readings = () if self._is_plausible(value) else numerals.readings(text).values()
        if any(map(self._is_plausible, readings)):
            raise _two_readings(value, readings, self._is_whole)
        return value

    def numeral(self, value: float) -> Numeral:
        """Return a number as people read it, exactly."""
        return Numeral(value, self._is_grouped)

    def entry(self, value: float) -> str:
        """Return a number as an input holds it, in the language of the request."""
        return str(Numeral(value, is_grouped=False))

    def read_back(self, text: str, value: float) -> str:
        """Return what a text was read as, with the unit; nothing where it was written as pages write it."""
        printed = str(self.numeral(value))
        is_plain = self._without_unit(text.strip()) in ("", printed, self.entry(value))
        return "" if is_plain else f"{printed} {self.unit}".rstrip()


def is_code(name: str, numbers: Sequence[float]) -> bool:
    """Tell whether a field's numbers are years, postcodes or other codes, whose thousands nobody groups.

    Args:
        numbers: some of them, its range's ends among them.
    """
    words = GAP.split(HUMP.sub(" ", name).casefold())
    return not CODES.isdisjoint(words) or all(YEARS[0] <= number <= YEARS[1] and not number % 1 for number in numbers)


def unit_remover(units: Iterable[str]) -> Callable[[str], str]:
    """Return a function that takes a unit away from a text, and leaves a text without one as it is.

    Args:
        units: as either language writes them.
    """
    names = {spelling for unit in units for spelling in _spellings(unit)}
    behind = tuple(sorted((name for name in names if name[0] not in SIGNS), key=len, reverse=True))
    before = tuple(name for name in behind if name[-1] not in SIGNS)

    def remove(text: str) -> str:
        folded = text.casefold()
        if numerals.readings(text):
            return text
        if unit := next(filter(folded.endswith, behind), ""):
            return folded.removesuffix(unit).rstrip()
        sign = folded[:1] if folded.startswith(LEADING_SIGNS) else ""
        number = folded.removeprefix(sign).lstrip()
        unit = next(filter(number.startswith, before), "")
        return sign + number.removeprefix(unit).lstrip() if unit else text

    return remove


def _two_readings(value: float, readings: Iterable[float], is_whole: bool) -> Refused:
    """Return why a text is refused that could be two numbers, and how to write each so that it can't be the other.

    Args:
        value: the one that the page takes it for: three decimals would be asked for again, four can't be thousands.
        is_whole: whether it must be a whole number.
    """
    decimal, whole = sorted(readings, key=abs)
    written, plain = str(Numeral(decimal)), Numeral(whole, is_grouped=False)
    if is_whole and decimal % 1:
        message = N_("is not a whole number; if you mean %(plain)s, write it like that")
        return Refused(message, plain=plain)
    if value == decimal and len({*numerals.readings(written).values()}) > 1:
        written += "0"
    message = N_("can be read in two ways: write %(plain)s or %(decimal)s")
    return Refused(message, plain=plain, decimal=written)


def _spellings(unit: str) -> set[str]:
    name = unit.casefold()
    return {name, name.translate(RAISED), name.replace(" ", "")}
