"""What if a field had another value: the predictions, computed in one batch and drawn as SVG by the template."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from app.contract import Classification
from app.fields import Field
from app.languages import current, number, percent
from app.model import Model
from app.predictions import Prediction, as_predictions
from app.values import Row, Value

SHOWN = 6
"""Curves that a page shows."""

DRAWN = 12
"""Fields whose curves are computed: of more, those that move the prediction most."""

MOST = 200
"""Fields that are tried for that."""

FLAT = 0.01
"""A curve of which less of the axis is used hardly moves."""

WIDTH, HEIGHT = 300, 120
"""Of a curve's drawing, in its own units; the texts are outside of it."""


@dataclass(frozen=True)
class Point:
    """One prediction: the field's value and the prediction as texts, and both as shares of the axes, 0 to 1.

    Attributes:
        entry: the value as the form's input holds it.
        is_landmark: whether it is named below its chart: a slider finds the others too.
    """

    value: str
    prediction: str
    x: float
    y: float
    is_here: bool
    entry: str
    is_landmark: bool = True


@dataclass(frozen=True)
class Curve:
    """How the prediction changes with one field.

    Attributes:
        place: the field's, in the contract.
        label: the field's, with its unit.
        is_number: whether it is a line along a range, rather than a bar for each choice.
        points: in the field's order, or the highest bar first.
        here: the row's own point; None where its value is missing.
        lowest, highest: the ends of the prediction's axis, as texts.
        from_nothing: whether that begins at nothing, so that a bar's length tells the prediction.
        untried: how many choices have no bar.
    """

    place: int
    label: str
    is_number: bool
    points: Sequence[Point]
    here: Point | None
    lowest: str
    highest: str
    from_nothing: bool
    untried: int

    @property
    def spread(self) -> float:
        """How much of the prediction's axis it uses."""
        heights = [point.y for point in self.points]
        return max(heights) - min(heights)

    @property
    def is_flat(self) -> bool:
        """Whether the prediction hardly changes; of choices that weren't tried nobody knows."""
        return self.spread < FLAT and not self.untried

    @property
    def landmarks(self) -> Sequence[Point]:
        """The points of a line that a click sets, and among them the row's own."""
        return [point for point in self.points if point.is_landmark]

    @property
    def line(self) -> str:
        """The line's points, for SVG."""
        return " ".join(f"{x},{y}" for _, _, _, x, y in self.trail)

    @property
    def trail(self) -> list[tuple[str, str, str, float, float]]:
        """What a slider's script needs of each point: texts, entry, and its place in the drawing."""
        return [
            (point.value, point.prediction, point.entry, round(point.x * WIDTH, 1), round((1 - point.y) * HEIGHT, 1))
            for point in self.points
        ]

    @property
    def start(self) -> int:
        """Where a slider stands first: at the row's own point, or at the first."""
        return next((place for place, point in enumerate(self.points) if point.is_here), 0)


@dataclass(frozen=True)
class WhatIf:
    """How the prediction changes with the fields, one at a time.

    Attributes:
        curves: of those that move it most, the first of them most.
        others: labels of those that move it less.
        flat: labels of those that hardly move it.
        rest: how many move it less than all of these.
    """

    curves: Sequence[Curve]
    others: Sequence[str]
    flat: Sequence[str]
    rest: int


def what_if(model: Model, row: Row, prediction: Prediction) -> WhatIf:
    """Return how a prediction changes with the fields; of many, those that move it most are looked for first.

    Args:
        row: the values that were entered.
        prediction: the model's for it.
    """
    fields = model.contract.fields
    order = [*range(len(fields))] if len(fields) <= DRAWN else ranked(model, row, prediction)
    drawn = sorted(curves(model, row, prediction, order[:DRAWN]), key=lambda curve: curve.spread, reverse=True)
    moving = [curve for curve in drawn if not curve.is_flat]
    return WhatIf(
        curves=moving[:SHOWN],
        others=[curve.label for curve in moving[SHOWN:]],
        flat=[curve.label for curve in drawn if curve.is_flat],
        rest=len(order[DRAWN:]),
    )


def ranked(model: Model, row: Row, prediction: Prediction) -> list[int]:
    """Return the places of the fields that can vary, those first that move a prediction most, by a few values each."""
    fields = model.contract.fields[:MOST]
    tried = {place: few(field.alternatives(row[place]), 5) for place, field in enumerate(fields)}
    lines = _lines(model, row, prediction, [(place, values) for place, values in tried.items() if values])
    spreads = {place: max(line) - min(line) for place, line in lines.items()}
    return sorted(spreads, key=lambda place: -spreads[place])


def few(values: Sequence[Value], count: int) -> list[Value]:
    """Return so many of some values at most, two or more: the first, the last, and others evenly between."""
    places = {round(part * (len(values) - 1) / (count - 1)) for part in range(count)} if values else ()
    return [values[place] for place in sorted(places)]


def curves(model: Model, row: Row, prediction: Prediction, places: Iterable[int]) -> list[Curve]:
    """Return a curve for each of some fields that can vary.

    Args:
        row: the values that were entered.
        prediction: the model's for it.
        places: of the fields.
    """
    fields = model.contract.fields
    alternatives = {place: fields[place].alternatives(row[place]) for place in places}
    lines = _lines(model, row, prediction, [(place, values) for place, values in alternatives.items() if values])
    ends = _ends(model, [height for line in lines.values() for height in line])
    return [_curve(model, place, alternatives[place], row[place], line, ends) for place, line in lines.items()]


def _lines(
    model: Model, row: Row, prediction: Prediction, tried: Sequence[tuple[int, Sequence[Value]]]
) -> dict[int, list[float]]:
    """Return place → what each value is drawn as, in one batch; without the fields of which the model refuses a value.

    Where it refuses one, halves of the fields are tried for as long as they fail.
    """
    rows = [[*row[:place], value, *row[place + 1 :]] for place, values in tried for value in values]
    if not rows:
        return {}
    try:
        outputs = model.compute(rows, names_refused=False)
    except Exception:
        middle = len(tried) // 2
        halves = (tried[:middle], tried[middle:]) if middle else ()
        return {place: line for half in halves for place, line in _lines(model, row, prediction, half).items()}
    heights = iter(_heights(prediction, as_predictions(model.contract, outputs)))
    return {place: [*islice(heights, len(values))] for place, values in tried}


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
    model: Model, place: int, values: list[Value], here: Value, heights: list[float], ends: tuple[float, float]
) -> Curve:
    field, (low, high) = model.contract.fields[place], ends
    is_number = field.position(values[0]) is not None
    shares = [(height - low) / (high - low) for height in heights]
    texts = [_in_words(model, height) for height in heights]
    landmarks = {*field.landmarks()} if is_number else {*values}
    points = [
        Point(field.in_words(value), text, x, y, value == here, field.entry(value), value in landmarks)
        for value, text, x, y in zip(values, texts, _positions(field, values), shares, strict=True)
    ]
    if not is_number:
        points.sort(key=lambda point: point.y, reverse=True)
    return Curve(
        place=place,
        label=field.heading(),
        is_number=is_number,
        points=points,
        here=next((point for point in points if point.is_here), None),
        lowest=_in_words(model, low),
        highest=_in_words(model, high),
        from_nothing=model.engine.gives_probabilities,
        untried=0 if is_number else max(0, len(field.countable() or ()) - len(values)),
    )


def _positions(field: Field, values: Sequence[Value]) -> list[float]:
    """Return where values lie on the axis of a line, as shares of it; where there are bars, nowhere."""
    places = [field.position(value) or 0.0 for value in values]
    width = places[-1] - places[0]
    return [(place - places[0]) / width if width else 0.0 for place in places]


def _in_words(model: Model, height: float) -> str:
    predicts = model.contract.predicts
    if not isinstance(predicts, Classification):
        return number(height)
    if model.engine.gives_probabilities:
        return percent(height)
    return predicts.labels[round(height)].label[current()]
