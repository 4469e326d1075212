"""Rows that lie at the thresholds of a model's trees: where two engines that differ by one float answer differently."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.contract import Contract
from app.values import Row, Value
from deploy.models.compiler.trees import LEAF, Tree

ENDS = 32
"""Leaves below a node that are tried for a row that the node's two sides answer differently."""

HALVINGS = 100
BLOCK_ROWS = 20_000
Seen = Callable[[Sequence[Row]], Any]


@dataclass(frozen=True)
class _Beside:
    """A field's two values that lie beside each other, on both sides of a threshold."""

    field: int
    left: Value
    right: Value


Crossings = dict[tuple[int, float], _Beside]
"""(feature, threshold) → the values of a field between which the feature crosses it."""


@dataclass(frozen=True)
class _Pair:
    """Two rows that part at a node of a tree: they differ in one field."""

    tree: int
    node: int
    field: int
    left: Row
    right: Row


def rows_at_thresholds(contract: Contract, trees: Sequence[Tree], seen: Seen, known: Sequence[Row],
                       most: int) -> tuple[list[Row], tuple[int, int]]:  # fmt: skip
    """Return rows on both sides of each threshold that reach its node; and how many were reached, of how many.

    Where a tree answers both sides alike, other rows are sought: one that went the wrong way would not be noticed.

    Args:
        seen: rows → (n, features), what the trees compare.
        known: rows of the table, or the example.
        most: thresholds; beyond, every second, third … tree is left out.
    """
    total = sum(int(_inner(tree).sum()) for tree in trees)
    chosen = trees[:: max(1, math.ceil(total / most))]
    beside = _crossings(contract, chosen, seen, known)
    begin = [list(known[number % len(known)]) for number in range(len(chosen))]
    pairs = list(_descended(chosen, begin, beside, seen))
    alike = [pair for pair, differs in zip(pairs, _differs(chosen, pairs, seen), strict=True) if not differs]
    others = list(_below(chosen, alike, beside, seen))
    told = {(pair.tree, pair.node): pair for pair, differs in zip(others, _differs(chosen, others, seen), strict=True)
            if differs}  # fmt: skip
    rows = [side for pair in [*pairs, *told.values()] for side in (pair.left, pair.right)]
    rows += [_with(pair.left, pair.field, None) for pair in pairs if contract.fields[pair.field].missing]
    return rows, (len(pairs), total)


def _descended(trees: Sequence[Tree], begin: Sequence[Row], beside: Crossings, seen: Seen) -> Iterator[_Pair]:
    """Walk down from a row per tree, changing a field where a node is on its other side; tell each pair."""
    level = [(number, 0, row) for number, row in enumerate(begin) if trees[number].left[0] != LEAF]
    while level:
        numbers = _in_blocks(seen, [row for _, _, row in level])
        below = []
        for (number, node, row), features in zip(level, numbers, strict=True):
            tree = trees[number]
            crossing = _crossing(tree, node, beside)
            left, right = _sides(tree, node, row, features, crossing)
            if crossing and left and right:
                yield _Pair(number, node, crossing.field, left, right)
            for child, side in ((int(tree.left[node]), left), (int(tree.right[node]), right)):
                if side and tree.left[child] != LEAF:
                    below.append((number, child, side))
        level = below


def _below(trees: Sequence[Tree], pairs: Sequence[_Pair], beside: Crossings, seen: Seen) -> Iterator[_Pair]:
    """Walk on from both rows of each pair to the leaves below, keeping its field; tell the pairs found there."""
    level = [(pair, int(child), row) for pair in pairs
             for child, row in ((trees[pair.tree].left[pair.node], pair.left),
                                (trees[pair.tree].right[pair.node], pair.right))]  # fmt: skip
    ends: dict[tuple[int, int], int] = {}
    while level:
        numbers = _in_blocks(seen, [row for _, _, row in level])
        below = []
        for (pair, node, row), features in zip(level, numbers, strict=True):
            tree, place = trees[pair.tree], (pair.tree, pair.node)
            if ends.get(place, 0) >= ENDS:
                continue
            if tree.left[node] == LEAF:
                ends[place] = ends.get(place, 0) + 1
                left, right = (_with(row, pair.field, side[pair.field]) for side in (pair.left, pair.right))
                yield replace(pair, left=left, right=right)
                continue
            crossing = _crossing(tree, node, beside)
            sides = _sides(tree, node, row, features, crossing if crossing and crossing.field != pair.field else None)
            children = int(tree.left[node]), int(tree.right[node])
            below += [(pair, child, side) for child, side in zip(children, sides, strict=True) if side]
        level = below


def _crossing(tree: Tree, node: int, beside: Crossings) -> _Beside | None:
    return beside.get((int(tree.feature[node]), float(tree.threshold[node])))


def _differs(trees: Sequence[Tree], pairs: Sequence[_Pair], seen: Seen) -> list[bool]:
    """Tell of each pair whether its tree answers its two rows differently."""
    found = np.zeros(len(pairs), dtype=bool)
    for number in {pair.tree for pair in pairs}:
        places = [place for place, pair in enumerate(pairs) if pair.tree == number]
        sides = ([getattr(pairs[place], side) for place in places] for side in ("left", "right"))
        left, right = (_answers(trees[number], _in_blocks(seen, rows)) for rows in sides)
        found[places] = left != right
    return found.tolist()


def _answers(tree: Tree, numbers: Any) -> Any:
    """Return a tree's value for each row of what it sees."""
    nodes = np.zeros(len(numbers), dtype=int)
    rows = np.arange(len(numbers))
    sides = np.asarray(tree.left), np.asarray(tree.right)
    while (going := sides[0][nodes] != LEAF).any():
        given = numbers[rows, np.asarray(tree.feature)[nodes]]
        goes_left = np.where(
            np.isnan(given), np.asarray(tree.nan_left)[nodes] != 0, given <= np.asarray(tree.threshold)[nodes]
        )
        nodes = np.where(going, np.where(goes_left, sides[0][nodes], sides[1][nodes]), nodes)
    return np.asarray(tree.values)[nodes]


def _inner(tree: Tree) -> Any:
    return np.asarray(tree.left) != LEAF


def _sides(tree: Tree, node: int, row: Row, features: Any, crossing: _Beside | None) -> tuple[Row | None, Row | None]:
    """Return a row that goes left and one that goes right; None where no row can."""
    if crossing:
        return _with(row, crossing.field, crossing.left), _with(row, crossing.field, crossing.right)
    number = float(features[tree.feature[node]])
    goes_left = bool(tree.nan_left[node]) if math.isnan(number) else number <= tree.threshold[node]
    return (row, None) if goes_left else (None, row)


def _crossings(contract: Contract, trees: Sequence[Tree], seen: Seen, known: Sequence[Row]
               ) -> Crossings:  # fmt: skip
    wanted: dict[int, set[float]] = {}
    for tree in trees:
        inner = _inner(tree)
        for feature, threshold in zip(np.asarray(tree.feature)[inner].tolist(),
                                      np.asarray(tree.threshold)[inner].tolist(), strict=True):  # fmt: skip
            wanted.setdefault(feature, set()).add(threshold)
    found: Crossings = {}
    base = list(known[0])
    for place, field in enumerate(contract.fields):
        values = field.boundaries([row[place] for row in known])
        numbers = seen([_with(base, place, value) for value in values])
        for feature in sorted(set(wanted) & set(np.flatnonzero((numbers != numbers[:1]).any(axis=0)).tolist())):
            thresholds = np.array(sorted(wanted.pop(feature)))
            if field.is_range:

                def feature_of(tried: Sequence[Value], place: int = place, feature: int = feature) -> Any:
                    return _in_blocks(seen, [_with(base, place, value) for value in tried])[:, feature]

                pairs = _sought(field.is_whole, values, thresholds, feature_of)
            else:
                pairs = _picked(values, numbers[:, feature], thresholds)
            found |= {(feature, threshold): _Beside(place, *pair)
                      for threshold, pair in zip(thresholds.tolist(), pairs, strict=True) if pair}  # fmt: skip
    return found


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
