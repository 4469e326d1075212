"""The what-if curves: where the row stands on each, what a click enters, what becomes of a value that is refused."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from app import whatif
from app.engines import EngineOutputs
from app.fields import AnyField
from app.whatif import Curve, Point, curves, ranked

ENTERED = {"altura (cm)": "170", "plan": "10", "nota": "hola", "niños": "2"}
DAY = 6


def test_missing_value_has_no_place_on_its_curve(submit, monkeypatch):
    monkeypatch.setattr(whatif, "FLAT", 0)
    circles = []
    for day in ("2026-01-31", ""):
        page = submit("every_kind", ENTERED | {"día": day}, language="en").text
        (figure,) = re.findall(r'<figure class="card">(?:(?!<figure).)*?>Day</figcaption>.*?</figure>', page, re.S)
        (label,) = re.findall(r'<svg [^>]*aria-label="([^"]*)"', figure)
        circles.append((figure.count('<circle class="here"'), len(label.split("; "))))
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


def typed(kind: str, **properties: Any) -> Any:
    return TypeAdapter(AnyField).validate_python({"name": "x", "label": "X", "kind": kind, **properties})


@pytest.mark.parametrize(
    ("field", "landmarks"),
    [({"kind": "number", "minimum": 0, "maximum": 24, "example": 7.5}, [0, 7.5, 12, 24]),
     ({"kind": "number", "minimum": 20, "maximum": 313, "example": 313}, [20, 170, 313]),
     ({"kind": "number", "minimum": -0.25, "maximum": 0.0831, "example": 0}, [-0.25, -0.08, 0, 0.0831]),
     ({"kind": "number", "minimum": 0, "example": 1}, []),
     ({"kind": "number", "minimum": -1.7e308, "maximum": 1.7e308, "example": 1}, [-1.7e308, 0, 1, 1.7e308]),
     ({"kind": "number", "minimum": 1.6e308, "maximum": 1.797e308, "example": 1.7e308},
      [1.6e308, 1.7e308, 1.797e308]),
     ({"kind": "number", "example": 1, "seen": {"minimum": 3, "maximum": 3}}, [3]),
     ({"kind": "number", "minimum": 0.5, "maximum": 9.5, "example": 2, "seen": {"whole": True}}, [1, 2, 5, 9]),
     ({"kind": "integer", "minimum": 0, "maximum": 1, "example": 0}, [0, 1]),
     ({"kind": "date", "minimum": "2026-01-01", "maximum": "2026-01-31", "example": "2026-01-05"},
      ["2026-01-01", "2026-01-05", "2026-01-16", "2026-01-31"])],
)  # fmt: skip
def test_ends_a_round_middle_and_the_example_are_worth_a_click(field, landmarks):
    own = typed(**field)
    assert [*own.landmarks()] == landmarks
    assert {*landmarks} <= {*own.alternatives(None)}
    assert all(isinstance(value, int) for value in landmarks) or field["kind"] != "integer"


def test_values_of_a_line_are_ones_that_people_would_enter():
    for low, high, digits in ((0, 24, 1), (-0.25, 0.0831, 3), (1000, 9000, 0)):
        field = typed("number", minimum=low, maximum=high, example=low)
        assert all(value == round(value, digits) for value in field.alternatives(None)[1:-1])
        assert len(field.alternatives(None)) >= 25


def clicks(page: str) -> dict[str, str]:
    """Return what a page's values send when they are clicked on: change → prediction."""
    pattern = r'<button class="value"[^>]* name="puerto_change" value="([^"]+)"><span>[^<]*</span> <span>([^<]*)</span>'
    return {html.unescape(change): prediction for change, prediction in re.findall(pattern, page)}


@pytest.mark.parametrize("language", ["es", "en"])
def test_click_on_a_value_gives_the_answer_that_its_chart_showed(submit, language):
    entered = ENTERED | {"cita": "2026-03-01T10:00", "libre": "0,5" if language == "es" else "0.5"}
    page = submit("every_kind", entered, language=language).text
    assert len(clicks(page)) > 9
    for change, prediction in [*clicks(page).items()][::3]:
        changed = submit("every_kind", entered | {"puerto_change": change}, language=language).text
        assert prediction in re.sub(r"<details.*", "", changed, flags=re.S), change
        assert changed.count('aria-current="true"><span>') >= page.count('aria-current="true"><span>'), change


def test_click_keeps_the_other_fields_and_the_form_shows_the_value(submit):
    entered = {"class": "third", "sex": "female", "age": "adult"}
    assert "0:first" in clicks(submit("titanic", entered, language="en").text)
    for sent in (entered, {"sex": "female", "age": "adult"}):
        changed = submit("titanic", sent | {"puerto_change": "0:first"}, language="en").text
        assert '<h2 id="answer">You would have survived</h2>' in changed
        assert re.findall(r'<option selected value="([^"]*)"', changed) == ["first", "female", "adult"]


@pytest.mark.parametrize("change", ["99:first", "-1:first", "x:first", "²:first", "9" * 5000 + ":first", ":first", ""])
def test_click_that_changes_no_field_answers_what_was_entered(submit, change):
    sent = {"class": "crew", "sex": "female", "age": "adult", "puerto_change": change}
    assert '<option selected value="crew"' in submit("titanic", sent, language="en").text


def test_click_on_a_wrong_value_is_refused_beside_its_field(submit):
    answer = submit("exam", {"estudio": "6", "sueno": "8", "puerto_change": "0:x"}, language="en")
    assert answer.status_code == 422 and 'id="field-0-error"' in answer.text


@pytest.mark.parametrize(("heights", "untried", "is_flat"), [((0.5, 0.501), 0, True), ((0.5, 0.501), 9, False),
                                                            ((0.5, 0.6), 0, False)])  # fmt: skip
def test_field_of_which_choices_are_untried_is_not_called_flat(heights, untried, is_flat):
    points = [Point("", "", 0, height, False, "") for height in heights]
    curve = Curve(0, "X", False, points, None, "0", "1", from_nothing=True, untried=untried)
    assert curve.is_flat == is_flat
