"""Shapley values: against their definition, against the shap package, and always adding up to the answer."""

import math
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from app import attribution
from app.attribution import attribute, background_size
from app.engines import EngineOutputs, PredictionError
from app.values import Value

FIVE_BACKGROUND = [[0, 1, 2, 0, 1], [1, 0, 0, 1, 2], [2, 2, 1, 0.5, 0], [0.5, 3, 1, 1, 1]]
NINE_BACKGROUND = [[(i * j) % 5 for j in range(1, 10)] for i in range(1, 5)]


class Engine:
    """An engine whose answers are a function of the row; it keeps how many rows it was asked for."""

    gives_probabilities = False

    def __init__(self, answer: Callable[[Sequence[Any]], float]) -> None:
        self.answer, self.asked = answer, 0

    def compute(self, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
        self.asked += len(rows)
        return EngineOutputs(values=[self.answer(row) for row in rows])


def five(row: Sequence[Any]) -> float:
    a, b, c, d, e = row
    return 3 * a - 2 * b * c + (a if d > 0.5 else -c) * e + math.sin(b * d * e)


def nine(row: Sequence[Any]) -> float:
    a, b, c, d, e, f, g, h, i = row
    return a * b * c + d * 2 + max(e, f) - g * h + i**2


def pairs(row: Sequence[Any]) -> float:
    """Interactions of two fields at most."""
    return float(sum(row[place] * row[-1 - place] * place for place in range(len(row))) + row[0] ** 3)


def by_definition(answer: Callable[[Sequence[Any]], float], background: Any, row: Any) -> list[float]:
    """Return the mean of what each field moves, over all orders and background rows."""
    moved = np.zeros(len(row))
    orders = [*permutations(range(len(row)))]
    for start in background:
        for order in orders:
            step = [*start]
            for place in order:
                before = answer(step)
                step[place] = row[place]
                moved[place] += answer(step) - before
    return (moved / len(orders) / len(background)).tolist()


def test_few_fields_have_their_exact_values():
    row = [1.5, 0.5, 3, 0.75, 2]
    parts = attribute(Engine(five), FIVE_BACKGROUND, row, None)
    assert parts.contributions == pytest.approx(by_definition(five, FIVE_BACKGROUND, row), abs=1e-12)


def test_values_are_those_of_the_shap_package():
    """shap 0.51.0: explainers.Exact(answer, maskers.Independent(background))(row)."""
    parts = attribute(Engine(five), FIVE_BACKGROUND, [1.5, 0.5, 3, 0.75, 2], None)
    shap = [2.729166666666667, 4.6240604499071205, -4.083333333333334, 2.412085383525203, 0.21437959124271078]
    assert (parts.baseline, parts.contributions) == (pytest.approx(-0.7147199979850332), pytest.approx(shap))
    many = attribute(Engine(nine), NINE_BACKGROUND, [4, 3, 2, 1, 0, 1, 2, 3, 4], None)
    shap = [8.625, 5.5, -2.625, -3, 0, -1.5, 0.75, -1.75, 8.5]
    assert many.baseline == pytest.approx(22.5)
    assert many.contributions == pytest.approx(shap, abs=0.1), "of many fields they are estimates"
    assert many.contributions[3:] == pytest.approx(shap[3:]), "but exact where no three fields act together"


@pytest.mark.parametrize("fields", [8, 20, 79])
def test_walks_are_exact_where_no_three_fields_act_together(fields):
    chance = np.random.default_rng(fields)
    background = chance.integers(-3, 4, (background_size(fields), fields)).tolist()
    row = chance.integers(-3, 4, fields).tolist()
    exact = np.zeros(fields)
    for start in background:  # of a pair, each gets half of what both do together
        for place in range(fields):
            forward, last = [*start], [*row]
            forward[place], last[place] = row[place], start[place]
            exact[place] += (pairs(forward) - pairs(start) + pairs(row) - pairs(last)) / 2
    parts = attribute(Engine(pairs), background, row, None)
    assert parts.contributions == pytest.approx((exact / len(background)).tolist(), abs=1e-9)


@pytest.mark.parametrize("fields", [2, 7, 8, 30, 150, 300])
def test_contributions_add_up_and_the_same_row_gets_the_same(fields):
    chance = np.random.default_rng(fields)

    def uneven(row: Sequence[Any]) -> float:
        return math.sin(sum(value * place for place, value in enumerate(row))) * 1e6

    background = chance.normal(size=(background_size(fields), fields)).round(1).tolist()
    row = chance.normal(size=fields).round(1).tolist()
    parts, again = (attribute(Engine(uneven), background, row, None) for _ in range(2))
    assert parts.baseline + math.fsum(parts.contributions) == pytest.approx(parts.answer, abs=1e-6)
    assert [parts.answer, parts.baseline] == pytest.approx([uneven(row), np.mean([*map(uneven, background)])])
    attribution._orders.cache_clear()
    assert parts == again == attribute(Engine(uneven), background, row, None)


def test_rows_that_are_computed_are_bounded():
    for fields in range(2, 301):
        engine = Engine(lambda row: 0.0)
        attribute(engine, [[0] * fields] * background_size(fields), [1] * fields, None)
        assert engine.asked <= attribution.COMBINATIONS, fields
    assert [background_size(fields) for fields in (1, 7, 8, 79, 300, 301, 10_000)] == [0, 16, 32, 8, 2, 0, 0]


def test_what_equals_the_background_moves_nothing_and_costs_nothing():
    engine = Engine(lambda row: float(sum(row[:2])))
    background = [[0, 0, *range(10)]] * background_size(12)
    parts = attribute(engine, background, [3, 4, *range(10)], None)
    assert parts.contributions == [3, 4] + [0] * 10
    assert engine.asked < 200


def test_number_that_is_not_finite_is_no_explanation():
    with pytest.raises(PredictionError):
        attribute(Engine(lambda row: math.nan if row[0] else 0.0), [[0, 0]], [1, 1], None)
