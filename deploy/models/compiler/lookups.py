"""Lookup tables: whatever a transformer makes of values that can be counted, written down value by value."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from onnx import TensorProto

from app.engines.onnx import INPUT
from app.values import Value
from deploy.models.compiler.columns import Columns
from deploy.models.compiler.graph import Graph, Tensor, Unsupported

LARGEST_TABLE = 2_000_000
"""Numbers in a table of encoded choices: 16 MB."""

COMBINATIONS = 64
"""Rows on which a table is compared with its transformer."""


@dataclass(frozen=True)
class _Lookup:
    """A table per field.

    Attributes:
        places: of the fields in the contract.
        blocks: per field, (its values, its output columns).
        outputs: per field, which columns of the result are its own.
        width: columns of the result.
    """

    places: list[int]
    blocks: list[Any]
    outputs: list[list[int]]
    width: int

    def added_to(self, graph: Graph, columns: Columns) -> Tensor:
        """Add, for the codes in the columns of the input, the rows of one table: one lookup for all columns."""
        starts = np.cumsum([0] + [len(block) for block in self.blocks])
        table = np.zeros((starts[-1], self.width))
        for start, block, outputs in zip(starts, self.blocks, self.outputs, strict=False):
            table[start : start + len(block), outputs] = block
        fields = columns.contract.fields
        codes = graph.gather(Tensor(INPUT, len(fields)), self.places).name
        if any(fields[place].missing for place in self.places):
            last = [float(len(block) - 1) for block in self.blocks]
            codes = graph.node("Where", graph.node("IsNaN", codes), graph.constant(last), codes)
        rows = graph.cast(graph.node("Add", codes, graph.constant(starts[:-1])), TensorProto.INT64)
        entries = graph.node("Gather", graph.constant(table), rows, axis=0)
        return Tensor(graph.node("ReduceSum", entries, graph.constant([1], np.int64), keepdims=0), self.width)


def category_numbers(graph: Graph, columns: Columns, places: list[int]) -> Tensor:
    """Return categories whose values are numbers as those."""
    values = [columns.values(place) or [] for place in places]
    if any(isinstance(value, str) for choices in values for value in choices):
        raise Unsupported("categories of texts that nothing encodes")
    blocks = [np.array([[np.nan if value is None else float(value)] for value in choices]) for choices in values]
    lookup = _Lookup(places, blocks, [[output] for output in range(len(places))], len(places))
    return lookup.added_to(graph, columns)


def encoded(graph: Graph, transformer: Any, columns: Columns) -> Tensor:
    """Write down what a transformer makes of each value of each column: the encoder's own rules, whatever they are."""
    example = list(columns.contract.example.values())
    values = [columns.values(place) or [] for place in columns.places]
    results = [
        _transform(transformer, columns, [_replaced(example, place, value) for value in choices])
        for place, choices in zip(columns.places, values, strict=True)
    ]
    width = results[0].shape[1]
    if sum(map(len, values)) * width > LARGEST_TABLE:
        raise Unsupported("too many choices for a table")
    outputs = [[int(output) for output in np.flatnonzero(~_equal(one, one[:1]).all(axis=0))] for one in results]
    constant = sorted(set(range(width)) - {output for own in outputs for output in own})
    outputs[0] = sorted(outputs[0] + constant)
    if sum(map(len, outputs)) != width:
        raise Unsupported(f"{type(transformer).__name__} mixes its columns")
    blocks = [result[:, own] for result, own in zip(results, outputs, strict=True)]
    lookup = _Lookup(list(columns.places), blocks, outputs, width)
    _require_equal(transformer, columns, lookup, example, values)
    return lookup.added_to(graph, columns)


def _require_equal(
    transformer: Any, columns: Columns, lookup: _Lookup, example: list[Value], values: list[list[Value]]
) -> None:
    """Compare the table with its transformer on combinations of values."""
    combinations = _combinations([len(choices) for choices in values])
    rows, expected = [], np.zeros((len(combinations), lookup.width))
    for number, codes in enumerate(combinations):
        row = example
        for place, choices, code, block, outputs in zip(
            lookup.places, values, codes, lookup.blocks, lookup.outputs, strict=True
        ):
            row = _replaced(row, place, choices[code])
            expected[number, outputs] = block[code]
        rows.append(row)
    if not _equal(_transform(transformer, columns, rows), expected).all():
        raise Unsupported(f"{type(transformer).__name__} mixes its columns")


def _combinations(counts: list[int]) -> list[list[int]]:
    """Return codes of rows, one of each field's count of values: all combinations, or as many drawn."""
    if int(np.prod([float(count) for count in counts])) > COMBINATIONS:
        chance = np.random.default_rng(0)
        return [[int(chance.integers(count)) for count in counts] for _ in range(COMBINATIONS)]
    return [list(codes) for codes in product(*map(range, counts))]


def _transform(transformer: Any, columns: Columns, rows: list[list[Value]]) -> Any:
    result = transformer.transform(columns.arrange(rows))
    array = result.toarray() if hasattr(result, "toarray") else np.asarray(result)
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        raise Unsupported(f"{type(transformer).__name__} makes texts") from None


def _replaced(row: list[Value], place: int, value: Value) -> list[Value]:
    return [*row[:place], value, *row[place + 1 :]]


def _equal(one: Any, other: Any) -> Any:
    return (one == other) | (np.isnan(one) & np.isnan(other))
