"""Fitted models that answer several things at once, with the tables that they were trained on."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flask.testing import FlaskClient
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from app import create_app
from app.settings import Settings
from tests.models.project import Importer

CHANCE = np.random.default_rng(19)
COUNT = 160
NUMBERS = pd.DataFrame(CHANCE.normal(size=(COUNT, 3)).round(3), columns=["u", "v", "w"])
MIXED = pd.DataFrame({"u": NUMBERS["u"], "city": CHANCE.choice(["Jaén", "Vigo", "Ávila"], COUNT)})
VALUES = pd.DataFrame({
    "price_eur": (1000 * NUMBERS["u"] + 10 * NUMBERS["v"] + 5000).round(2),
    "rent": (NUMBERS["u"] - NUMBERS["w"]).round(4),
})  # fmt: skip
PRICES = pd.DataFrame({
    "price_eur": (1000 * MIXED["u"] + 300 * (MIXED["city"] == "Vigo")).round(2),
    "rent": (MIXED["u"] - (MIXED["city"] == "Jaén")).round(4),
})  # fmt: skip
WORDS = pd.DataFrame({
    "mood": np.where(NUMBERS["u"] > 0, "happy", "sad"),
    "size": np.select([NUMBERS["v"] > 0.5, NUMBERS["v"] < -0.5], ["large", "small"], "middling"),
})  # fmt: skip
MARKS = pd.DataFrame({
    "rain": (NUMBERS["u"] > 0).astype(int), "wind": (NUMBERS["v"] > 0.3).astype(int),
    "fog": (NUMBERS["w"] + NUMBERS["u"] > 0.4).astype(int),
})  # fmt: skip

MIXED_COLUMNS = make_column_transformer((StandardScaler(), ["u"]), (OneHotEncoder(), ["city"]))
NETWORK: dict[str, Any] = {"hidden_layer_sizes": (8,), "solver": "lbfgs", "max_iter": 2000, "random_state": 0}
SCALED_NETWORK = TransformedTargetRegressor(MLPRegressor(**NETWORK), transformer=StandardScaler())
LOGISTIC = LogisticRegression()
KINDS: dict[str, tuple[Any, pd.DataFrame, pd.DataFrame]] = {
    "forest_of_numbers": (RandomForestRegressor(8, random_state=0), NUMBERS, VALUES),
    "linear_of_columns": (make_pipeline(MIXED_COLUMNS, LinearRegression()), MIXED, PRICES),
    "network_of_numbers": (make_pipeline(StandardScaler(), SCALED_NETWORK), NUMBERS, VALUES),
    "each_of_numbers": (MultiOutputRegressor(Ridge()), NUMBERS, VALUES),
    "chain_of_numbers": (GridSearchCV(RegressorChain(Ridge()), {"order": [[0, 1], [1, 0]]}, cv=2), NUMBERS, VALUES),
    "forest": (RandomForestClassifier(8, random_state=0), NUMBERS, WORDS),
    "tree": (make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=5, random_state=0)), NUMBERS, WORDS),
    "neighbours": (KNeighborsClassifier(), NUMBERS, WORDS),
    "each": (MultiOutputClassifier(LOGISTIC), NUMBERS, WORDS),
    "network": (MLPClassifier(**NETWORK), NUMBERS, MARKS),
    "chain": (ClassifierChain(LOGISTIC), NUMBERS, MARKS),
    "one_by_one": (OneVsRestClassifier(LOGISTIC), NUMBERS, MARKS),
    "without_probabilities": (RidgeClassifier(), NUMBERS, MARKS),
}  # fmt: skip
"""Name → estimator, its rows, and the answers that it is trained on."""

OF_THE_SECOND = ("network", "chain", "one_by_one")
"""Those that give the probability of 1 alone."""


def fitted(name: str) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Return a fitted estimator, its rows and its answers."""
    estimator, rows, answers = KINDS[name]
    return estimator.fit(rows, answers), rows, answers


def unseen(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows like those that a model was trained on, and none of them."""
    shuffled = {name: CHANCE.permutation(rows[name].to_numpy())[:20] for name in rows}
    return pd.DataFrame(shuffled)


def probabilities(name: str, estimator: Any, rows: pd.DataFrame) -> list[Any] | None:
    """Return scikit-learn's own probabilities of each target, (n, labels)."""
    if not hasattr(estimator, "predict_proba"):
        return None
    shares = estimator.predict_proba(rows)
    return [np.stack([1 - one, one], axis=1) for one in shares.T] if name in OF_THE_SECOND else shares


def client(add: Importer, name: str) -> FlaskClient:
    """Return a client of the application that serves what was added, one model of it as the default."""
    settings = Settings(app_bundles=add.bundles, app_default_model=name, secret_key="x" * 32)
    return create_app(settings).test_client()


def close(values: Any, expected: Any) -> bool:
    """Compare numbers to their last digits, labels exactly."""
    values, expected = np.asarray(values), np.asarray(expected)
    if expected.dtype.kind in "OUS":
        return values.tolist() == expected.tolist()
    return values.shape == expected.shape and np.allclose(values.astype(float), expected.astype(float), rtol=1e-9)


def table_of(add: Importer, rows: pd.DataFrame, answers: pd.DataFrame) -> Path:
    """Write the table that a model was trained on."""
    return add.table(pd.concat([rows, answers], axis=1).to_csv(index=False))
