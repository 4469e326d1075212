"""Intervals cover what they say: on real rows that neither the model nor the interval has seen."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from app.contract import Interval
from deploy.models.conformal import COVERAGE, LEAST_ROWS, interval

SPLITS = 60
TABLES = {
    "diabetes": (lambda: load_diabetes(return_X_y=True), Ridge()),
    "uneven noise": (lambda: _uneven(), RandomForestRegressor(10, random_state=0)),
}  # fmt: skip


def _uneven():
    x, y = make_friedman1(450, noise=0, random_state=1)
    return x, y * np.random.default_rng(2).lognormal(0, 0.3, len(y))


@pytest.mark.parametrize("name", TABLES)
def test_interval_covers_what_it_says_on_rows_that_nobody_saw(name):
    make, estimator = TABLES[name]
    x, y = make()
    shares = [_covered(x, y, estimator, seed) for seed in range(SPLITS)]
    assert COVERAGE - 0.015 < np.mean(shares) < COVERAGE + 0.025


def _covered(x, y, estimator, seed):
    """Return the share of the rows of a third part whose truth lies in an interval of the second."""
    x_train, x_rest, y_train, y_rest = train_test_split(x, y, train_size=0.5, random_state=seed)
    x_test, x_new, y_test, y_new = train_test_split(x_rest, y_rest, train_size=0.5, random_state=seed)
    fitted = estimator.fit(x_train, y_train)
    measured = Interval(**interval([*zip(y_test.tolist(), fitted.predict(x_test).tolist(), strict=True)]))
    ends = [measured.ends(value) for value in fitted.predict(x_new).tolist()]
    return np.mean([low <= truth <= high for (low, high), truth in zip(ends, y_new, strict=True)])


def test_margin_is_the_quantile_for_so_few_rows():
    measured = interval([(float(-place), 0.0) for place in range(1, LEAST_ROWS + 1)])
    assert measured == {"margin": 46.0, "coverage": 0.9, "rows": 50, "minimum": None}, "ceil(51 · 0.9) is 46"


def test_few_rows_and_exact_answers_give_no_interval():
    assert interval([(1.0, 2.0)] * (LEAST_ROWS - 1)) is None
    assert interval([(1.0, 1.0)] * LEAST_ROWS) is None


def test_interval_of_what_is_never_negative_begins_at_nothing():
    measured = Interval(**interval([(float(place), 0.0) for place in range(LEAST_ROWS)]))
    assert measured.ends(10.0) == (0.0, 55.0)
