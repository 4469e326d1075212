"""Explanations of real engines: their background, which is nobody's row, and parts that add up to each answer."""

import math
from typing import Any

import pytest
from sklearn.base import is_classifier

from app import attribution
from app.attribution import attribute
from app.contract import Contract
from app.engines.onnx import Onnx
from app.values import Row
from deploy.models.background import background_rows, us_per_explanation
from deploy.models.compiler.compile import compiled
from tests.models.mixed import FITTED, Mixed

KINDS: list[dict[str, Any]] = [
    {"name": "age", "kind": "integer", "minimum": 0, "maximum": 100, "example": 40},
    {"name": "income", "kind": "number", "missing": True, "example": 30.5},
    {"name": "city", "kind": "category", "others": True, "example": "a",
     "choices": [{"value": value, "label": value} for value in "abc"]},
    {"name": "note", "kind": "text", "example": "an example"},
    {"name": "day", "kind": "date", "example": "2026-11-26"},
    {"name": "member", "kind": "yes_no", "example": True},
]  # fmt: skip


@pytest.fixture(scope="module", params=sorted(FITTED))
def mixed(request: pytest.FixtureRequest) -> Mixed:
    return Mixed(FITTED[request.param], 3 if is_classifier(FITTED[request.param]) else 0)


@pytest.mark.parametrize("exact_fields", [attribution.EXACT_FIELDS, 0], ids=["every combination", "walks"])
def test_parts_add_up_to_the_answer_of_every_engine(mixed, exact_fields, monkeypatch):
    monkeypatch.setattr(attribution, "EXACT_FIELDS", exact_fields)
    contract, estimator = mixed.contract, mixed.pipeline
    has_graph = type(estimator[-1]) is not type(FITTED["neighbours"])
    graph = compiled(contract, estimator, mixed.reference.arranged) if has_graph else b""
    engines = [mixed.reference, *([Onnx(contract, graph)] if graph else [])]
    background = background_rows(contract, mixed.rows)
    row = mixed.rows[0]
    assert row[1] is None, "it lacks its income"
    for engine in engines:
        outputs = engine.compute([row])
        label = outputs.labels[0] if outputs.labels else None
        parts = attribute(engine, background, row, label)
        (answer,) = attribution.heights_of(outputs, label)
        assert parts.answer == pytest.approx(answer, abs=1e-9)
        assert parts.baseline + math.fsum(parts.contributions) == pytest.approx(answer, abs=1e-9)


def contract(fields: list[dict[str, Any]]) -> Contract:
    return Contract.model_validate({
        "name": "kinds", "title": "Kinds", "description": "For the tests.",
        "predicts": {"kind": "regression", "label": "answer"},
        "fields": [{"label": field["name"], **field} for field in fields],
    })  # fmt: skip


def table() -> list[Row]:
    return [
        [20 + place % 60, None if place % 4 == 0 else place + 0.25, "aab"[place % 3] if place else "Ana García 1234",
         f"a secret of person {place}", f"2026-01-{1 + place % 28:02}", place % 8 == 0]
        for place in range(840)
    ]  # fmt: skip


def test_background_lies_as_the_table_and_is_nobody():
    rows = background_rows(contract(KINDS), table())
    age, income, city, note, day, member = (list(column) for column in zip(*rows, strict=True))
    assert sorted(age)[:2] == [20, 22] and max(age) == 79 and all(type(value) is int for value in age)
    assert income.count(None) == 8 and abs(sum(filter(None, income)) / 24 - 420) < 5
    assert {value: city.count(value) for value in {*city}} == {"a": 21, "b": 11}, "what isn't a choice may be a name"
    assert {*note} == {"an example"}
    assert min(day) == "2026-01-01" and max(day) == "2026-01-28"
    assert member.count(True) == 4
    assert rows == background_rows(contract(KINDS), table())
    people = {tuple(row[:3]) for row in table()}
    assert not people & {tuple(row[:3]) for row in rows}


def test_background_without_a_table_is_what_the_contract_shows():
    rows = background_rows(contract(KINDS), [])
    age, income, city, _, day, member = (list(column) for column in zip(*rows, strict=True))
    assert (min(age), max(age)) == (2, 98)
    assert ({*income}, {*city}, {*day}) == ({30.5}, {*"abc"}, {"2026-11-26"})
    assert member.count(True) == 16


def test_nothing_is_explained_of_a_single_field_or_where_the_model_fails():
    class Failing:
        gives_probabilities = False

        def compute(self, rows: Any) -> Any:
            raise ValueError("a root of a negative number")

    assert background_rows(contract(KINDS[:1]), table()) == []
    assert us_per_explanation(contract(KINDS[:1]), Failing(), []) is None
    assert us_per_explanation(contract(KINDS), Failing(), table()) is None
