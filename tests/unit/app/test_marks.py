"""The decimal mark of a column, decided by all its cells, its field's range, the file's other columns, or its kind."""

import math

import pytest

from app.fields.parts import NumberLimits
from app.tables import marks

ANY = NumberLimits(-math.inf, math.inf, False)
COLUMNS = {
    "clear points": (["2.536", "12.5", "7"], ANY, None, "."),
    "clear commas": (["2,536", "12,5", "7"], ANY, None, ","),
    "thousands and decimals": (["1.234,50", "2.536"], ANY, None, ","),
    "thousands twice": (["1.234.567", "2.536"], ANY, None, ","),
    "both": (["1,5", "1.5", "2.536"], ANY, ",", None),
    "whole numbers": (["7", "12", ""], ANY, None, None),
    "points alone are decimals": (["2.536", "7.727"], ANY, None, "."),
    "commas alone are open": (["2,536", "7,727"], ANY, None, None),
    "known for its kind": (["2,536", "7,727"], ANY, ",", ","),
    "points that are known for thousands": (["2.536", "7.727"], ANY, ",", ","),
    "both alone are open": (["2.536", "7,727"], ANY, None, None),
    "only thousands are in the range": (["2,536", "7,727"], NumberLimits(1000, 9000, False), ",", "."),
    "only decimals are in the range": (["2,536", "7,727"], NumberLimits(0, 10, False), ".", ","),
    "the range of thousands, with points": (["2.536", "7.727"], NumberLimits(1000, 9000, False), None, ","),
    "must be whole": (["2.536", "7.000"], NumberLimits(-math.inf, math.inf, True), None, ","),
    "missing words between": (["2,5", "NA", "?", "-", " "], ANY, None, ","),
    "spaces group": (["1 234,5", "2.536"], ANY, None, ","),
}  # fmt: skip
"""Cells, what the field accepts, what is known of tables of its kind → the mark."""


@pytest.mark.parametrize("kind", COLUMNS)
def test_mark_of_a_column(kind):
    cells, limits, known, expected = COLUMNS[kind]
    assert mark_of({"a": cells}, {"a": limits}, known) == expected


def mark_of(columns: dict[str, list[str]], limits: dict[str, NumberLimits], known: marks.Mark | None) -> object:
    rows = zip(*columns.values(), strict=True)
    return marks.settled(marks.evidence(rows, [*columns], limits), limits, known)["a"]


OTHERS = {
    "a clear one": ({"b": ["0,5", "1,25"]}, ","),
    "a date": ({"b": ["03.11.2024", "04.11.2024"]}, None),
    "texts with numbers": ({"b": ["1.5 kg", "1.2"]}, None),
    "one of each": ({"b": ["0,5", "1"], "c": ["0.5", "1"]}, None),
    "most of them": ({"b": ["0,5", "1"], "c": ["0.5", "1"], "d": ["0,5", "1"]}, ","),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_clear_columns_decide_for_those_that_are_open(kind):
    others, expected = OTHERS[kind]
    assert mark_of({"a": ["2,536", "7,727"], **others}, {}, None) == expected


def test_column_of_numbers_is_read_on_behind_what_is_none():
    assert mark_of({"a": ["2,536", "x", "7,5"]}, {"a": ANY}, None) == ","


def test_numbers_that_are_written_plainly_are_seen_as_one_by_one():
    cells = ["2.536", "12.500", "999.999", "-1.000"]
    (quick,) = marks.evidence(([cell] for cell in cells), ["a"]).values()
    slow = marks.Evidence()
    for cell in cells:
        slow._add_cell(cell)
    assert quick == slow


def test_rest_of_a_table_with_points_is_not_read():
    rows = (["2.5"] for _ in range(10**9))
    assert marks.evidence(rows, ["a"], ["a"], has_points=True)["a"].clear == {"."}
