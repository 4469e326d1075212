"""Where a field's values cross the thresholds of a model's trees: the two neighbours, one on each side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.contract import Contract
from app.values import Row, Value

HALVINGS = 100
BLOCK_ROWS = 20_000

FeaturesOf = Callable[[Sequence[Row]], Any]
"""Rows → (n, features), what the trees compare."""


@dataclass(frozen=True)
class Crossing:
    """A field's two neighbouring values, one on each side of a threshold."""

    field: int
    left: Value
    right: Value


@dataclass(frozen=True)
class _End:
    """One end of a field's range: the value, and the feature that it makes."""

    value: float
    number: float


@dataclass(frozen=True)
class _Span:
    """A field's range, within which a feature may cross a threshold."""

    field: int
    feature: int
    threshold: float
    low: _End
    high: _End
    is_whole: bool

    @property
    def low_is_left(self) -> bool:
        return self.low.number <= self.threshold

    @property
    def is_crossed(self) -> bool:
        return self.low_is_left != (self.high.number <= self.threshold)

    def typed(self, value: float) -> Value:
        return int(value) if self.is_whole else value

    def crossing(self, low: float, high: float) -> Crossing:
        left, right = (low, high) if self.low_is_left else (high, low)
        return Crossing(self.field, self.typed(left), self.typed(right))


Thresholds = dict[int, set[float]]
"""Feature → what trees compare it with."""

Crossings = dict[tuple[int, float], Crossing]
"""(feature, threshold) → the values of a field between which the feature crosses it."""


def crossings(contract: Contract, thresholds: Thresholds, features_of: FeaturesOf, known: Sequence[Row]) -> Crossings:
    """Return the crossings of all thresholds that a change of one field reaches.

    Args:
        thresholds: feature → those that it is compared with.
        known: rows of the table, or the example; the first has its fields changed one at a time.
    """
    uncrossed = dict(thresholds)
    result: Crossings = {}
    spans: list[_Span] = []
    base = list(known[0])
    for place, field in enumerate(contract.fields):
        values = field.boundaries([row[place] for row in known])
        numbers = features_of([replaced(base, place, value) for value in values])
        changing = set(np.flatnonzero((numbers != numbers[:1]).any(axis=0)).tolist())
        for feature in sorted(set(uncrossed) & changing):
            levels = sorted(uncrossed.pop(feature))
            if field.is_range:
                low, high = (_End(float(values[end] or 0), float(numbers[end, feature])) for end in (0, -1))
                spans += [_Span(place, feature, level, low, high, field.is_whole) for level in levels]
                continue
            pairs = zip(levels, _nearest(values, numbers[:, feature], np.array(levels)), strict=True)
            result |= {(feature, level): Crossing(place, *pair) for level, pair in pairs if pair}
    return result | _bisected([span for span in spans if span.is_crossed], base, features_of)


def in_blocks(features_of: FeaturesOf, rows: Sequence[Row]) -> Any:
    """Return the features of rows, of which no more than a block are computed at once."""
    return np.concatenate([features_of(rows[start : start + BLOCK_ROWS]) for start in range(0, len(rows), BLOCK_ROWS)])


def replaced(row: Row, place: int, value: Value) -> Row:
    """Return a row with another value in one place."""
    return [*row[:place], value, *row[place + 1 :]]


def _bisected(spans: Sequence[_Span], base: Row, features_of: FeaturesOf) -> Crossings:
    """Halve numbers' ranges until two neighbours are left, one on each side of each threshold; all ranges at once."""
    low, high = (np.array([getattr(span, end).value for span in spans]) for end in ("low", "high"))
    thresholds, low_is_left = (np.array([getattr(span, key) for span in spans]) for key in ("threshold", "low_is_left"))
    is_whole = np.array([span.is_whole for span in spans], dtype=bool)
    for _ in range(HALVINGS):
        middle = low + (high - low) / 2
        middle = np.where(is_whole, np.floor(middle), middle)
        open_spans = np.flatnonzero((low < middle) & (middle < high))
        if not len(open_spans):
            break
        tried = [
            (spans[place], value) for place, value in zip(open_spans.tolist(), middle[open_spans].tolist(), strict=True)
        ]
        is_left = _numbers(tried, base, features_of) <= thresholds[open_spans]
        stays = is_left == low_is_left[open_spans]
        low[open_spans[stays]], high[open_spans[~stays]] = middle[open_spans[stays]], middle[open_spans[~stays]]
    return {
        (span.feature, span.threshold): span.crossing(one, other)
        for span, one, other in zip(spans, low.tolist(), high.tolist(), strict=True)
    }


def _numbers(tried: Sequence[tuple[_Span, float]], base: Row, features_of: FeaturesOf) -> Any:
    """Return, for each range and a value in it, the range's feature of the base row with that value."""
    blocks = []
    for start in range(0, len(tried), BLOCK_ROWS):
        block = tried[start : start + BLOCK_ROWS]
        features = features_of([replaced(base, span.field, span.typed(value)) for span, value in block])
        blocks.append(features[np.arange(len(block)), [span.feature for span, _ in block]])
    return np.concatenate(blocks)


def _nearest(values: list[Value], numbers: Any, thresholds: Any) -> list[tuple[Value, Value] | None]:
    """Pick, of a few values, the nearest on each side of each threshold."""
    order = [place for place in np.argsort(numbers).tolist() if not math.isnan(numbers[place])]
    pairs: list[tuple[Value, Value] | None] = []
    for threshold in thresholds.tolist():
        left = [place for place in order if numbers[place] <= threshold]
        right = [place for place in order if numbers[place] > threshold]
        pairs.append((values[left[-1]], values[right[0]]) if left and right else None)
    return pairs
