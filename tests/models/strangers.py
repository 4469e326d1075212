"""Models of strangers: every classifier and regressor of scikit-learn, and pipelines as people write them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

ROWS = 90
ONE_FIELD = ("IsotonicRegression",)
PARTS: dict[str, dict[str, Any]] = {
    "estimator": {"estimator": DecisionTreeClassifier(max_depth=3, random_state=0)},
    "regressor": {"estimator": Ridge()},
    "one component": {"n_components": 1},
    "several": {"estimators": [("a", LogisticRegression(max_iter=500)), ("b", DecisionTreeClassifier(max_depth=3))]},
    "several regressors": {"estimators": [("a", Ridge()), ("b", LinearRegression())]},
}
NEEDS = {
    **dict.fromkeys(("ClassifierChain", "FixedThresholdClassifier", "MultiOutputClassifier", "OneVsOneClassifier",
                     "OneVsRestClassifier", "OutputCodeClassifier", "SelfTrainingClassifier",
                     "TunedThresholdClassifierCV"), "estimator"),
    **dict.fromkeys(("MultiOutputRegressor", "RegressorChain"), "regressor"),
    **dict.fromkeys(("CCA", "PLSCanonical"), "one component"),
    **dict.fromkeys(("StackingClassifier", "VotingClassifier"), "several"),
    **dict.fromkeys(("StackingRegressor", "VotingRegressor"), "several regressors"),
}  # fmt: skip
TWO_LABELS = ("FixedThresholdClassifier", "SelfTrainingClassifier", "TunedThresholdClassifierCV")
MANY_ANSWERS = ("ClassifierChain", "MultiOutputClassifier", "MultiOutputRegressor", "MultiTaskElasticNet",
                "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "RegressorChain")  # fmt: skip
"""Those that answer several things at once."""


def numbers() -> pd.DataFrame:
    """Positive numbers with four decimals, which every estimator can be fitted on."""
    random = np.random.default_rng(7)
    return pd.DataFrame({name: random.uniform(0.1, 2, ROWS).round(4) for name in ("a", "b (cm)", "ñandú", "d")})


def mixed() -> pd.DataFrame:
    """Numbers, whole numbers, texts and gaps, as a table of people has them."""
    random = np.random.default_rng(11)
    table = pd.DataFrame({
        "age": random.integers(18, 80, ROWS), "income": random.normal(30, 9, ROWS).round(2),
        "city": random.choice(["Madrid", "Sevilla", "A Coruña", 'the "Big" one, etc.'], ROWS),
        "plan": random.choice(["a", "b"], ROWS), "member": random.choice([True, False], ROWS),
    })  # fmt: skip
    table.loc[::17, "income"] = np.nan
    table.loc[::23, "city"] = None
    return table


def every_estimator() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    """Return name, fitted estimator and table of all of scikit-learn's; every second one without feature names."""
    table = numbers()
    kinds = (("classifier", _labels), ("regressor", _values))
    estimators = [(name, kind, answers) for of, answers in kinds for name, kind in all_estimators(of)]
    for number, (name, kind, answers) in enumerate(estimators):
        inputs = table[["a"]] if name in ONE_FIELD else table
        target = answers(table, name)
        estimator = kind(**PARTS.get(NEEDS.get(name, ""), {}))
        yield name, estimator.fit(inputs if number % 2 else inputs.to_numpy(), target), inputs


def preparation() -> ColumnTransformer:
    """What people put before an estimator for a table like that of `mixed`."""
    fill = make_pipeline(SimpleImputer(), StandardScaler())
    encode = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return ColumnTransformer(
        [("n", fill, ["age", "income"]), ("c", encode, ["city", "plan"]), ("m", "passthrough", ["member"])]
    )


def pipelines() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    """Return name, fitted pipeline and table of what people save."""
    yield from _pipelines_of_mixed_fields()
    yield from _pipelines_of_categories()
    yield from _pipelines_of_reviews()
    yield from _pipelines_of_numbers()


def _pipelines_of_mixed_fields() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    table, both = mixed(), preparation()
    label, value = _leaving(table), table["age"] * 1.5
    (_, fill, _), (_, encode, _), _ = both.transformers
    yield "mixed_forest", make_pipeline(both, RandomForestClassifier(10, random_state=0)).fit(table, label), table
    yield "mixed_ridge", make_pipeline(both, Ridge()).fit(table, value), table
    yield "mixed_svc", make_pipeline(both, SVC(probability=True, random_state=0)).fit(table, label), table
    selector = make_column_selector(dtype_include=[object, "string"])
    by_type = ColumnTransformer([("c", encode, selector)], remainder=fill)
    yield "by_type", make_pipeline(by_type, LogisticRegression()).fit(table, label), table
    search = GridSearchCV(make_pipeline(both, Ridge()), {"ridge__alpha": [0.1, 1]}, cv=3)
    yield "search", search.fit(table, value), table


def _pipelines_of_categories() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    table, texts = mixed(), ["city", "plan"]
    label, value = _leaving(table), table["age"] * 1.5
    codes = ColumnTransformer([("o", OrdinalEncoder(encoded_missing_value=-1), texts)], remainder="passthrough")
    yield "codes_boosted", make_pipeline(codes, HistGradientBoostingClassifier(max_iter=5)).fit(table, label), table
    categories = table.astype({"city": "category", "plan": "category"})
    own = HistGradientBoostingRegressor(max_iter=5, categorical_features="from_dtype").fit(categories, value)
    yield "own_categories", own, table
    numeric_codes = pd.DataFrame({"class": table["age"] % 3 + 1, "fare": numbers()["a"]})
    some = ColumnTransformer([("c", OneHotEncoder(), ["class"])], remainder="passthrough")
    yield "number_codes", make_pipeline(some, LogisticRegression()).fit(numeric_codes, label == "stays"), numeric_codes
    arrays = table[texts].fillna("none")
    yield "text_array", make_pipeline(OneHotEncoder(), LogisticRegression()).fit(arrays.to_numpy(), label), arrays


def _pipelines_of_reviews() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    pairs = zip(["good", "bad", "awful"] * 40, ["día", "noche"] * 60, strict=True)
    texts = [f"{word} {other}, number {number}" for number, (word, other) in enumerate(pairs)]
    reviews = pd.DataFrame({"review": texts})
    mood = ["up" if text.startswith("good") else "down" for text in texts]
    yield "reviews", make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(reviews["review"], mood), reviews
    column = ColumnTransformer([("t", TfidfVectorizer(), "review")])
    yield "review_column", make_pipeline(column, LogisticRegression()).fit(reviews, mood), reviews


def _pipelines_of_numbers() -> Iterator[tuple[str, Any, pd.DataFrame]]:
    table, label = numbers(), _leaving(mixed())
    log = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(table, table["a"] * 3)
    yield "log_target", log, table
    roots = make_pipeline(FunctionTransformer(np.sqrt), LinearRegression()).fit(table, table["d"])
    yield "roots", roots, table
    gaps = _gaps(table)
    yield "gaps_forest", make_pipeline(SimpleImputer(), RandomForestClassifier(5)).fit(gaps, label), gaps


def _leaving(table: pd.DataFrame) -> Any:
    return np.where(table["age"] > 50, "leaves", "stays")


def _gaps(table: pd.DataFrame) -> pd.DataFrame:
    return table.mask(np.random.default_rng(3).uniform(size=table.shape) < 0.1)


def _labels(table: pd.DataFrame, name: str) -> Any:
    if name in MANY_ANSWERS:
        return np.column_stack([table["a"] > 1, table["d"] > 1]).astype(int)
    high = (table["a"] > 1).astype(int).to_numpy()
    return high if name in TWO_LABELS else np.array(["low", "middle", "high"])[high + (table["d"] > 1)]


def _values(table: pd.DataFrame, name: str) -> Any:
    if name in MANY_ANSWERS:
        return table[["a", "d"]].to_numpy() + 1
    return (table["a"] * 2 + table["d"] + 0.5).to_numpy()
