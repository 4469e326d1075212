"""The background of explanations: a few made-up rows, whose answers are what a row's answer is compared with.

Each column lies as the table's does: its values are those at even steps of the column's order, numbers interpolated.
The columns are shuffled one by one, so no row is a person's; a text is the contract's example in all of them. Where
there is no table, the values are spread over the contract's range or choices.
"""

import time
from collections.abc import Sequence

import numpy as np

from app.attribution import attribute, background_size
from app.contract import Contract
from app.engines import Engine
from app.fields import Field
from app.predictions import predictions
from app.values import Row, Value

TIMED = 5
TIMED_SECONDS = 0.2
"""After so long no explanation is timed again."""


def background_rows(contract: Contract, known: Sequence[Row]) -> list[Row]:
    """Return the background of a model; none where nothing can be explained.

    Args:
        known: rows of the table that the contract accepts.
    """
    count, chance = background_size(len(contract.fields)), np.random.default_rng(0)
    columns = [_column(field, [row[place] for row in known], count) for place, field in enumerate(contract.fields)]
    shuffled = [[column[place] for place in chance.permutation(count).tolist()] for column in columns]
    return [[*row] for row in zip(*shuffled, strict=True)]


def us_per_explanation(contract: Contract, engine: Engine, known: Sequence[Row]) -> float | None:
    """Return the least time of a few explanations, in microseconds; None where the model can't be explained.

    Args:
        engine: that will serve.
        known: as `background_rows` takes them.
    """
    background = background_rows(contract, known)
    example: Row = [field.example for field in contract.fields]
    if not background:
        return None
    times: list[float] = []
    try:
        label = predictions(contract, engine, [example])[0].label
        while len(times) < TIMED and sum(times) < TIMED_SECONDS:
            begin = time.perf_counter()  # a processor's own clock may count in steps of 10 ms
            attribute(engine, background, example, label)
            times.append(time.perf_counter() - begin)
    except Exception:  # it fails on rows that no table has: a root of a negative number
        return None
    return round(min(times) * 1e6, 1)


def _column(field: Field, known: Sequence[Value], count: int) -> list[Value]:
    """Return so many values of a field, as many of them missing as in the table."""
    choices = field.countable()
    present = [value for value in known if value is not None and (choices is None or value in choices)]
    missing = round(count * known.count(None) / len(known)) if known else 0
    steps = count - missing
    ordered = present or field.alternatives(None) or [field.example]
    return [*field.quantiles(ordered, [(step + 0.5) / steps for step in range(steps)]), *[None] * missing]
