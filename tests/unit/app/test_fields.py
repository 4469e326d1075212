"""Kinds of field: each knows its own values, and no other module examines which kind a field is."""

import re
from typing import Any, get_args

import pytest

from app.fields import KINDS, Column, recognised
from app.fields.text import EXAMPLE
from deploy.base.paths import KIT

KIND_TESTS = re.compile(
    r"\b(?!Model|Form|File|Found)[A-Z]\w+Field\b|\b(field|each|of|item): Any\b|\bfield\.kind (==|!=|in)\b"
)
"""The name of a kind's class, a field without a type, or a comparison of its kind."""

NO_KINDS = ("AnyField", "RadioField", "SelectField", "StringField", "TextAreaField", "ContractField")


def test_no_module_outside_examines_a_field_s_kind():
    files = [file for room in ("app", "deploy") for file in (KIT / room).rglob("*.py")]
    outside = [file for file in files if file.parent != KIT / "app" / "fields"]
    matches = [(file, match[0]) for file in outside for match in KIND_TESTS.finditer(file.read_text())]
    assert [(str(file.relative_to(KIT)), text) for file, text in matches if text not in NO_KINDS] == []


def test_every_kind_of_the_folder_is_in_the_list():
    sources = "".join(file.read_text() for file in (KIT / "app" / "fields").glob("*.py"))
    kinds = re.findall(r'kind: Literal\["(\w+)"\]', sources)
    assert sorted(kinds) == sorted(KINDS)
    assert all(get_args(kind.model_fields["kind"].annotation) == (name,) for name, kind in KINDS.items())


COLUMNS: list[tuple[Column, dict[str, Any]]] = [
    (Column([]), {"kind": "number", "example": 0.0}),
    (Column([1, 3, 2]), {"kind": "number", "example": 2, "seen": {"minimum": 1, "maximum": 3, "whole": True}}),
    (Column([1, 2.5]), {"kind": "number", "example": 2.5, "seen": {"minimum": 1, "maximum": 2.5, "whole": False}}),
    (Column([1.0, 2.0]), {"kind": "number", "example": 2, "seen": {"minimum": 1, "maximum": 2, "whole": True}}),
    (Column([0, 1] * 5), {"kind": "yes_no", "example": False, "others": True}),
    (Column([True, False, True]), {"kind": "yes_no", "example": True}),
    (Column(["b", "a", "b"]), {"kind": "category", "choices": ["a", "b"], "example": "b"}),
    (Column([1, 2, 2], [1, 2, 3]), {"kind": "category", "choices": [1, 2, 3], "example": 2}),
    (Column([], ["x", "y"]), {"kind": "category", "choices": ["x", "y"], "example": "x"}),
    (Column([False], [False, True]), {"kind": "yes_no", "example": False}),
    (Column([f"text {number}" for number in range(101)]),
     {"kind": "text", "example": EXAMPLE, "maximum_characters": 1000}),
    (Column([f"Mrs {number}" for number in range(30)]),
     {"kind": "text", "example": EXAMPLE, "maximum_characters": 1000}),
]  # fmt: skip


@pytest.mark.parametrize(("column", "properties"), COLUMNS)
def test_kind_of_a_table_s_column(column, properties):
    assert recognised(column) == properties


def test_usual_value_of_a_long_column_is_found_at_once():
    """In a time that grows with the column, not with its square."""
    assert recognised(Column([True, False, False] * 200_000))["example"] is False


def test_yes_or_no_of_a_table_is_read_by_its_column_s_mark():
    """pandas writes 1 as 1.000 where it is told to write three decimals."""
    field = KINDS["yes_no"](kind="yes_no", name="f", label="F", example=True, others=True)
    read = field.readers().text
    assert [read(text, ".") for text in ("1.000", "0.000", "1.00")] == [True, False, True]
    assert read("1,000", ",") is True
