"""Makes a model that answers with what it was given: what a page read can be seen in its answer."""

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from deploy.training import Trained

ROWS = 50


def train() -> Trained:
    """Return a pipeline that predicts the first number, whatever the others are."""
    random = np.random.default_rng(3)
    table = random.uniform([-9, 1900, 50, 0], [9, 2024, 200_000, 9], (ROWS, 4))
    pipeline = make_pipeline(SimpleImputer(), LinearRegression()).fit(table, table[:, 0])
    pipeline[-1].coef_, pipeline[-1].intercept_ = np.array([1.0, 0, 0, 0]), 0.0
    return Trained(pipeline, {"rows": ROWS}, table.tolist())
