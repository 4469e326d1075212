"""How much each field moves an answer: Shapley values against a few background rows.

Of few fields every combination is computed, and the values are exact. Of more they are estimated by walks, which turn
a background row into the explained one, a field after the other: what the answer moves at a step is that field's. Each
order of the fields is walked in both directions (antithetic sampling: Mitchell, Cooper, Frank and Holmes, JMLR 23(43),
2022), and each background row is left equally often. The steps of a walk add up to the whole way, so contributions
add up to the answer in either case. Nothing is drawn anew: the same row, model and background get the same values.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import comb

import numpy as np

from app.engines import Engine, EngineOutputs
from app.predictions import finite_outputs
from app.values import Row

EVALUATIONS = 1_300
"""Rows that the model computes for the walks, about."""

EXACT_FIELDS, COMBINATIONS = 7, 2_048
"""So many fields at most have every combination computed, and so many rows in all."""

BACKGROUND_ROWS, MOST_FIELDS = 32, 300
"""At most: of more fields, two orders walked in both directions are too many rows."""

Heights = Callable[[Sequence[Row]], Sequence[float]]
"""Rows → the number of each that is explained."""


@dataclass(frozen=True)
class Attribution:
    """An answer in parts.

    Attributes:
        baseline: the mean of the background rows' answers.
        contributions: of each field, in the contract's order; with the baseline they add up to the answer.
        answer: the explained row's.
    """

    baseline: float
    contributions: Sequence[float]
    answer: float


def background_size(fields: int) -> int:
    """Return how many background rows a model with so many fields gets; none where there is nothing to explain."""
    if not 1 < fields <= MOST_FIELDS:
        return 0
    return min(BACKGROUND_ROWS, COMBINATIONS >> fields if fields <= EXACT_FIELDS else _pairs(fields))


def attribute(engine: Engine, background: Sequence[Row], row: Row, label: int | None) -> Attribution:
    """Return how much each field of a row moves its answer away from the background's.

    Args:
        engine: asked once.
        background: one row or more.
        label: whose probability is explained; None for a number.

    Raises:
        Exception: the engine computes no answer for some mixture of the row and the background.
    """
    method = _exact if len(row) <= EXACT_FIELDS else _estimated
    return method(lambda rows: heights_of(finite_outputs(engine, rows), label), background, row)


def heights_of(outputs: EngineOutputs, label: int | None) -> Sequence[float]:
    """Return what is explained: a label's probability, 1 where it is the answer and else 0, or the number."""
    if outputs.probabilities is not None and label is not None:
        return [shares[label] for shares in outputs.probabilities]
    if outputs.labels is not None:
        return [float(answer == label) for answer in outputs.labels]
    return outputs.values or []


def _exact(heights: Heights, background: Sequence[Row], row: Row) -> Attribution:
    fields = len(row)
    rows = [[*mixed] for start in background for mixed in product(*zip(start, row, strict=True))]
    table = np.reshape(heights(rows), (len(background), *[2] * fields)).mean(axis=0)
    present = np.indices([2] * (fields - 1)).sum(axis=0)
    shares = np.array([1 / (fields * comb(fields - 1, count)) for count in range(fields)])[present]
    moved = [float((np.diff(table, axis=place).squeeze(place) * shares).sum()) for place in range(fields)]
    return Attribution(float(table.flat[0]), moved, float(table.flat[-1]))


def _estimated(heights: Heights, background: Sequence[Row], row: Row) -> Attribution:
    walks = [*_walks(background, row)]
    steps = [step for _, places, start in walks for step in _between(start, places, row)]
    answer, *others = heights([row, *background, *steps])
    starts, along = others[: len(background)], iter(others[len(background) :])
    moved = np.zeros(len(row))
    for number, places, _ in walks:
        if places:
            path = [starts[number], *(next(along) for _ in places[1:]), answer]
            moved[places] += np.diff(path)
    return Attribution(float(np.mean(starts)), (moved / len(walks)).tolist(), answer)


def _pairs(fields: int) -> int:
    """Return how many orders of so many fields are walked, each in both directions."""
    return max(1, EVALUATIONS // (2 * fields))


def _walks(background: Sequence[Row], row: Row) -> Iterator[tuple[int, list[int], Row]]:
    """Yield the walks: the background row's number, the places of the fields that differ, in order, and that row."""
    for number, order in enumerate(_orders(len(row), len(background))):
        start = background[number // 2 % len(background)]
        yield number // 2 % len(background), [place for place in order if start[place] != row[place]], start


def _between(start: Row, places: Sequence[int], row: Row) -> Iterator[Row]:
    """Yield the rows of a walk between its ends."""
    step = [*start]
    for place in places[:-1]:
        step[place] = row[place]
        yield [*step]


@lru_cache
def _orders(fields: int, background_rows: int) -> Sequence[Sequence[int]]:
    """Return the orders of the fields, each followed by its reverse, as often as each background row is left."""
    chance = random.Random(0)
    count = max(1, _pairs(fields) // background_rows) * background_rows
    forward = [chance.sample(range(fields), fields) for _ in range(count)]
    return [order for one in forward for order in (one, one[::-1])]
