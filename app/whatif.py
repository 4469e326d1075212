"""What if a field had another value: the predictions, computed in one batch and drawn as SVG by the template."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.contract import Classification
from app.fields import Field
from app.languages import N_, current, gettext, number
from app.model import Model
from app.predictions import Prediction
from app.values import Row, Value

FIELDS = 12
WIDTH, HEIGHT = 300, 120
"""Of a curve's drawing, in its own units; the texts are outside of it."""


@dataclass(frozen=True)
class Point:
    """One prediction: the field's value and the prediction as texts, and both as shares of the axes, 0 to 1."""

    value: str
    prediction: str
    x: float
    y: float
    is_here: bool


@dataclass(frozen=True)
class Curve:
    """How the prediction changes with one field.

    Attributes:
        label: the field's, with its unit.
        is_number: whether it is a line along a range, rather than a bar for each choice.
        points: in the field's order.
        here: the row's own point.
        lowest, highest: the ends of the prediction's axis, as texts.
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


def curves(model: Model, row: Row, prediction: Prediction) -> list[Curve]:
    """Return a curve for each of the first fields that can vary.

    Args:
        row: the values that were entered.
        prediction: the model's for it.
    """
    fields = model.contract.fields
    alternatives = [(place, field.alternatives(row[place])) for place, field in enumerate(fields)]
    varied = [(place, values) for place, values in alternatives if values][:FIELDS]
    rows = [[*row[:place], value, *row[place + 1 :]] for place, values in varied for value in values]
    heights = iter(_heights(prediction, model.predict(rows)) if rows else [])
    lines = [[next(heights) for _ in values] for _, values in varied]
    ends = _ends(model, [height for line in lines for height in line])
    return [
        _curve(model, fields[place], values, row[place], line, ends)
        for (place, values), line in zip(varied, lines, strict=True)
    ]


def _heights(prediction: Prediction, alternatives: list[Prediction]) -> list[float]:
    """Return how each alternative is drawn: by the predicted label's probability, its number, or its label's place."""
    if prediction.probabilities is not None and prediction.label is not None:
        return [(alternative.probabilities or ())[prediction.label] for alternative in alternatives]
    return [float(item.value if item.label is None else item.label) for item in alternatives]


def _ends(model: Model, heights: list[float]) -> tuple[float, float]:
    predicts = model.contract.predicts
    if isinstance(predicts, Classification):
        return (0, 1) if model.engine.gives_probabilities else (0, len(predicts.labels) - 1)
    low, high = min(heights, default=0), max(heights, default=1)
    return (low, high) if low < high else (low - 1, high + 1)


def _curve(
    model: Model, field: Field, values: list[Value], here: Value, heights: list[float], ends: tuple[float, float]
) -> Curve:
    low, high = ends
    first, last = field.position(values[0]), field.position(values[-1])
    is_number = first is not None and last is not None
    width = (last or 0.0) - (first or 0.0)
    points = []
    for value, height in zip(values, heights, strict=True):
        x = ((field.position(value) or 0.0) - (first or 0.0)) / width if is_number else 0.0
        y = (height - low) / (high - low)
        points.append(Point(field.in_words(value), _in_words(model, height), x, y, value == here))
    own = next((point for point in points if point.is_here), points[0])
    return Curve(field.heading(), is_number, points, own, _in_words(model, low), _in_words(model, high))


def _in_words(model: Model, height: float) -> str:
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification):
        return number(height)
    if model.engine.gives_probabilities:
        return percent(height)
    return predicts.labels[round(height)].label[current()]


def percent(share: float) -> str:
    """Return a share as a percentage, to a tenth: never 0 or 100 unless it is exactly that."""
    percentage = min(round(100 * share, 1), 99.9) if share < 1 else 100.0
    return gettext(N_("%(number)s %%"), number=number(max(percentage, 0.1) if share > 0 else 0.0))
