"""The what-if curves: where the row stands on each, and what becomes of a value that the model refuses."""

import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from app import whatif
from app.engines import EngineOutputs
from app.fields import AnyField
from app.whatif import curves, ranked

ENTERED = {"altura (cm)": "170", "plan": "10", "nota": "hola", "niños": "2"}
DAY = 6


def test_missing_value_has_no_place_on_its_curve(submit, monkeypatch):
    monkeypatch.setattr(whatif, "FLAT", 0)
    circles = []
    for day in ("2026-01-31", ""):
        page = submit("every_kind", ENTERED | {"día": day}, language="en").text
        (figure,) = re.findall(r'<figure class="card">(?:(?!<figure).)*?>Day</figcaption>.*?</figure>', page, re.S)
        (label,) = re.findall(r'aria-label="([^"]*)"', figure)
        circles.append((figure.count("<circle"), len(label.split("; "))))
    assert circles == [(1, 3), (0, 2)]


@pytest.mark.parametrize(("here", "there"), [(2.5, 2.5), (3.0, 3.0), (None, None)])
def test_value_that_is_not_whole_is_tried_as_it_is(here, there):
    properties = {"name": "x", "label": "X", "kind": "number", "example": 1, "seen": {
        "minimum": 0, "maximum": 9, "whole": True}}  # fmt: skip
    values = TypeAdapter(AnyField).validate_python(properties).alternatives(here)
    assert [value for value in values if value == here or value % 1] == ([] if there is None else [there])
    assert len(values) == len({*range(10)} | ({here} if here else set()))


@pytest.mark.parametrize("function", [curves, ranked])
def test_field_of_which_a_value_is_refused_is_left_out(app, function):
    model = app.extensions["models"]["every_kind"]
    row = model.validator.typed(model.contract.example)
    calls = []

    class Refuses:
        gives_probabilities = True

        def compute(self, rows: Any) -> EngineOutputs:
            calls.append(len(rows))
            if any(other[DAY] != row[DAY] for other in rows):
                raise ValueError("a root of a negative number")
            return model.engine.compute(rows)

    prediction = model.predict([row])[0]
    places = [range(len(row))] if function is curves else []
    with app.test_request_context(headers={"Accept-Language": "en"}):
        all_of_them = function(model, row, prediction, *places)
        left = function(replace(model, engine=Refuses()), row, prediction, *places)
    is_day = (lambda curve: curve.label == "Day") if function is curves else (lambda place: place == DAY)
    assert [*filter(is_day, left)] == [] and [*filter(is_day, all_of_them)] != []
    assert len(left) == len(all_of_them) - 1
    assert len(calls) < 2 * len(row)
