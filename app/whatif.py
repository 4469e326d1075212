"""What if one field were another: how the answer moves, computed in one batch and drawn as SVG by the template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.check import Value
from app.contract import CategoryField, Classification, IntegerField, NumberField, YesNoField
from app.languages import N_, current, gettext, number
from app.model import Model, Prediction

POINTS = 25
"""Along a number's range."""

FIELDS = 12
CHOICES = 12
WIDTH, HEIGHT = 300, 120
"""Of a curve's drawing, in its own units; text stands outside of it."""


@dataclass(frozen=True)
class Point:
    """One answer: the field's value in words, the answer in words, and both as shares of the axes, 0 to 1."""

    value: str
    answer: str
    x: float
    y: float
    is_here: bool


@dataclass(frozen=True)
class Curve:
    """How the answer moves with one field.

    Attributes:
        label: the field's, with its unit.
        is_number: whether it is a line along a range, rather than a bar for each choice.
        points: in the field's order.
        here: the point that was asked for.
        lowest, highest: the ends of the answer's axis, in words.
    """

    label: str
    is_number: bool
    points: Sequence[Point]
    here: Point
    lowest: str
    highest: str

    @property
    def line(self) -> str:
        """The line's points, for SVG."""
        return " ".join(f"{point.x * WIDTH:.1f},{(1 - point.y) * HEIGHT:.1f}" for point in self.points)


def curves(model: Model, row: list[Value], answer: Prediction) -> list[Curve]:
    """Return a curve for each of the first fields that can move.

    Args:
        row: the values that were asked for.
        answer: the model's for it.
    """
    asked = [
        (place, values) for place, field in enumerate(model.contract.fields) if (values := _values(field, row[place]))
    ]
    asked = asked[:FIELDS]
    moved = [[*row[:place], value, *row[place + 1 :]] for place, values in asked for value in values]
    answers = iter(_heights(model, answer, model.predict(moved)) if moved else [])
    heights = [[next(answers) for _ in values] for _, values in asked]
    low, high = _ends(model, [height for each in heights for height in each])
    return [_curve(model, model.contract.fields[place], values, row[place], each, (low, high))
            for (place, values), each in zip(asked, heights, strict=True)]  # fmt: skip


def _values(field: Any, here: Value) -> list[Value]:
    """Return the values that a field is tried with, the asked one among them."""
    if isinstance(field, YesNoField):
        return [True, False]
    if isinstance(field, CategoryField):
        values: list[Value] = [choice.value for choice in field.choices[:CHOICES]]
        return values if here in values else [*values[:-1], here] if here is not None else values
    if isinstance(field, NumberField | IntegerField) and all(map(math.isfinite, field.bounds)):
        low, high = field.bounds
        steps = {low + (high - low) * step / (POINTS - 1) for step in range(POINTS)}
        steps |= {float(here)} if isinstance(here, int | float) else set()
        return [*sorted({round(step) for step in steps} if isinstance(field, IntegerField) else steps)]
    return []


def _heights(model: Model, answer: Prediction, answers: list[Prediction]) -> list[float]:
    """Return what each answer is drawn as: the answered label's probability, the number, or the label's place."""
    if answer.probabilities is not None and answer.label is not None:
        return [(each.probabilities or ())[answer.label] for each in answers]
    return [float(each.value if each.label is None else each.label) for each in answers]


def _ends(model: Model, heights: list[float]) -> tuple[float, float]:
    predicts = model.contract.predicts
    if isinstance(predicts, Classification):
        return (0, 1) if model.engine.gives_probabilities else (0, len(predicts.labels) - 1)
    low, high = min(heights, default=0), max(heights, default=1)
    return (low, high) if low < high else (low - 1, high + 1)


def _curve(model: Model, field: Any, values: list[Value], here: Value, heights: list[float],
           ends: tuple[float, float]) -> Curve:  # fmt: skip
    low, high = ends
    is_number = isinstance(field, NumberField | IntegerField)
    first, last = (float(values[0] or 0), float(values[-1] or 0)) if is_number else (0.0, 1.0)
    points = [
        Point(value_in_words(field, value), _in_words(model, height),
              (float(value or 0) - first) / (last - first) if is_number else 0.0,
              (height - low) / (high - low), value == here)
        for value, height in zip(values, heights, strict=True)
    ]  # fmt: skip
    unit = f" ({field.unit[current()]})" if getattr(field, "unit", None) else ""
    at = next((point for point in points if point.is_here), points[0])
    return Curve(field.label[current()] + unit, is_number, points, at, _in_words(model, low), _in_words(model, high))


def _in_words(model: Model, height: float) -> str:
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification):
        return number(height)
    if model.engine.gives_probabilities:
        return percent(height)
    return predicts.labels[round(height)].label[current()]


def percent(share: float) -> str:
    """Return a share as readers write it: to a tenth, never 100 where it isn't."""
    shown = min(round(100 * share, 1), 99.9) if share < 1 else 100.0
    return gettext(N_("%(number)s %%"), number=number(max(shown, 0.1) if share > 0 else 0.0))


def value_in_words(field: Any, value: Value) -> str:
    """Return a field's value as people call it."""
    if value is None:
        return gettext(N_("not given"))
    if isinstance(field, YesNoField):
        return gettext(N_("yes")) if value else gettext(N_("no"))
    if isinstance(field, CategoryField):
        return next((choice.label[current()] for choice in field.choices if choice.value == value), str(value))
    return number(float(value)) if isinstance(value, int | float) else value
