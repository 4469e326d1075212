"""Graphs of transformers: formulas for numbers, lookup tables for whatever takes only values that can be counted."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn import impute, preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline

from app.engines.onnx import INPUT
from deploy.models.compiler import lookups
from deploy.models.compiler.columns import Block, Columns
from deploy.models.compiler.graph import Graph, Tensor, Unsupported


def numbers(graph: Graph, block: Block) -> Tensor:
    """Return columns as numbers, for a transformer or predictor that calculates with them."""
    if isinstance(block, Tensor):
        return block
    fields = block.contract.fields
    whole = Tensor(INPUT, len(fields))
    coded = [place for place in block.places if fields[place].is_coded]
    if not coded:
        return graph.gather(whole, list(block.places))
    uncoded = [place for place in block.places if place not in coded]
    parts = [lookups.category_numbers(graph, block, coded)] + ([graph.gather(whole, uncoded)] if uncoded else [])
    order = [*coded, *uncoded]
    return graph.gather(graph.concat(parts), [order.index(place) for place in block.places])


def transformed(graph: Graph, transformer: Any, block: Block) -> Block:
    """Add a fitted transformer to a graph and return what it makes of its columns.

    Raises:
        Unsupported: there is no graph for it.
    """
    if transformer is None or transformer == "passthrough":
        return block
    if isinstance(block, Columns) and block.are_countable:
        return lookups.encoded(graph, transformer, block)
    if isinstance(transformer, Pipeline):
        for _, step in transformer.steps:
            block = transformed(graph, step, block)
        return block
    if isinstance(transformer, ColumnTransformer):
        return graph.concat([numbers(graph, branch) for branch in _branches(graph, transformer, block)])
    if isinstance(transformer, FeatureUnion):
        parts = [transformed(graph, part, block) for _, part in transformer.transformer_list if part != "drop"]
        return graph.concat([numbers(graph, part) for part in parts])
    return _calculated(graph, transformer, numbers(graph, block))


def _branches(graph: Graph, transformer: ColumnTransformer, block: Block) -> Iterator[Block]:
    if isinstance(block, Tensor):
        raise Unsupported("a ColumnTransformer behind another transformer")
    for _, branch, selection in transformer.transformers_:
        columns = block.subset(selection)
        if columns.places and not (isinstance(branch, str) and branch == "drop"):
            yield transformed(graph, branch, columns)


def _calculated(graph: Graph, transformer: Any, features: Tensor) -> Tensor:
    for classes, translate in KINDS:
        if isinstance(transformer, classes):
            return translate(graph, transformer, features)
    raise Unsupported(f"{type(transformer).__name__} of numbers has no graph")


def _standard_scaler(graph: Graph, scaler: Any, features: Tensor) -> Tensor:
    return _center_and_scale(graph, features, scaler.mean_ if scaler.with_mean else None, scaler.scale_)


def _robust_scaler(graph: Graph, scaler: Any, features: Tensor) -> Tensor:
    return _center_and_scale(graph, features, scaler.center_, scaler.scale_)


def _max_abs_scaler(graph: Graph, scaler: Any, features: Tensor) -> Tensor:
    return _center_and_scale(graph, features, None, scaler.scale_)


def _center_and_scale(graph: Graph, features: Tensor, center: Any, scale: Any) -> Tensor:
    name = features.name
    if center is not None:
        name = graph.node("Sub", name, graph.constant(center))
    if scale is not None:
        name = graph.node("Div", name, graph.constant(scale))
    return Tensor(name, features.width)


def _min_max_scaler(graph: Graph, scaler: Any, features: Tensor) -> Tensor:
    name = graph.node("Mul", features.name, graph.constant(scaler.scale_))
    name = graph.node("Add", name, graph.constant(scaler.min_))
    if scaler.clip:
        low, high = (graph.constant(float(bound)) for bound in scaler.feature_range)
        name = graph.node("Clip", name, low, high)
    return Tensor(name, features.width)


def _imputer(graph: Graph, imputer: Any, features: Tensor) -> Tensor:
    values = np.asarray(imputer.statistics_, dtype=np.float64)
    if np.isnan(values).any():
        raise Unsupported("an imputer of columns without a value")
    if isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values):
        is_missing = graph.node("IsNaN", features.name)
    else:
        is_missing = graph.node("Equal", features.name, graph.constant(float(imputer.missing_values)))
    filled = Tensor(graph.node("Where", is_missing, graph.constant(values), features.name), features.width)
    if not imputer.add_indicator:
        return filled
    indicators = Tensor(graph.cast(is_missing, TensorProto.DOUBLE), features.width)
    return graph.concat([filled, graph.gather(indicators, imputer.indicator_.features_.tolist())])


def _selector(graph: Graph, selector: Any, features: Tensor) -> Tensor:
    return graph.gather(features, selector.get_support(indices=True).tolist())


KINDS: list[tuple[Any, Callable[[Graph, Any, Tensor], Tensor]]] = [
    (preprocessing.StandardScaler, _standard_scaler),
    (preprocessing.MinMaxScaler, _min_max_scaler),
    (preprocessing.MaxAbsScaler, _max_abs_scaler),
    (preprocessing.RobustScaler, _robust_scaler),
    (impute.SimpleImputer, _imputer),
    (SelectorMixin, _selector),
]
