"""Rows that lie at the thresholds of a model's trees: where two engines that differ by one float answer differently."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.contract import Contract
from app.values import Row
from deploy.models.compiler.trees import LEAF, Tree
from deploy.models.crossings import (
    BLOCK_ROWS,
    Crossing,
    Crossings,
    FeaturesOf,
    Thresholds,
    crossings,
    in_blocks,
    replaced,
)

LEAVES = 32
"""Below a node, that are tried for a row that the node's two sides answer differently."""

WALKED = 20_000
"""Nodes of one depth below all those, at most, or one for each."""


@dataclass(frozen=True)
class _Pair:
    """Two rows that part at a node of a tree: they differ in one field."""

    tree: int
    node: int
    field: int
    left: Row
    right: Row


def rows_at_thresholds(
    contract: Contract, trees: Sequence[Tree], features_of: FeaturesOf, known: Sequence[Row], most: int
) -> tuple[list[Row], tuple[int, int]]:
    """Return rows on both sides of each threshold that reach its node; and how many were reached, of how many.

    Where a tree answers both sides alike, other rows are sought: one that went the wrong way would not be noticed.

    Args:
        features_of: rows → (n, features), what the trees compare.
        known: rows of the table, or the example.
        most: about so many nodes are chosen; beyond, some trees are left out, and of large trees some nodes.
    """
    total = sum(int(tree.is_inner.sum()) for tree in trees)
    sampled = trees[:: max(1, math.ceil(total / most))]
    chosen = _chosen(sampled, most)
    crossed = crossings(contract, _thresholds(sampled, chosen), features_of, known)
    starts = [list(known[number % len(known)]) for number in range(len(sampled))]
    pairs = list(_pairs_at_nodes(sampled, chosen, starts, crossed, features_of))
    alike = [
        pair for pair, differs in zip(pairs, _differences(sampled, pairs, features_of), strict=True) if not differs
    ]
    others = list(_pairs_below(sampled, alike, crossed, features_of))
    distinct = {
        (pair.tree, pair.node): pair
        for pair, differs in zip(others, _differences(sampled, others, features_of), strict=True)
        if differs
    }
    rows = [side for pair in [*pairs, *distinct.values()] for side in (pair.left, pair.right)]
    rows += [replaced(pair.left, pair.field, None) for pair in pairs if contract.fields[pair.field].missing]
    return rows, (len(pairs), total)


def _chosen(trees: Sequence[Tree], most: int) -> list[Any]:
    """Return, for each tree, which nodes get rows: all, or a share of each where there are more."""
    share = most / max(most, sum(int(tree.is_inner.sum()) for tree in trees))
    return [_chosen_nodes(tree, math.ceil(share * tree.is_inner.sum())) for tree in trees]


def _chosen_nodes(tree: Tree, most: int) -> Any:
    """Return, (nodes,), which inner nodes get rows: so many, spread over the tree, and those on the way to them."""
    inner = np.flatnonzero(tree.is_inner)
    above = np.full(len(tree.is_inner), LEAF)
    for children in (tree.left, tree.right):
        above[np.asarray(children)[inner]] = inner
    is_chosen = np.zeros(len(above), dtype=bool)
    nodes = inner[np.unique(np.linspace(0, len(inner) - 1, most).astype(int))] if len(inner) else inner
    while len(nodes):
        is_chosen[nodes] = True
        nodes = np.setdiff1d(above[nodes], [LEAF])
    return is_chosen


def _thresholds(trees: Sequence[Tree], chosen: Sequence[Any]) -> Thresholds:
    """Return what features are compared with at the chosen nodes."""
    thresholds: Thresholds = {}
    for tree, nodes in zip(trees, chosen, strict=True):
        features, levels = (np.asarray(values)[nodes].tolist() for values in (tree.feature, tree.threshold))
        for feature, level in zip(features, levels, strict=True):
            thresholds.setdefault(feature, set()).add(level)
    return thresholds


def _pairs_at_nodes(
    trees: Sequence[Tree], chosen: Sequence[Any], starts: Sequence[Row], crossed: Crossings, features_of: FeaturesOf
) -> Iterator[_Pair]:
    """Walk down from a row per tree, changing a field where a node is on its other side; yield each pair."""
    level = [(number, 0, row) for number, row in enumerate(starts) if chosen[number][0]]
    while level:
        numbers = in_blocks(features_of, [row for _, _, row in level])
        below = []
        for (number, node, row), features in zip(level, numbers, strict=True):
            tree = trees[number]
            crossing = _crossing(tree, node, crossed)
            left, right = _sides(tree, node, row, features, crossing)
            if crossing and left and right:
                yield _Pair(number, node, crossing.field, left, right)
            for child, side in ((int(tree.left[node]), left), (int(tree.right[node]), right)):
                if side and chosen[number][child]:
                    below.append((number, child, side))
        level = below


def _pairs_below(
    trees: Sequence[Tree], pairs: Sequence[_Pair], crossed: Crossings, features_of: FeaturesOf
) -> Iterator[_Pair]:
    """Walk on from both rows of each pair to the leaves below, keeping its field; yield the pairs that reach one."""
    level = [entry for pair in pairs for entry in _children(trees[pair.tree], pair)]
    leaves: Counter[tuple[int, int]] = Counter()
    most = max(1, WALKED // max(1, len(pairs)))
    while level:
        numbers = in_blocks(features_of, [row for _, _, row in level])
        below = []
        for (pair, node, row), features in zip(level, numbers, strict=True):
            tree, key = trees[pair.tree], (pair.tree, pair.node)
            if leaves[key] >= LEAVES:
                continue
            if tree.left[node] == LEAF:
                leaves[key] += 1
                left, right = (replaced(row, pair.field, side[pair.field]) for side in (pair.left, pair.right))
                yield replace(pair, left=left, right=right)
                continue
            crossing = _crossing(tree, node, crossed)
            sides = _sides(tree, node, row, features, crossing if crossing and crossing.field != pair.field else None)
            children = int(tree.left[node]), int(tree.right[node])
            below += [(pair, child, side) for child, side in zip(children, sides, strict=True) if side]
        level = _thinned(below, most)


def _thinned(level: list[tuple[_Pair, int, Row]], most: int) -> list[tuple[_Pair, int, Row]]:
    """Return the first nodes below each pair, so many at most."""
    walked: Counter[tuple[int, int]] = Counter()
    kept = []
    for entry in level:
        key = (entry[0].tree, entry[0].node)
        walked[key] += 1
        if walked[key] <= most:
            kept.append(entry)
    return kept


def _children(tree: Tree, pair: _Pair) -> list[tuple[_Pair, int, Row]]:
    """Return the two nodes below a pair's, each with the row that goes there."""
    return [(pair, int(tree.left[pair.node]), pair.left), (pair, int(tree.right[pair.node]), pair.right)]


def _crossing(tree: Tree, node: int, crossed: Crossings) -> Crossing | None:
    return crossed.get((int(tree.feature[node]), float(tree.threshold[node])))


def _sides(tree: Tree, node: int, row: Row, features: Any, crossing: Crossing | None) -> tuple[Row | None, Row | None]:
    """Return a row that goes left and one that goes right; None where no row can."""
    if crossing:
        return replaced(row, crossing.field, crossing.left), replaced(row, crossing.field, crossing.right)
    number = float(features[tree.feature[node]])
    goes_left = bool(tree.nan_left[node]) if math.isnan(number) else number <= tree.threshold[node]
    return (row, None) if goes_left else (None, row)


def _differences(trees: Sequence[Tree], pairs: Sequence[_Pair], features_of: FeaturesOf) -> list[bool]:
    """Return, for each pair, whether its tree answers its two rows differently."""
    differs: list[bool] = []
    for start in range(0, len(pairs), BLOCK_ROWS):
        block = pairs[start : start + BLOCK_ROWS]
        left, right = (features_of([getattr(pair, side) for pair in block]) for side in ("left", "right"))
        grown = np.array([pair.tree for pair in block])
        differing = np.zeros(len(block), dtype=bool)
        for number in np.unique(grown).tolist():
            places = np.flatnonzero(grown == number)
            tree = trees[number]
            differing[places] = _tree_values(tree, left[places]) != _tree_values(tree, right[places])
        differs += differing.tolist()
    return differs


def _tree_values(tree: Tree, numbers: Any) -> Any:
    """Return a tree's value for each row of the numbers that it compares."""
    nodes = np.zeros(len(numbers), dtype=int)
    rows = np.arange(len(numbers))
    left, right = np.asarray(tree.left), np.asarray(tree.right)
    while (is_inner := left[nodes] != LEAF).any():
        compared = numbers[rows, np.asarray(tree.feature)[nodes]]
        nan_left = np.asarray(tree.nan_left)[nodes] != 0
        goes_left = np.where(np.isnan(compared), nan_left, compared <= np.asarray(tree.threshold)[nodes])
        nodes = np.where(is_inner, np.where(goes_left, left[nodes], right[nodes]), nodes)
    return np.asarray(tree.values)[nodes]
