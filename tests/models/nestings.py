"""Encoders and readers of texts and of dicts inside whatever scikit-learn puts round them, fitted on a tiny table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

ROWS = 60
CHANCE = np.random.default_rng(24)
SHOPS = pd.DataFrame({
    "note": [f"row {number} of a table" for number in range(ROWS)],
    "shop": CHANCE.permutation([1, 2, 5, 9] * 15),
    "grade": CHANCE.permutation([0.5, 1.0, 2.5] * 20),
    "zip": CHANCE.permutation(["08001", "28013", "46002"] * 20),
    "size": CHANCE.uniform(1, 9, ROWS).round(2),
    "open": CHANCE.permutation([True, False] * 30),
})  # fmt: skip
SALES = (SHOPS["shop"] * 3 + SHOPS["size"] * 2 + SHOPS["open"]).rename("sales")
BUSY = (SALES.median() < SALES).map({True: "busy", False: "calm"})
CODES = {"shop": [1, 2, 5, 9], "grade": [0.5, 1.0, 2.5], "zip": ["08001", "28013", "46002"], "open": [False, True]}
"""Column → what an encoder of it knows."""

REMARKS = pd.DataFrame({"remark": [
    f"{word} {thing}, number {number % 20}"
    for number, (word, thing) in enumerate(zip(["lovely", "broken", "kind"] * 20, ["lamp", "shop"] * 30, strict=True))
]})  # fmt: skip
MOOD = REMARKS["remark"].str.contains("broken").map({True: "complaint", False: "praise"}).rename("mood")


@dataclass(frozen=True)
class Nesting:
    """A fitted model, and its table.

    Attributes:
        categories: column → what its encoder knows.
        texts: columns that are read as free text.
        dropped: columns that the model doesn't need.
    """

    estimator: Any
    table: pd.DataFrame
    categories: dict[str, list[Any]]
    texts: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def encoded(last: Any) -> Pipeline:
    """Return a pipeline that encodes all codes, leaves the size and drops the note."""
    parts = make_column_transformer((OneHotEncoder(), [*CODES]), ("passthrough", ["size"]))
    return make_pipeline(parts, last)


def nestings() -> dict[str, Nesting]:
    """Return name → nesting."""
    return dict([*_of_codes(), *_of_deep_columns(), *_of_texts(), *_of_dicts()])


def _of_codes() -> Iterator[tuple[str, Nesting]]:
    ridge, logistic = encoded(Ridge()), encoded(LogisticRegression())
    grid = GridSearchCV(ridge, {"ridge__alpha": [0.1, 1]}, cv=2)
    regressors = {
        "pipeline": ridge,
        "grid": grid,
        "target": TransformedTargetRegressor(grid, func=np.log1p, inverse_func=np.expm1),
        "votes": VotingRegressor([("a", ridge), ("b", encoded(DecisionTreeRegressor(max_depth=3)))]),
        "stack": StackingRegressor([("a", ridge), ("b", grid)], final_estimator=Ridge(), cv=2),
        "frozen": FrozenEstimator(encoded(Ridge()).fit(SHOPS, SALES)),
    }
    classifiers = {
        "random search": RandomizedSearchCV(logistic, {"logisticregression__C": [0.1, 1]}, n_iter=2, cv=2),
        "calibrated": CalibratedClassifierCV(encoded(LinearSVC()), cv=2),
        "calibrated, fitted before": CalibratedClassifierCV(FrozenEstimator(encoded(LinearSVC()).fit(SHOPS, BUSY))),
        "threshold": FixedThresholdClassifier(logistic, threshold=0.4, pos_label="busy"),
        "tuned": TunedThresholdClassifierCV(logistic, cv=2, scoring="balanced_accuracy"),
        "one against all": OneVsRestClassifier(logistic),
        "stack of votes": StackingClassifier([("v", VotingClassifier([("a", logistic)]))], cv=2),
    }
    for estimators, answers in ((regressors, SALES), (classifiers, BUSY)):
        for name, estimator in estimators.items():
            yield name, Nesting(estimator.fit(SHOPS, answers), SHOPS, CODES, dropped=("note",))


def _of_deep_columns() -> Iterator[tuple[str, Nesting]]:
    zips = {"zip": CODES["zip"]}
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder())
    inner = ColumnTransformer([("zip", filled, ["zip"]), ("size", StandardScaler(), ["size"])])
    outer = ColumnTransformer([("both", make_pipeline(inner), ["size", "zip"]), ("open", "drop", ["open"])])
    dropped = ("note", "shop", "grade", "open")
    yield "columns of columns", Nesting(make_pipeline(outer, Ridge()).fit(SHOPS, SALES), SHOPS, zips, dropped=dropped)
    first = ColumnTransformer(
        [("fill", SimpleImputer(strategy="most_frequent"), ["zip"]), ("keep", "passthrough", ["size"])]
    )
    second = ColumnTransformer([("code", OneHotEncoder(), [0])], remainder="passthrough")
    chained = make_pipeline(first, second, Ridge()).fit(SHOPS, SALES)
    yield "columns after columns", Nesting(chained, SHOPS, zips, dropped=("note", "shop", "grade", "open"))
    union = FeatureUnion([("codes", ColumnTransformer([("c", OneHotEncoder(), ["zip"])])),
                          ("size", ColumnTransformer([("s", "passthrough", ["size"])]))])  # fmt: skip
    yield "union", Nesting(make_pipeline(union, Ridge()).fit(SHOPS, SALES), SHOPS, zips, dropped=dropped)
    numbers = SHOPS[["shop", "size"]]
    by_place = make_pipeline(ColumnTransformer([("c", OneHotEncoder(), [0])], remainder="passthrough"), Ridge())
    bag = BaggingRegressor(by_place, 3, random_state=0).fit(numbers, SALES)
    yield "bag", Nesting(bag, numbers, {"shop": [1.0, 2.0, 5.0, 9.0]})
    yield "array", Nesting(by_place.fit(numbers.to_numpy(), SALES), numbers, {"shop": [1.0, 2.0, 5.0, 9.0]})
    categories = SHOPS[["zip", "size"]].astype({"zip": "category"})
    boosted = HistGradientBoostingRegressor(max_iter=3, categorical_features="from_dtype").fit(categories, SALES)
    yield "own categories", Nesting(boosted, SHOPS[["zip", "size"]], zips)


def _of_texts() -> Iterator[tuple[str, Nesting]]:
    texts, labels = REMARKS["remark"], MOOD
    grid = GridSearchCV(make_pipeline(CountVectorizer(), LogisticRegression()), {"logisticregression__C": [1]}, cv=2)
    bayes = make_pipeline(TfidfVectorizer(), MultinomialNB())
    lower = FunctionTransformer(np.char.lower)
    estimators = {
        "texts": make_pipeline(HashingVectorizer(n_features=64), LogisticRegression()),
        "texts, searched": grid,
        "texts, cleaned": make_pipeline(lower, TfidfVectorizer(), LogisticRegression()),
        "texts, voted on": VotingClassifier([("a", grid), ("b", bayes)]),
        "texts, calibrated": CalibratedClassifierCV(make_pipeline(TfidfVectorizer(), LinearSVC()), cv=2),
        "texts, two ways": make_pipeline(FeatureUnion([("w", TfidfVectorizer()), ("c", CountVectorizer())]), Ridge()),
    }
    for name, estimator in estimators.items():
        answers = labels if name != "texts, two ways" else labels == "praise"
        fitted = estimator.fit(texts.to_numpy(dtype=str) if "cleaned" in name else texts, answers)
        yield name, Nesting(fitted, REMARKS, {}, ("remark",))
    both = REMARKS.assign(size=SHOPS["size"], zip=SHOPS["zip"], id=range(1, ROWS + 1))
    parts = make_column_transformer(
        (TfidfVectorizer(), "remark"), (OneHotEncoder(), ["zip"]), ("passthrough", ["size"])
    )
    columns = GridSearchCV(make_pipeline(parts, LogisticRegression()), {"logisticregression__C": [1]}, cv=2)
    nesting = Nesting(columns.fit(both, labels), both, {"zip": CODES["zip"]}, ("remark",), ("id",))
    yield "texts in a column", nesting


def _of_dicts() -> Iterator[tuple[str, Nesting]]:
    table = SHOPS[["zip", "size", "open"]]
    rows = table.to_dict("records")
    pipeline = make_pipeline(DictVectorizer(sparse=False), LogisticRegression())
    grid = GridSearchCV(pipeline, {"logisticregression__C": [1]}, cv=2)
    yield "dicts", Nesting(pipeline.fit(rows, BUSY), table, {"zip": CODES["zip"]})
    yield "dicts, searched", Nesting(grid.fit(rows, BUSY), table, {"zip": CODES["zip"]})
