"""Trees and forests: each comparison as scikit-learn makes it, each sum in its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper

from deploy.models.compiler import older
from deploy.models.compiler.graph import Graph, Tensor, Unsupported

LEAF = -1


@dataclass(frozen=True)
class Tree:
    """A binary tree: of each node the feature, the threshold (at most goes left), the children, LEAF in a leaf.

    Attributes:
        nan_left: whether a missing value goes left.
        values: (nodes,), what a leaf adds to its target.
        target: which of the sums.
    """

    feature: Any
    threshold: Any
    left: Any
    right: Any
    nan_left: Any
    values: Any
    target: int = 0

    @property
    def is_inner(self) -> Any:
        """(nodes,), whether a node has children."""
        return np.asarray(self.left) != LEAF


def constant_tree(value: float, target: int = 0) -> Tree:
    """Return a tree that adds the same to every row."""
    leaf = np.array([LEAF])
    return Tree(np.array([0]), np.array([0.0]), leaf, leaf, np.array([0]), np.array([value]), target)


def of_scikit_learn(tree: Any, values: Any, target: int = 0) -> Tree:
    """Return a fitted ``tree_``'s nodes with other values."""
    nan_left = older.nan_left(tree)
    return Tree(tree.feature, tree.threshold, tree.children_left, tree.children_right, nan_left, values, target)


def rounded(graph: Graph, features: Tensor) -> Tensor:
    """Return what scikit-learn's trees compare: numbers rounded to float32, with float64 thresholds."""
    floats = graph.cast(features.name, TensorProto.FLOAT)
    return Tensor(graph.cast(floats, TensorProto.DOUBLE), features.width)


def sums(graph: Graph, features: Tensor, trees: Sequence[Tree], targets: int) -> Tensor:
    """Return, per target, the sum of its trees' values, added in the trees' order."""
    packed = _Packed()
    for tree in trees:
        packed.append(tree)
    name = graph.node(
        "TreeEnsemble", features.name, domain="ai.onnx.ml", n_targets=targets, aggregate_function=1, post_transform=0,
        nodes_modes=numpy_helper.from_array(np.zeros(len(packed.features), np.uint8)),
        nodes_splits=numpy_helper.from_array(np.array(packed.splits, np.float64)),
        leaf_weights=numpy_helper.from_array(np.array(packed.weights, np.float64)),
        nodes_featureids=packed.features, nodes_missing_value_tracks_true=packed.nan_left, tree_roots=packed.roots,
        nodes_truenodeids=packed.left, nodes_trueleafs=packed.left_is_leaf,
        nodes_falsenodeids=packed.right, nodes_falseleafs=packed.right_is_leaf, leaf_targetids=packed.targets,
    )  # fmt: skip
    return Tensor(name, targets)


def mean_probabilities(graph: Graph, features: Tensor, trees: Sequence[Any]) -> Tensor:
    """Return the mean of the classes' shares in the leaves, bit by bit as scikit-learn adds them up.

    ONNX's trees have one number per leaf: here that is the leaf's place in a table of shares.
    """
    numbered, shares, count = [], [], 0
    for place, tree in enumerate(trees):
        leaves = np.flatnonzero(tree.children_left == LEAF)
        numbers = np.zeros(tree.node_count)
        numbers[leaves] = np.arange(count, count + len(leaves))
        count += len(leaves)
        numbered.append(of_scikit_learn(tree, numbers, place))
        shares.append(older.class_shares(tree)[leaves])
    places = graph.cast(sums(graph, features, numbered, len(trees)).name, TensorProto.INT64)
    table = np.concatenate(shares)
    leaf_shares = graph.node("Gather", graph.constant(table), places, axis=0)
    if len(trees) > 1:
        leaf_shares = graph.node("CumSum", leaf_shares, graph.constant(1, np.int64))
    last = graph.node("Gather", leaf_shares, graph.constant(len(trees) - 1, np.int64), axis=1)
    mean = graph.node("Div", last, graph.constant(float(len(trees)))) if len(trees) > 1 else last
    return Tensor(mean, table.shape[1])


def require_one_output(tree: Any) -> None:
    """Refuse a tree with several outputs."""
    if tree.value.shape[1] != 1:
        raise Unsupported("several outputs")


class _Packed:
    """The trees' inner nodes and leaves, as ONNX numbers them."""

    def __init__(self) -> None:
        self.features: list[int] = []
        self.splits: list[float] = []
        self.nan_left: list[int] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.left_is_leaf: list[int] = []
        self.right_is_leaf: list[int] = []
        self.weights: list[float] = []
        self.targets: list[int] = []
        self.roots: list[int] = []

    def append(self, tree: Tree) -> None:
        """Add a tree; one that is a leaf becomes a node with that leaf on both sides."""
        is_leaf = np.asarray(tree.left) == LEAF
        number = np.where(
            is_leaf, np.cumsum(is_leaf) - 1 + len(self.weights), np.cumsum(~is_leaf) - 1 + len(self.splits)
        )
        self.roots.append(len(self.splits))
        values = np.asarray(tree.values, dtype=np.float64)[is_leaf]
        if is_leaf.all():
            inner = np.array([0])
            left = right = np.array([0])
        else:
            inner = np.flatnonzero(~is_leaf)
            left, right = np.asarray(tree.left)[inner], np.asarray(tree.right)[inner]
        self.weights += values.tolist()
        self.targets += [tree.target] * len(values)
        self.features += np.maximum(np.asarray(tree.feature)[inner], 0).tolist()
        self.splits += np.asarray(tree.threshold, dtype=np.float64)[inner].tolist()
        self.nan_left += np.asarray(tree.nan_left)[inner].astype(int).tolist()
        self.left += number[left].tolist()
        self.right += number[right].tolist()
        self.left_is_leaf += is_leaf[left].astype(int).tolist()
        self.right_is_leaf += is_leaf[right].astype(int).tolist()
