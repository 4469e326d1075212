"""Kinds of field: each answers for itself, and nobody else asks which one a field is."""

import re
from typing import Any, get_args

import pytest

from app.fields import KINDS, Column, recognised
from deploy.base.paths import KIT

ASKED = re.compile(r"\b(?!Model|Form|File|Found)[A-Z]\w+Field\b|\b(field|each|of): Any\b|\bfield\.kind (==|!=|in)\b")
"""The name of a kind's class, a field of no type, or a question for the kind."""

NO_KINDS = ("AnyField", "RadioField", "SelectField", "StringField", "TextAreaField", "ContractField")


def test_nobody_outside_asks_which_kind_a_field_is():
    files = [file for room in ("app", "deploy") for file in (KIT / room).rglob("*.py")]
    found = [(str(file.relative_to(KIT)), match[0]) for file in files if file.parent != KIT / "app" / "fields"
             for match in ASKED.finditer(file.read_text()) if match[0] not in NO_KINDS]  # fmt: skip
    assert found == []


def test_every_kind_of_the_folder_is_in_the_list():
    written = re.findall(r'kind: Literal\["(\w+)"\]', "".join(file.read_text() for file in
                         (KIT / "app" / "fields").glob("*.py")))  # fmt: skip
    assert sorted(written) == sorted(KINDS)
    assert all(get_args(kind.model_fields["kind"].annotation) == (name,) for name, kind in KINDS.items())


COLUMNS: list[tuple[Column, dict[str, Any]]] = [
    (Column([]), {"kind": "number", "example": 0.0}),
    (Column([1, 3, 2]), {"kind": "integer", "example": 2, "minimum": 1, "maximum": 3}),
    (Column([1, 2.5]), {"kind": "number", "example": 2.5, "minimum": 1, "maximum": 2.5}),
    (Column([7, 7]), {"kind": "integer", "example": 7}),
    (Column([True, False, True]), {"kind": "yes_no", "example": True}),
    (Column(["b", "a", "b"]), {"kind": "category", "choices": ["a", "b"], "example": "b"}),
    (Column([1, 2, 2], [1, 2, 3]), {"kind": "category", "choices": [1, 2, 3], "example": 2}),
    (Column([], ["x", "y"]), {"kind": "category", "choices": ["x", "y"], "example": "x"}),
    (Column([False], [False, True]), {"kind": "yes_no", "example": False}),
    (Column([f"text {number}" for number in range(101)]),
     {"kind": "text", "example": "text 0", "maximum_characters": 1000}),
]  # fmt: skip


@pytest.mark.parametrize(("column", "properties"), COLUMNS)
def test_kind_of_a_table_s_column(column, properties):
    assert recognised(column) == properties


def test_usual_value_of_a_long_column_is_found_at_once():
    """In a time that grows with the column, not with its square."""
    assert recognised(Column([True, False, False] * 200_000))["example"] is False
