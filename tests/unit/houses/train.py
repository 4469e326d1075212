"""Random houses: as many fields as people's tables have, of which some count, by a formula that takes its time."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from sklearn.base import BaseEstimator, RegressorMixin

from deploy.training import Trained

ROWS = 600
ROWS_PER_SECOND = 6_000
"""As a forest of some size answers."""


class Prices(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A formula, called as an estimator that was trained on a table."""

    def fit(self, table: pd.DataFrame) -> "Prices":
        """Keep the names of the columns."""
        self.feature_names_in_ = np.array(table.columns, dtype=object)
        self.n_features_in_ = table.shape[1]
        return self

    def predict(self, table: pd.DataFrame) -> Any:
        """Return the price of each house."""
        time.sleep(len(table) / ROWS_PER_SECOND)
        is_good = table["KitchenQual"].isin(["Ex", "Gd"])
        is_fine = is_good & table["Neighborhood"].isin(["NridgHt", "StoneBr", "NoRidge"])
        prices = 20_000 * table["OverallQual"] + 40 * table["GrLivArea"] + 400 * (table["YearBuilt"] - 1900)
        prices += 15_000 * table["GarageCars"].fillna(0) + 60_000 * is_fine + table["LotArea"] / 5
        return prices.to_numpy(dtype=float)


def train() -> Trained:
    """Return the formula, with random houses."""
    random = np.random.default_rng(7)
    fields = yaml.safe_load(Path(__file__).with_name("model.yaml").read_text(encoding="utf-8"))["fields"]
    table = pd.DataFrame({field["name"]: column(field, random) for field in fields})
    rows = table.head(40).astype(object).where(table.head(40).notna(), None)
    return Trained(Prices().fit(table), {"rows": ROWS}, rows.to_numpy().tolist())


def column(field: dict[str, Any], random: np.random.Generator) -> Any:
    """Return a column of random values of a field, with gaps where it may have some."""
    if field["kind"] == "category":
        values = random.choice(np.array([choice["value"] for choice in field["choices"]], dtype=object), ROWS)
        return np.where(random.random(ROWS) < 0.1, None, values)
    values = random.integers(field["minimum"], field["maximum"] + 1, ROWS).astype(float)
    return np.where(random.random(ROWS) < 0.1, np.nan, values) if field.get("missing") else values
