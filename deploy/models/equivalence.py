"""Chooses a model's engine: the fastest whose answers equal scikit-learn's on every row that both are asked.

Equal means: the same label, probabilities within 1e-6, values within 1e-6 of their size.
"""

import math
import statistics
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.contract import Contract
from app.engines import Engine, EngineOutputs
from app.engines.onnx import Onnx
from app.engines.scikit_learn import ScikitLearn
from app.fields import Field
from app.model import EquivalenceReport, Timings
from app.predictions import refused_rows
from app.values import Row, Value
from deploy.base.paths import KIT, VENV
from deploy.models.boundary_rows import rows_at_thresholds
from deploy.models.compiler import ensembles
from deploy.models.compiler.compile import compiled, parts
from deploy.models.compiler.graph import Unsupported
from deploy.models.tolerance import SMALL, TOLERANCE

THRESHOLDS = 10_000
"""About so many get rows of their own; or five times as many as there are random rows, if that is more."""

MISSING_SHARE = 0.1
BLOCK_ROWS = 10_000
TIMED_ROWS = 200
TIMED_SECONDS = 0.3
"""At most so long for one engine: of scikit-learn's slowest pipelines still some thirty rows."""


class Mismatch(Exception):
    """An engine answers a row otherwise than scikit-learn: how, and the row."""


@dataclass(frozen=True)
class EngineChoice:
    """An engine for a bundle.

    Attributes:
        engine: a module of `app.engines`.
        graph: ONNX's bytes; empty for scikit-learn.
        proof: on how many rows it was compared, and with which result.
    """

    engine: str
    graph: bytes
    proof: EquivalenceReport
    timings: Timings


@dataclass
class _Comparison:
    """Rows on which engines are compared, and what came of it; see `app.model.EquivalenceReport`."""

    rows: list[Row]
    thresholds: tuple[int, int] = (0, 0)
    largest_difference: float = 0.0
    why: str = ""


def choose_engine(
    contract: Contract, reference: ScikitLearn, served: ScikitLearn, rows: Sequence[Row], random_rows: int
) -> EngineChoice:
    """Return the fastest engine whose answers equal scikit-learn's, and the comparison that shows it.

    Args:
        reference: the estimator, asked as it was trained.
        served: the estimator, asked as the server would.
        rows: of the table, and the contract's corners, the example among them.
        random_rows: how many more.
    """
    comparison = _Comparison([*rows, *_computed(reference, [*_random(contract, rows, random_rows)], rows[0])])
    graph = _equal_graph(contract, reference, rows, random_rows, comparison)
    if not graph:
        comparison.largest_difference = largest_difference(served, reference, comparison.rows)
    proof = EquivalenceReport(
        rows=len(comparison.rows),
        thresholds=comparison.thresholds,
        largest_difference=comparison.largest_difference,
        why=comparison.why,
    )
    scikit_learn = _us_per_row(served, rows)
    us_per_row = _us_per_row(Onnx(contract, graph), rows) if graph else scikit_learn
    timings = Timings(us_per_row=us_per_row, scikit_learn_us_per_row=scikit_learn)
    return EngineChoice("onnx" if graph else "scikit_learn", graph, proof, timings)


def _equal_graph(
    contract: Contract, reference: ScikitLearn, rows: Sequence[Row], random_rows: int, comparison: _Comparison
) -> bytes:
    """Return a graph that answers as scikit-learn does, and write the comparison down; empty, and why, if none does."""
    try:
        graph = compiled(contract, reference.estimator, reference.arranged)
        at_thresholds, comparison.thresholds = _at_thresholds(contract, reference, rows, random_rows)
        comparison.rows += at_thresholds
        comparison.largest_difference = largest_difference(Onnx(contract, graph), reference, comparison.rows)
        return graph
    except Unsupported as fault:
        comparison.why = str(fault)
    except Mismatch as fault:
        comparison.why = f"ONNX Runtime: {fault}"
    except Exception as fault:  # an estimator that is like none before it: scikit-learn can still answer
        comparison.why = _failure(fault)
    return b""


def _failure(fault: Exception) -> str:
    """Return what failed and where in our code, for whoever mends it: often a name that scikit-learn changed."""
    places = [frame for frame in traceback.extract_tb(fault.__traceback__) if Path(frame.filename).is_relative_to(KIT)]
    ours = [frame for frame in places if not Path(frame.filename).is_relative_to(VENV)]
    where = f" ({Path(ours[-1].filename).relative_to(KIT)}, {ours[-1].name})" if ours else ""
    return f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}{where}"


def largest_difference(engine: Engine, reference: Engine, rows: Sequence[Row]) -> float:
    """Return the largest difference between the answers of two engines.

    Raises:
        Mismatch: a row has another label, or is more than TOLERANCE apart.
    """
    largest = 0.0
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        largest = max(largest, _block_difference(block, engine.compute(block), reference.compute(block)))
    return largest


def _block_difference(rows: Sequence[Row], answers: EngineOutputs, expected: EngineOutputs) -> float:
    pairs = zip(answers.targets, expected.targets, strict=True)
    return max(_target_difference(rows, one, other) for one, other in pairs)


def _target_difference(rows: Sequence[Row], answers: EngineOutputs, expected: EngineOutputs) -> float:
    if answers.labels != expected.labels:
        pairs = enumerate(zip(answers.labels or [], expected.labels or [], strict=True))
        first = next(place for place, (label, expected_label) in pairs if label != expected_label)
        raise Mismatch(f"a different label from scikit-learn's for {rows[first]}")
    kind = "values" if expected.values is not None else "probabilities"
    ours, theirs = _matrix(answers, kind, len(rows)), _matrix(expected, kind, len(rows))
    with np.errstate(invalid="ignore"):
        apart = np.where((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)), 0.0, np.abs(ours - theirs))
        if kind == "values":
            sizes = np.abs(np.where(np.isfinite(theirs), theirs, 0.0))
            apart = apart / np.maximum(np.maximum(sizes, SMALL * sizes.max()), np.finfo(float).tiny)
    apart = np.where(np.isnan(apart), math.inf, apart).max(axis=1)
    worst = int(apart.argmax())
    if apart[worst] > TOLERANCE:
        raise Mismatch(f"{kind} differ by {apart[worst]:.1e} from scikit-learn's for {rows[worst]}")
    return float(apart[worst])


def _matrix(answers: EngineOutputs, kind: str, rows: int) -> Any:
    """Return values or probabilities as (rows, n); zeros where the engine gives none."""
    return np.asarray(getattr(answers, kind) or [[0.0]] * rows, dtype=np.float64).reshape(rows, -1)


def _at_thresholds(
    contract: Contract, reference: ScikitLearn, rows: Sequence[Row], random_rows: int
) -> tuple[list[Row], tuple[int, int]]:
    transformers, last = parts(reference.estimator)
    trees = ensembles.trees_in(last)
    if not trees:
        return [], (0, 0)

    def features_of(block: Sequence[Row]) -> Any:
        numbers = reference.arranged(block)
        for step in transformers:
            numbers = step.transform(numbers)
        dense = numbers.toarray() if hasattr(numbers, "toarray") else np.asarray(numbers)
        return ensembles.compared_numbers(last, dense.astype(np.float64))

    return rows_at_thresholds(contract, trees, features_of, rows, max(THRESHOLDS, 5 * random_rows))


def _random(contract: Contract, rows: Sequence[Row], count: int) -> Iterator[Row]:
    """Return rows whose values are drawn from the contract's ranges and choices, or from the known rows."""
    chance = np.random.default_rng(0)
    columns = [
        _drawn(field, [row[place] for row in rows], chance, count) for place, field in enumerate(contract.fields)
    ]
    yield from ([*row] for row in zip(*columns, strict=True))


def _computed(reference: ScikitLearn, rows: list[Row], example: Row) -> list[Row]:
    """Return the rows that scikit-learn answers: not those with roots of negative numbers, which it has not seen."""
    refused: set[int] = set()
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        refused |= {start + place for place in refused_rows(reference, block, example, len(block))}
    return [row for place, row in enumerate(rows) if place not in refused]


def _drawn(field: Field, known: list[Value], chance: np.random.Generator, count: int) -> list[Value]:
    values = field.drawn(known, chance, count)
    if not field.missing:
        return values
    absent = (chance.random(count) < MISSING_SHARE).tolist()
    return [None if is_absent else value for value, is_absent in zip(values, absent, strict=True)]


def _us_per_row(engine: Engine, rows: Sequence[Row]) -> float:
    """Return the median time for one row, in microseconds."""
    engine.compute(rows[:1])
    times = []
    end = time.perf_counter() + TIMED_SECONDS
    for number in range(TIMED_ROWS):
        begin = time.perf_counter()
        engine.compute([rows[number % len(rows)]])
        times.append(time.perf_counter() - begin)
        if times and time.perf_counter() > end:
            break
    return round(statistics.median(times) * 1e6, 1)
