"""Pipelines on a table of six mixed fields: one of each kind of estimator."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from app.contract import Contract
from app.engines.scikit_learn import ScikitLearn
from deploy.models.equivalence import EngineChoice, choose_engine
from deploy.models.json_values import json_value

ROWS = 400
SEED = 9
"""Of the tables; the estimators have their own."""

FITTED = {
    "hist_boosted": HistGradientBoostingClassifier(max_iter=20),
    "hist_values": HistGradientBoostingRegressor(max_iter=20),
    "boosted": GradientBoostingClassifier(n_estimators=20),
    "boosted_values": GradientBoostingRegressor(n_estimators=20),
    "forest": RandomForestClassifier(20), "forest_values": RandomForestRegressor(10), "extra": ExtraTreesClassifier(10),
    "tree": DecisionTreeClassifier(), "logistic": LogisticRegression(max_iter=500), "ridge": Ridge(),
    "ridge_labels": RidgeClassifier(), "lasso": Lasso(), "elastic": ElasticNet(), "svc": SVC(), "svr": SVR(),
    "bayes": GaussianNB(), "perceptrons": MLPClassifier((8,), max_iter=50),
    "perceptrons_values": MLPRegressor(hidden_layer_sizes=(8,), max_iter=50), "descent": SGDClassifier(loss="log_loss"),
    "neighbours": KNeighborsClassifier(),
}  # fmt: skip
"""Name → estimator; all but the last have a graph."""


def mixed_table() -> pd.DataFrame:
    """Return numbers, whole numbers, choices, yes and no, some of them missing."""
    random = np.random.default_rng(SEED)
    table = pd.DataFrame({
        "age": random.integers(18, 80, ROWS), "income": random.normal(30, 9, ROWS).round(2),
        "city": random.choice(["Madrid", "Sevilla", "A Coruña"], ROWS), "plan": random.choice(["a", "b", "c"], ROWS),
        "member": random.choice([True, False], ROWS), "tenth": random.uniform(0, 1, ROWS).round(1),
    })  # fmt: skip
    table.loc[::17, "income"] = np.nan
    table.loc[::23, "city"] = None
    return table


def preparation() -> ColumnTransformer:
    """Return what stands before the estimator: dense, for all can take that."""
    fill = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    return ColumnTransformer(
        [
            ("n", fill, ["age", "income"]),
            ("c", categories, ["city"]),
            ("o", OrdinalEncoder(), ["plan"]),
            ("m", MinMaxScaler(), ["tenth"]),
            ("b", "passthrough", ["member"]),
        ]
    )


def contract(labels: list[str]) -> Contract:
    """Return the contract of `mixed_table`, for a model with some labels, or none."""
    choices_of_labels = [{"value": label, "label": label} for label in labels]
    of_labels = {"kind": "classification", "label": "answer", "labels": choices_of_labels}
    values = {"city": ["Sevilla", "A Coruña", "Madrid"], "plan": ["c", "a", "b"]}
    choices = {name: [{"value": value, "label": value} for value in names] for name, names in values.items()}
    return Contract.model_validate({
        "name": "mixed", "title": "Mixed", "description": "For the tests.",
        "predicts": of_labels if labels else {"kind": "regression", "label": "answer"},
        "fields": [
            {"name": "age", "label": "age", "kind": "integer", "minimum": 18, "maximum": 80, "example": 40},
            {"name": "income", "label": "income", "kind": "number", "missing": True, "example": 30.5},
            {"name": "city", "label": "city", "kind": "category", "missing": True, "choices": choices["city"],
             "example": "Madrid"},
            {"name": "plan", "label": "plan", "kind": "category", "choices": choices["plan"], "example": "a"},
            {"name": "member", "label": "member", "kind": "yes_no", "example": True},
            {"name": "tenth", "label": "tenth", "kind": "number", "minimum": 0.0, "maximum": 1.0, "example": 0.5},
        ],
    })  # fmt: skip


class Mixed:
    """A fitted pipeline on `mixed_table`, with all that the build knows of it."""

    def __init__(self, estimator: Any, labels: int) -> None:
        frame = mixed_table()
        self.rows = [[json_value(value) for value in row] for row in frame.itertuples(index=False)]
        score = frame["age"] / 20 + frame["tenth"] * 3 + (frame["city"] == "Madrid") + frame["member"]
        names = np.array(["low", "middle", "high"][:labels])
        answers = (
            names[np.searchsorted(score.quantile([0.5] if labels == 2 else [0.3, 0.7]), score)] if labels else score
        )
        for name in {"random_state", "n_jobs"} & set(estimator.get_params()):
            estimator.set_params(**{name: 2})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of perceptrons that would have liked to learn for longer
            self.pipeline = make_pipeline(preparation(), estimator).fit(frame, answers)
        self.contract = contract(names.tolist())
        columns = {name: str(kind) for name, kind in frame.dtypes.items()} | {"city": "object", "plan": "object"}
        self.reference = ScikitLearn(self.contract, self.pipeline, "frame", columns)

    def choice(self) -> EngineChoice:
        return choose_engine(self.contract, self.reference, self.reference, self.rows, 500)
