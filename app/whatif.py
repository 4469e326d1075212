"""What if one field were another: how the answer moves, computed in one batch and drawn as SVG by the template."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.contract import Classification
from app.fields import Field
from app.languages import N_, current, gettext, number
from app.model import Model, Prediction
from app.values import Row, Value

FIELDS = 12
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


def curves(model: Model, row: Row, answer: Prediction) -> list[Curve]:
    """Return a curve for each of the first fields that can move.

    Args:
        row: the values that were asked for.
        answer: the model's for it.
    """
    fields = model.contract.fields
    tried = [(place, field.alternatives(row[place])) for place, field in enumerate(fields)]
    asked = [(place, values) for place, values in tried if values][:FIELDS]
    moved = [[*row[:place], value, *row[place + 1 :]] for place, values in asked for value in values]
    answers = iter(_heights(model, answer, model.predict(moved)) if moved else [])
    heights = [[next(answers) for _ in values] for _, values in asked]
    low, high = _ends(model, [height for each in heights for height in each])
    return [_curve(model, fields[place], values, row[place], each, (low, high))
            for (place, values), each in zip(asked, heights, strict=True)]  # fmt: skip


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


def _curve(model: Model, field: Field, values: list[Value], here: Value, heights: list[float],
           ends: tuple[float, float]) -> Curve:  # fmt: skip
    low, high = ends
    first, last = field.position(values[0]), field.position(values[-1])
    is_number = first is not None and last is not None
    width = (last or 0.0) - (first or 0.0)
    points = [
        Point(field.in_words(value), _in_words(model, height),
              ((field.position(value) or 0.0) - (first or 0.0)) / width if is_number else 0.0,
              (height - low) / (high - low), value == here)
        for value, height in zip(values, heights, strict=True)
    ]  # fmt: skip
    at = next((point for point in points if point.is_here), points[0])
    return Curve(field.heading(), is_number, points, at, _in_words(model, low), _in_words(model, high))


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
