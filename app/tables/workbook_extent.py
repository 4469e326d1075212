"""How far a workbook's cells go, and what their texts amount to, counted while its XML is parsed.

Of a row or column that is far away, all that lies before it would be in memory; and a text that cells share is in
memory once for each of them.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from xml.parsers import expat

from app.languages import N_
from app.tables.bad_table import BadTable

MOST_CELLS, MOST_ELEMENTS, MOST_TEXT = 300_000, 2_000_000, 64 << 20
"""Cells of a sheet as it comes back, elements of all XML, and characters of shared texts, as often as they are used.

So many cells take some ten seconds, of the thirty that a request may take, and some 60 MiB.
"""

MOST_NAMES = 2000
"""Of elements: the format itself has some hundreds, and parsing takes the longer, the more there are."""

ADDED = 4
"""Columns that the answer adds: a narrow sheet costs the more for them, since each row does."""

LETTERS = re.compile(r"[A-Z]{0,3}", re.IGNORECASE | re.ASCII)
"""Of a column's name: XFD is the last."""


class Extent:
    """The cells of one workbook.

    Args:
        most_columns: that a sheet may have with values in them.
    """

    def __init__(self, most_columns: int) -> None:
        self._most_columns = most_columns
        self._elements = 0
        self._elements_begun: dict[str, Callable[[dict[str, str]], None] | None] = {}
        self._with_texts: expat.XMLParserType | None = None
        self._lengths: list[int] = []
        self._uses = Counter[str]()

    def parser(self) -> expat.XMLParserType:
        """Return what parses the next file of the workbook."""
        self._parser = parser = expat.ParserCreate()
        parser.StartElementHandler = self._count
        parser.StartDoctypeDeclHandler = self._refuse
        self._rows = self._columns = self._row = self._column = 0
        self._is_shared = self._has_index = False
        return parser

    def check_texts(self) -> None:
        """Check what the shared texts amount to, once all is parsed.

        Raises:
            BadTable: too much.
        """
        lengths = dict(zip(map(str, range(len(self._lengths))), self._lengths, strict=True))
        if sum(uses * lengths.get(index, 0) for index, uses in self._uses.items()) > MOST_TEXT:
            raise too_large()

    def _count(self, name: str, attributes: dict[str, str]) -> None:
        self._add_element()
        try:
            begin = self._elements_begun[name]
        except KeyError:
            begin = self._named(name)
        if begin:
            begin(attributes)

    def _named(self, name: str) -> Callable[[dict[str, str]], None] | None:
        """Return what is done with an element of a name, which isn't known yet."""
        if len(self._elements_begun) == MOST_NAMES:
            raise too_large()
        kinds = {"c": self._begin_cell, "row": self._begin_row, "si": self._begin_text}
        kinds |= dict.fromkeys(("v", "is"), self._begin_value)
        self._elements_begun[name] = begin = kinds.get(name.rpartition(":")[2])
        return begin

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._row, self._column = _number(attributes.get("r", "")) or self._row + 1, 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        if self._with_texts is self._parser:
            self._refuse()
        if self._is_shared:
            self._parser.CharacterDataHandler = None
        self._is_shared, self._has_index = attributes.get("t") == "s", False
        reference = attributes.get("r", "")
        letters = reference.rstrip("0123456789")
        self._row = _number(reference[len(letters) :]) or self._row
        self._column = _place(letters) or self._column + 1
        self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)
        if self._rows * (self._columns + ADDED) > MOST_CELLS:
            raise too_large()

    def _begin_value(self, _: dict[str, str]) -> None:
        if self._column > self._most_columns:
            raise BadTable(N_("The table has more than %(columns)s columns."), columns=self._most_columns)
        self._parser.CharacterDataHandler = self._add_use if self._is_shared else None

    def _begin_text(self, _: dict[str, str]) -> None:
        """Begin one of the texts that cells share: one file has them, and it has no cells."""
        if self._with_texts not in (None, self._parser) or self._rows:
            self._refuse()
        self._with_texts = self._parser
        self._lengths.append(0)
        self._parser.buffer_text = True
        self._parser.CharacterDataHandler = self._add_length

    def _add_element(self) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise too_large()

    def _add_length(self, text: str) -> None:
        self._add_element()
        self._lengths[-1] += len(text)

    def _add_use(self, text: str) -> None:
        """Take in which text a cell has: a number in one piece, since two may be something else to another reader."""
        self._add_element()
        if not text.isspace():
            if self._has_index or not (text.isascii() and text.isdigit()) or text != str(int(text[:9])):
                self._refuse()
            self._has_index = True
            self._uses[text] += 1

    def _refuse(self, *_: object) -> None:
        raise BadTable(N_("The workbook can't be read: save the table as CSV."))


def _number(digits: str) -> int:
    if len(digits) > len(str(MOST_CELLS)):
        raise too_large()
    return int(digits) if digits.isascii() and digits.isdigit() else 0


@cache
def _place(letters: str) -> int:
    """Return the place of a column, from 1 on: A, B, … AA."""
    if not LETTERS.fullmatch(letters):  # others are many, and would stay in the cache
        raise too_large()
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place


def too_large() -> BadTable:
    """Return the refusal of a workbook that is too large."""
    message = N_("The workbook is too large (at most %(cells)s cells, the answers among them): save the table as CSV.")
    return BadTable(message, cells=MOST_CELLS)
