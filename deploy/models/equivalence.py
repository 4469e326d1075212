"""Chooses a model's engine: the fastest whose answers are scikit-learn's own, on every row that it is tried on.

Equal means: the same label, probabilities within 1e-6, values within 1e-6 of their size.
"""

import math
import statistics
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.contract import Contract
from app.engines import Engine, EngineOutputs
from app.engines.onnx import Onnx
from app.engines.scikit_learn import ScikitLearn
from app.fields import Field
from app.model import EquivalenceReport, Timings, Tolerance
from app.values import Row, Value
from deploy.base.paths import KIT, VENV
from deploy.models.boundary_rows import rows_at_thresholds
from deploy.models.compiler import predictors
from deploy.models.compiler.compile import compiled, parts
from deploy.models.compiler.graph import Unsupported

TOLERANCE = 1e-6
"""The one home of what "the same answer" means; each bundle tells it to whoever compares answers later."""

THRESHOLDS = 100_000
"""Most that get rows of their own."""

MISSING_SHARE = 0.1
BLOCK_ROWS = 10_000
TIMED_ROWS = 200
TIMED_SECONDS = 1.0
"""At most so long for one engine."""

SMALL = 1e-6
"""A value smaller than this share of the largest is measured by that share: there, its own digits are rounding."""


def tolerance(answers: Iterable[Any]) -> Tolerance:
    """Return within what answers are the same, of a model that gave those: labels, or numbers of that size."""
    numbers = [each for each in answers if isinstance(each, int | float) and not isinstance(each, bool)]
    largest = max((abs(float(each)) for each in numbers if math.isfinite(each)), default=0.0)
    return Tolerance(relative=TOLERANCE, absolute=TOLERANCE * SMALL * largest)


class Differs(Exception):
    """An engine that answers a row otherwise: the row, and both answers."""


@dataclass(frozen=True)
class Choice:
    """An engine for a bundle.

    Attributes:
        engine: a module of `app.engines`.
        graph: ONNX's bytes; empty for scikit-learn.
    """

    engine: str
    graph: bytes
    proof: EquivalenceReport
    timings: Timings


def choose(contract: Contract, reference: ScikitLearn, served: ScikitLearn, rows: Sequence[Row],
           random_rows: int) -> Choice:  # fmt: skip
    """Return the fastest engine that is exact, and how that was found.

    Args:
        reference: the estimator, asked as it was trained.
        served: the estimator, asked as the server would.
        rows: of the table, and the contract's corners, the example among them.
        random_rows: how many more.
    """
    tried = [*rows, *_random(contract, rows, random_rows)]
    thresholds = (0, 0)
    engine: Engine = served
    why, graph = "", b""
    try:
        graph = compiled(contract, reference.estimator, reference.arranged)
        at_thresholds, thresholds = _at_thresholds(contract, reference, rows)
        tried += at_thresholds
        largest = difference(Onnx(contract, graph), reference, tried)
        engine = Onnx(contract, graph)
    except Unsupported as fault:
        why, graph = str(fault), b""
    except Differs as fault:
        why, graph = f"ONNX Runtime: {fault}", b""
    except Exception as fault:  # a part that is like none before it: scikit-learn can still answer
        why, graph = _failure(fault), b""
    if not graph:
        largest = difference(served, reference, tried)
    proof = EquivalenceReport(rows=len(tried), thresholds=thresholds, largest_difference=largest, why=why)
    timings = Timings(us_per_row=_us_per_row(engine, rows), scikit_learn_us_per_row=_us_per_row(served, rows))
    return Choice("onnx" if graph else "scikit_learn", graph, proof, timings)


def _failure(fault: Exception) -> str:
    """Return what failed and where in our code, for whoever is to mend it: often another scikit-learn's other name."""
    places = [frame for frame in traceback.extract_tb(fault.__traceback__) if Path(frame.filename).is_relative_to(KIT)]
    ours = [frame for frame in places if not Path(frame.filename).is_relative_to(VENV)]
    where = f" ({Path(ours[-1].filename).relative_to(KIT)}, {ours[-1].name})" if ours else ""
    return f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}{where}"


def difference(engine: Engine, reference: Engine, rows: Sequence[Row]) -> float:
    """Return the largest difference between the answers of two engines.

    Raises:
        Differs: a row has another label, or is more than TOLERANCE apart.
    """
    largest = 0.0
    for start in range(0, len(rows), BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        largest = max(largest, _difference(block, engine.compute(block), reference.compute(block)))
    return largest


def _difference(rows: Sequence[Row], found: EngineOutputs, expected: EngineOutputs) -> float:
    if found.labels != expected.labels:
        place = next(place for place, pair in enumerate(zip(found.labels or [], expected.labels or [], strict=True))
                     if pair[0] != pair[1])  # fmt: skip
        raise Differs(_sentence(rows[place], "another label"))
    kind = "values" if expected.values is not None else "probabilities"
    ours, theirs = (
        np.asarray(getattr(each, kind) or [[0.0]] * len(rows), dtype=np.float64) for each in (found, expected)
    )
    ours, theirs = ours.reshape(len(rows), -1), theirs.reshape(len(rows), -1)
    with np.errstate(invalid="ignore"):
        apart = np.where((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)), 0.0, np.abs(ours - theirs))
        if kind == "values":
            sizes = np.abs(np.where(np.isfinite(theirs), theirs, 0.0))
            apart = apart / np.maximum(np.maximum(sizes, SMALL * sizes.max()), np.finfo(float).tiny)
    apart = np.where(np.isnan(apart), math.inf, apart).max(axis=1)
    worst = int(apart.argmax())
    if apart[worst] > TOLERANCE:
        raise Differs(_sentence(rows[worst], f"{kind} {apart[worst]:.1e} apart"))
    return float(apart[worst])


def _sentence(row: Row, what: str) -> str:
    return f"{what} than scikit-learn's for {row}" if "label" in what else f"{what} from scikit-learn's for {row}"


def _at_thresholds(
    contract: Contract, reference: ScikitLearn, rows: Sequence[Row]
) -> tuple[list[Row], tuple[int, int]]:
    transformers, last = parts(reference.estimator)
    trees = predictors.trees_in(last)
    if not trees:
        return [], (0, 0)

    def seen(asked: Sequence[Row]) -> Any:
        numbers = reference.arranged(asked)
        for step in transformers:
            numbers = step.transform(numbers)
        dense = numbers.toarray() if hasattr(numbers, "toarray") else np.asarray(numbers)
        return predictors.sees(last, dense.astype(np.float64))

    return rows_at_thresholds(contract, trees, seen, rows, THRESHOLDS)


def _random(contract: Contract, rows: Sequence[Row], count: int) -> Iterator[Row]:
    """Return rows whose values are drawn from the contract's ranges and choices, or from the known rows."""
    chance = np.random.default_rng(0)
    columns = [
        _drawn(field, [row[place] for row in rows], chance, count) for place, field in enumerate(contract.fields)
    ]
    yield from ([*row] for row in zip(*columns, strict=True))


def _drawn(field: Field, known: list[Value], chance: np.random.Generator, count: int) -> list[Value]:
    values = field.drawn(known, chance, count)
    if not field.missing:
        return values
    gone = (chance.random(count) < MISSING_SHARE).tolist()
    return [None if is_gone else value for value, is_gone in zip(values, gone, strict=True)]


def _us_per_row(engine: Engine, rows: Sequence[Row]) -> float:
    """Return the median time for one row, in microseconds."""
    engine.compute(rows[:1])
    took = []
    end = time.perf_counter() + TIMED_SECONDS
    for number in range(TIMED_ROWS):
        begin = time.perf_counter()
        engine.compute([rows[number % len(rows)]])
        took.append(time.perf_counter() - begin)
        if took and time.perf_counter() > end:
            break
    return round(statistics.median(took) * 1e6, 1)
