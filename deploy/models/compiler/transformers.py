"""Graphs of transformers: formulas for numbers, tables for whatever takes only values that can be counted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn import impute, preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import _safe_indexing

from app.contract import Contract
from app.engines.onnx import INPUT
from app.values import Value
from deploy.models.compiler.graph import Graph, Tensor, Unsupported

LARGEST_TABLE = 2_000_000
"""Numbers in a table of encoded choices: 16 MB."""

COMBINATIONS = 64
"""Rows on which a table is compared with its transformer."""


@dataclass(frozen=True)
class Columns:
    """Some of the contract's fields, not transformed yet.

    Attributes:
        places: of the fields in the contract.
        rows: turns whole rows, (n, all fields), into what a transformer of these columns takes.
    """

    contract: Contract
    places: tuple[int, ...]
    rows: Callable[[Sequence[Sequence[Value]]], Any]

    def some(self, chosen: Any) -> "Columns":
        """Return those that a ColumnTransformer's branch takes."""
        places = np.array(self.places)[_positions(chosen, [self.contract.fields[place].name for place in self.places])]
        return replace(
            self, places=tuple(places.tolist()), rows=lambda rows: _safe_indexing(self.rows(rows), chosen, axis=1)
        )

    def values(self, place: int) -> list[Value] | None:
        """Return all that a field can be, a missing value last; None for a number."""
        field = self.contract.fields[place]
        values = field.countable()
        return [*values, None] if values is not None and field.missing else values


Given = Columns | Tensor


def numbers(graph: Graph, given: Given) -> Tensor:
    """Return columns as numbers, for a transformer or predictor that calculates with them."""
    if isinstance(given, Tensor):
        return given
    whole = Tensor(INPUT, len(given.contract.fields))
    counted = [place for place in given.places if given.contract.fields[place].is_coded]
    if not counted:
        return graph.take(whole, list(given.places))
    plain = [place for place in given.places if place not in counted]
    parts = [_identity(graph, given, counted)] + ([graph.take(whole, plain)] if plain else [])
    order = [*counted, *plain]
    return graph.take(graph.beside(parts), [order.index(place) for place in given.places])


def transformed(graph: Graph, transformer: Any, given: Given) -> Given:
    """Add a fitted transformer to a graph and return what it makes of its columns.

    Raises:
        Unsupported: there is no graph for it.
    """
    if transformer is None or transformer == "passthrough":
        return given
    if isinstance(given, Columns) and given.places and all(given.values(place) is not None for place in given.places):
        return _table(graph, transformer, given)
    if isinstance(transformer, Pipeline):
        for _, step in transformer.steps:
            given = transformed(graph, step, given)
        return given
    if isinstance(transformer, ColumnTransformer):
        return graph.beside([numbers(graph, part) for part in _branches(graph, transformer, given)])
    if isinstance(transformer, FeatureUnion):
        parts = [transformed(graph, each, given) for _, each in transformer.transformer_list if each != "drop"]
        return graph.beside([numbers(graph, part) for part in parts])
    return _calculated(graph, transformer, numbers(graph, given))


def _branches(graph: Graph, transformer: ColumnTransformer, given: Given) -> Iterator[Given]:
    if isinstance(given, Tensor):
        raise Unsupported("a ColumnTransformer behind another transformer")
    for _, each, chosen in transformer.transformers_:
        columns = given.some(chosen)
        if columns.places and not (isinstance(each, str) and each == "drop"):
            yield transformed(graph, each, columns)


def _positions(chosen: Any, names: list[str]) -> Any:
    if isinstance(chosen, str):
        raise Unsupported("a transformer of one column as texts")
    if isinstance(chosen, slice):
        if isinstance(chosen.start or chosen.stop, str):
            raise Unsupported("columns chosen from one name to another")
        return chosen
    listed = np.asarray(chosen)
    if listed.dtype.kind in "OUT":
        return np.array([names.index(name) for name in listed], dtype=int)
    return np.flatnonzero(listed) if listed.dtype == bool else listed.astype(int)


def _identity(graph: Graph, given: Columns, places: list[int]) -> Tensor:
    """Return categories whose values are numbers as those."""
    values = [given.values(place) or [] for place in places]
    if any(isinstance(value, str) for each in values for value in each):
        raise Unsupported("categories of texts that nothing encodes")
    blocks = [np.array([[np.nan if value is None else float(value)] for value in each]) for each in values]
    return _looked_up(graph, given, places, blocks, [[column] for column in range(len(places))], len(places))


def _table(graph: Graph, transformer: Any, given: Columns) -> Tensor:
    """Write down what a transformer makes of each value of each column: the encoder's own rules, whatever they are."""
    base = list(given.contract.example.values())
    counted = [given.values(place) or [] for place in given.places]
    found = [_made(transformer, given, [_with(base, place, value) for value in values])
             for place, values in zip(given.places, counted, strict=True)]  # fmt: skip
    width = found[0].shape[1]
    if sum(map(len, counted)) * width > LARGEST_TABLE:
        raise Unsupported("too many choices for a table")
    owned = [[int(column) for column in np.flatnonzero(~_equal(block, block[:1]).all(axis=0))] for block in found]
    constant = sorted(set(range(width)) - {column for columns in owned for column in columns})
    owned[0] = sorted(owned[0] + constant)
    if sum(map(len, owned)) != width:
        raise Unsupported(f"{type(transformer).__name__} mixes its columns")
    blocks = [block[:, columns] for block, columns in zip(found, owned, strict=True)]
    _must_hold(transformer, given, base, counted, blocks, owned, width)
    return _looked_up(graph, given, list(given.places), blocks, owned, width)


def _must_hold(transformer: Any, given: Columns, base: list[Value], counted: list[list[Value]], blocks: list[Any],
               owned: list[list[int]], width: int) -> None:  # fmt: skip
    chance = np.random.default_rng(0)
    every = [range(len(values)) for values in counted]
    many = int(np.prod([float(len(values)) for values in counted])) > COMBINATIONS
    picked = [[int(chance.integers(len(values))) for values in counted] for _ in range(COMBINATIONS)] if many else [
        list(each) for each in product(*every)]  # fmt: skip
    rows, expected = [], np.zeros((len(picked), width))
    for number, codes in enumerate(picked):
        row = base
        for place, values, code, block, columns in zip(given.places, counted, codes, blocks, owned, strict=True):
            row = _with(row, place, values[code])
            expected[number, columns] = block[code]
        rows.append(row)
    if not _equal(_made(transformer, given, rows), expected).all():
        raise Unsupported(f"{type(transformer).__name__} mixes its columns")


def _looked_up(graph: Graph, given: Columns, places: list[int], blocks: list[Any], owned: list[list[int]],
               width: int) -> Tensor:  # fmt: skip
    """Return, for the codes in the columns of the input, the rows of a table: one lookup for all columns."""
    starts = np.cumsum([0] + [len(block) for block in blocks])
    table = np.zeros((starts[-1], width))
    for start, block, columns in zip(starts, blocks, owned, strict=False):
        table[start : start + len(block), columns] = block
    codes = graph.take(Tensor(INPUT, len(given.contract.fields)), places).name
    if any(given.contract.fields[place].missing for place in places):
        last = [float(len(block) - 1) for block in blocks]
        codes = graph.add("Where", graph.add("IsNaN", codes), graph.constant(last), codes)
    rows = graph.cast(graph.add("Add", codes, graph.constant(starts[:-1])), TensorProto.INT64)
    found = graph.add("Gather", graph.constant(table), rows, axis=0)
    return Tensor(graph.add("ReduceSum", found, graph.constant([1], np.int64), keepdims=0), width)


def _made(transformer: Any, given: Columns, rows: list[list[Value]]) -> Any:
    found = transformer.transform(given.rows(rows))
    found = found.toarray() if hasattr(found, "toarray") else np.asarray(found)
    try:
        return np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError):
        raise Unsupported(f"{type(transformer).__name__} makes texts") from None


def _with(row: list[Value], place: int, value: Value) -> list[Value]:
    return [*row[:place], value, *row[place + 1 :]]


def _equal(one: Any, other: Any) -> Any:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _calculated(graph: Graph, transformer: Any, given: Tensor) -> Tensor:
    for kinds, translate in KINDS:
        if isinstance(transformer, kinds):
            return translate(graph, transformer, given)
    raise Unsupported(f"{type(transformer).__name__} of numbers has no graph")


def _standard(graph: Graph, scaler: Any, given: Tensor) -> Tensor:
    return _shifted(graph, given, scaler.mean_ if scaler.with_mean else None, scaler.scale_)


def _robust(graph: Graph, scaler: Any, given: Tensor) -> Tensor:
    return _shifted(graph, given, scaler.center_, scaler.scale_)


def _largest(graph: Graph, scaler: Any, given: Tensor) -> Tensor:
    return _shifted(graph, given, None, scaler.scale_)


def _shifted(graph: Graph, given: Tensor, centre: Any, scale: Any) -> Tensor:
    name = given.name
    if centre is not None:
        name = graph.add("Sub", name, graph.constant(centre))
    if scale is not None:
        name = graph.add("Div", name, graph.constant(scale))
    return Tensor(name, given.width)


def _ranged(graph: Graph, scaler: Any, given: Tensor) -> Tensor:
    name = graph.add("Mul", given.name, graph.constant(scaler.scale_))
    name = graph.add("Add", name, graph.constant(scaler.min_))
    if scaler.clip:
        low, high = (graph.constant(float(bound)) for bound in scaler.feature_range)
        name = graph.add("Clip", name, low, high)
    return Tensor(name, given.width)


def _imputed(graph: Graph, imputer: Any, given: Tensor) -> Tensor:
    values = np.asarray(imputer.statistics_, dtype=np.float64)
    if np.isnan(values).any():
        raise Unsupported("an imputer of columns without a value")
    is_missing = isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values)
    asked = graph.add("IsNaN", given.name) if is_missing else graph.add(
        "Equal", given.name, graph.constant(float(imputer.missing_values)))  # fmt: skip
    filled = Tensor(graph.add("Where", asked, graph.constant(values), given.name), given.width)
    if not imputer.add_indicator:
        return filled
    told = Tensor(graph.cast(asked, TensorProto.DOUBLE), given.width)
    return graph.beside([filled, graph.take(told, imputer.indicator_.features_.tolist())])


def _selected(graph: Graph, selector: Any, given: Tensor) -> Tensor:
    return graph.take(given, selector.get_support(indices=True).tolist())


KINDS: list[tuple[Any, Callable[[Graph, Any, Tensor], Tensor]]] = [
    (preprocessing.StandardScaler, _standard),
    (preprocessing.MinMaxScaler, _ranged),
    (preprocessing.MaxAbsScaler, _largest),
    (preprocessing.RobustScaler, _robust),
    (impute.SimpleImputer, _imputed),
    (SelectorMixin, _selected),
]  # fmt: skip
