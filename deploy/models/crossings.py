"""Where a field's values cross the thresholds of a model's trees: the two neighbours, one on each side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.contract import Contract
from app.values import Row, Value
from deploy.models.compiler.trees import Tree

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


Crossings = dict[tuple[int, float], Crossing]
"""(feature, threshold) → the values of a field between which the feature crosses it."""


def crossings(contract: Contract, trees: Sequence[Tree], features_of: FeaturesOf, known: Sequence[Row]) -> Crossings:
    """Return the crossings of all thresholds that a change of one field reaches.

    Args:
        known: rows of the table, or the example; the first has its fields changed one at a time.
    """
    uncrossed = _thresholds(trees)
    result: Crossings = {}
    base = list(known[0])
    for place, field in enumerate(contract.fields):
        values = field.boundaries([row[place] for row in known])
        numbers = features_of([replaced(base, place, value) for value in values])
        changing = set(np.flatnonzero((numbers != numbers[:1]).any(axis=0)).tolist())
        for feature in sorted(set(uncrossed) & changing):
            thresholds = np.array(sorted(uncrossed.pop(feature)))
            if field.is_range:
                one_feature = _feature_of(features_of, base, place, feature)
                pairs = _bisected(field.is_whole, values, thresholds, one_feature)
            else:
                pairs = _nearest(values, numbers[:, feature], thresholds)
            result |= {
                (feature, threshold): Crossing(place, *pair)
                for threshold, pair in zip(thresholds.tolist(), pairs, strict=True)
                if pair
            }
    return result


def in_blocks(features_of: FeaturesOf, rows: Sequence[Row]) -> Any:
    """Return the features of rows, of which no more than a block are computed at once."""
    return np.concatenate([features_of(rows[start : start + BLOCK_ROWS]) for start in range(0, len(rows), BLOCK_ROWS)])


def replaced(row: Row, place: int, value: Value) -> Row:
    """Return a row with another value in one place."""
    return [*row[:place], value, *row[place + 1 :]]


def _thresholds(trees: Sequence[Tree]) -> dict[int, set[float]]:
    """Return feature → the thresholds that it is compared with."""
    thresholds: dict[int, set[float]] = {}
    for tree in trees:
        features = np.asarray(tree.feature)[tree.is_inner].tolist()
        for feature, threshold in zip(features, np.asarray(tree.threshold)[tree.is_inner].tolist(), strict=True):
            thresholds.setdefault(feature, set()).add(threshold)
    return thresholds


def _feature_of(features_of: FeaturesOf, base: Row, place: int, feature: int) -> Callable[[Sequence[Value]], Any]:
    """Return a function of a field's values: one feature of the base row with each of them."""
    return lambda values: in_blocks(features_of, [replaced(base, place, value) for value in values])[:, feature]


def _bisected(
    whole: bool, values: list[Value], thresholds: Any, feature_of: Callable[[Sequence[Value]], Any]
) -> list[tuple[Value, Value] | None]:
    """Halve a number's range until two neighbours are left, one on each side of each threshold."""
    low, high = (np.full(len(thresholds), float(values[end] or 0)) for end in (0, -1))
    low_is_left, high_is_left = feature_of([values[0]])[0] <= thresholds, feature_of([values[-1]])[0] <= thresholds
    for _ in range(HALVINGS):
        middle = low + (high - low) / 2
        middle = np.floor(middle) if whole else middle
        if not (between := (low < middle) & (middle < high)).any():
            break
        is_left = feature_of([int(value) if whole else value for value in middle.tolist()]) <= thresholds
        low = np.where(between & (is_left == low_is_left), middle, low)
        high = np.where(between & (is_left != low_is_left), middle, high)
    ends = [(int(a), int(b)) if whole else (a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return [
        None if one == other else (a, b) if one else (b, a)
        for (a, b), one, other in zip(ends, low_is_left.tolist(), high_is_left.tolist(), strict=True)
    ]


def _nearest(values: list[Value], numbers: Any, thresholds: Any) -> list[tuple[Value, Value] | None]:
    """Pick, of a few values, the nearest on each side of each threshold."""
    order = [place for place in np.argsort(numbers).tolist() if not math.isnan(numbers[place])]
    pairs: list[tuple[Value, Value] | None] = []
    for threshold in thresholds.tolist():
        left = [place for place in order if numbers[place] <= threshold]
        right = [place for place in order if numbers[place] > threshold]
        pairs.append((values[left[-1]], values[right[0]]) if left and right else None)
    return pairs
