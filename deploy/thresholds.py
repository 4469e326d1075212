"""Rows that lie at the thresholds of a model's trees: where two engines that differ by one float answer differently."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.check import Value
from app.contract import CategoryField, Contract, IntegerField, NumberField, YesNoField
from deploy.compiler.trees import LEAF, Tree

HALVINGS = 100
BLOCK_ROWS = 20_000
WIDE = 1e6
"""Where neither contract nor table bounds a number: thresholds are sought as far from zero."""

Row = list[Value]
Seen = Callable[[Sequence[Row]], Any]


@dataclass(frozen=True)
class _Beside:
    """A field's two values that lie beside each other, on both sides of a threshold."""

    field: int
    left: Value
    right: Value


def rows_at_thresholds(contract: Contract, trees: Sequence[Tree], seen: Seen, known: Sequence[Row],
                       most: int) -> tuple[list[Row], tuple[int, int]]:  # fmt: skip
    """Return rows on both sides of each threshold that reach its node; and how many were reached, of how many.

    Args:
        seen: rows → (n, features), what the trees compare.
        known: rows of the table, or the example.
        most: thresholds; beyond, every second, third … tree is left out.
    """
    total = sum(int((np.asarray(tree.left) != LEAF).sum()) for tree in trees)
    chosen = trees[:: max(1, math.ceil(total / most))]
    beside = _crossings(contract, chosen, seen, known)
    rows: list[Row] = []
    reached = 0
    level = [(tree, 0, list(known[number % len(known)])) for number, tree in enumerate(chosen)
             if tree.left[0] != LEAF]  # fmt: skip
    while level:
        numbers = _in_blocks(seen, [row for _, _, row in level])
        below = []
        for (tree, node, row), features in zip(level, numbers, strict=True):
            feature, threshold = int(tree.feature[node]), float(tree.threshold[node])
            pair = beside.get((feature, threshold))
            sides = _sides(tree, node, row, features[feature], pair)
            if pair:
                reached += 1
                rows += [side for side in sides if side]
                if contract.fields[pair.field].missing:
                    rows.append(_with(row, pair.field, None))
            for child, side in zip((int(tree.left[node]), int(tree.right[node])), sides, strict=True):
                if side and tree.left[child] != LEAF:
                    below.append((tree, child, side))
        level = below
    return rows, (reached, total)


def _sides(tree: Tree, node: int, row: Row, number: float, pair: _Beside | None) -> tuple[Row | None, Row | None]:
    """Return a row that goes left and one that goes right; None where no row can."""
    if pair:
        return _with(row, pair.field, pair.left), _with(row, pair.field, pair.right)
    goes_left = bool(tree.nan_left[node]) if math.isnan(number) else number <= tree.threshold[node]
    return (row, None) if goes_left else (None, row)


def _crossings(contract: Contract, trees: Sequence[Tree], seen: Seen, known: Sequence[Row]
               ) -> dict[tuple[int, float], _Beside]:  # fmt: skip
    """Return (feature, threshold) → the values of a field between which the feature crosses it."""
    wanted: dict[int, set[float]] = {}
    for tree in trees:
        inner = np.asarray(tree.left) != LEAF
        for feature, threshold in zip(np.asarray(tree.feature)[inner].tolist(),
                                      np.asarray(tree.threshold)[inner].tolist(), strict=True):  # fmt: skip
            wanted.setdefault(feature, set()).add(threshold)
    found: dict[tuple[int, float], _Beside] = {}
    base = list(known[0])
    for place, field in enumerate(contract.fields):
        values = _values(field, [row[place] for row in known])
        numbers = seen([_with(base, place, value) for value in values])
        for feature in sorted(set(wanted) & set(np.flatnonzero((numbers != numbers[:1]).any(axis=0)).tolist())):
            thresholds = np.array(sorted(wanted.pop(feature)))
            if isinstance(field, NumberField | IntegerField):

                def feature_of(tried: Sequence[Value], place: int = place, feature: int = feature) -> Any:
                    return _in_blocks(seen, [_with(base, place, value) for value in tried])[:, feature]

                pairs = _sought(isinstance(field, IntegerField), values, thresholds, feature_of)
            else:
                pairs = _picked(values, numbers[:, feature], thresholds)
            found |= {(feature, threshold): _Beside(place, *pair)
                      for threshold, pair in zip(thresholds.tolist(), pairs, strict=True) if pair}  # fmt: skip
    return found


def _values(field: Any, known: list[Value]) -> list[Value]:
    """Return values that show which features a field moves: of a number, its ends first and last."""
    if isinstance(field, CategoryField):
        return [choice.value for choice in field.choices]
    if isinstance(field, YesNoField):
        return [False, True]
    if not isinstance(field, NumberField | IntegerField):
        return [field.example]
    given = [float(value) for value in known if isinstance(value, int | float)]
    low, high = field.bounds
    low = low if math.isfinite(low) else min([*given, -WIDE])
    high = high if math.isfinite(high) else max([*given, WIDE])
    low, high = (math.ceil(low), math.floor(high)) if isinstance(field, IntegerField) else (float(low), float(high))
    middle = (low + high) // 2 if isinstance(field, IntegerField) else low + (high - low) / 2
    return [low, middle, high]


def _sought(whole: bool, values: list[Value], thresholds: Any, feature_of: Callable[[Sequence[Value]], Any]
            ) -> list[tuple[Value, Value] | None]:  # fmt: skip
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
    return [None if one == other else (a, b) if one else (b, a)
            for (a, b), one, other in zip(ends, low_is_left.tolist(), high_is_left.tolist(), strict=True)]  # fmt: skip


def _picked(values: list[Value], numbers: Any, thresholds: Any) -> list[tuple[Value, Value] | None]:
    """Pick, of a few values, the nearest on each side of each threshold."""
    order = [place for place in np.argsort(numbers).tolist() if not math.isnan(numbers[place])]
    pairs: list[tuple[Value, Value] | None] = []
    for threshold in thresholds.tolist():
        left = [place for place in order if numbers[place] <= threshold]
        right = [place for place in order if numbers[place] > threshold]
        pairs.append((values[left[-1]], values[right[0]]) if left and right else None)
    return pairs


def _in_blocks(seen: Seen, rows: Sequence[Row]) -> Any:
    return np.concatenate([seen(rows[start : start + BLOCK_ROWS]) for start in range(0, len(rows), BLOCK_ROWS)])


def _with(row: Row, place: int, value: Value) -> Row:
    return [*row[:place], value, *row[place + 1 :]]
