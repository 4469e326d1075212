"""Engines: what ONNX Runtime answers is what scikit-learn answers, and what isn't is not let out of the build."""

import math
import warnings
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import numpy_helper
from sklearn.base import is_classifier
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
from app.engines import EngineOutputs
from app.engines.scikit_learn import ScikitLearn
from deploy.models import equivalence
from deploy.models.compiler.compile import compiled
from deploy.models.equivalence import Differs, choose, difference
from deploy.models.validation import plain

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


def table() -> pd.DataFrame:
    """Return numbers, whole numbers, choices, yes and no, some of them missing."""
    random = np.random.default_rng(SEED)
    found = pd.DataFrame({
        "age": random.integers(18, 80, ROWS), "income": random.normal(30, 9, ROWS).round(2),
        "city": random.choice(["Madrid", "Sevilla", "A Coruña"], ROWS), "plan": random.choice(["a", "b", "c"], ROWS),
        "member": random.choice([True, False], ROWS), "tenth": random.uniform(0, 1, ROWS).round(1),
    })  # fmt: skip
    found.loc[::17, "income"] = np.nan
    found.loc[::23, "city"] = None
    return found


def preparation() -> ColumnTransformer:
    """Return what stands before the estimator: dense, for all can take that."""
    fill = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"),
                          OneHotEncoder(handle_unknown="ignore", sparse_output=False))  # fmt: skip
    return ColumnTransformer([("n", fill, ["age", "income"]), ("c", words, ["city"]), ("o", OrdinalEncoder(), ["plan"]),
                              ("m", MinMaxScaler(), ["tenth"]), ("b", "passthrough", ["member"])])  # fmt: skip


def contract(labels: list[str]) -> Contract:
    """Return the contract of `table`, for a model with some labels, or none."""
    each = [{"value": label, "label": label} for label in labels]
    of_labels = {"kind": "classification", "label": "answer", "labels": each}
    values = {"city": ["Sevilla", "A Coruña", "Madrid"], "plan": ["c", "a", "b"]}
    choices = {name: [{"value": value, "label": value} for value in each] for name, each in values.items()}
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
    """A fitted pipeline on `table`, with all that the build knows of it."""

    def __init__(self, estimator: Any, labels: int) -> None:
        given = table()
        self.rows = [[plain(value) for value in row] for row in given.itertuples(index=False)]
        score = given["age"] / 20 + given["tenth"] * 3 + (given["city"] == "Madrid") + given["member"]
        names = np.array(["low", "middle", "high"][:labels])
        answers = (
            names[np.searchsorted(score.quantile([0.5] if labels == 2 else [0.3, 0.7]), score)] if labels else score
        )
        for name in {"random_state", "n_jobs"} & set(estimator.get_params()):
            estimator.set_params(**{name: 2})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of perceptrons that would have liked to learn for longer
            self.pipeline = make_pipeline(preparation(), estimator).fit(given, answers)
        self.contract = contract(names.tolist())
        columns = {name: str(kind) for name, kind in given.dtypes.items()} | {"city": "object", "plan": "object"}
        self.reference = ScikitLearn(self.contract, self.pipeline, "frame", columns)

    def choice(self) -> equivalence.Choice:
        return choose(self.contract, self.reference, self.reference, self.rows, 500)


@pytest.mark.parametrize(("name", "labels"), [
    (name, labels) for name, kind in FITTED.items() for labels in ((2, 3) if is_classifier(kind) else (0,))
])  # fmt: skip
def test_each_kind_answers_as_scikit_learn_does(name, labels):
    choice = Mixed(FITTED[name], labels).choice()
    assert choice.engine == ("scikit_learn" if name == "neighbours" else "onnx"), choice.proof.why
    assert choice.proof.largest_difference <= 1e-9, "far below what is allowed: it isn't luck"
    reached, of = choice.proof.thresholds
    assert reached >= 0.9 * of, "all that some row of the contract can reach"
    if name in ("forest", "tree", "extra"):
        assert choice.proof.largest_difference == 0
    if choice.engine == "onnx":
        assert choice.timings.us_per_row * 10 < choice.timings.scikit_learn_us_per_row


class Numbers:
    """A fitted estimator on three plain numbers."""

    def __init__(self, estimator: Any) -> None:
        random = np.random.default_rng(SEED)
        given = random.normal(size=(ROWS, 3)).round(2)
        self.rows = given.tolist()
        estimator = estimator.set_params(random_state=2)
        names = ["low", "middle", "high"] if is_classifier(estimator) else []
        score = given[:, 0] + given[:, 1] * given[:, 2]
        answers = np.array(names)[np.searchsorted([-0.5, 0.5], score)] if names else score
        self.estimator = estimator.fit(given, answers)
        said = contract(names).model_dump() | {"fields": [
            {"name": name, "label": name, "kind": "number", "minimum": -5, "maximum": 5, "example": 0.1}
            for name in ("a", "b", "c")
        ]}  # fmt: skip
        self.contract = Contract.model_validate(said)
        self.reference = ScikitLearn(self.contract, self.estimator, "numbers", dict.fromkeys("abc", "float64"))
        self.graph = onnx.load_from_string(compiled(self.contract, self.estimator, self.reference.arranged))

    def choice_with(self, changed: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> equivalence.Choice:
        """Return what the build chooses where the compiler is wrong."""
        monkeypatch.setattr(equivalence, "compiled", lambda *_: bytes(changed.SerializeToString()))
        return choose(self.contract, self.reference, self.reference, self.rows, 100)

    def changed(self) -> onnx.ModelProto:
        return onnx.ModelProto.FromString(self.graph.SerializeToString())


def attribute(graph: onnx.ModelProto, name: str) -> onnx.AttributeProto:
    (node,) = (node for node in graph.graph.node if node.op_type == "TreeEnsemble")
    return next(each for each in node.attribute if each.name == name)


def must_be_refused(choice: equivalence.Choice, words: str) -> None:
    assert (choice.engine, choice.graph) == ("scikit_learn", b"")
    assert words in choice.proof.why


SMALL: dict[Any, dict[str, int]] = {
    RandomForestClassifier: {"n_estimators": 10}, GradientBoostingRegressor: {"n_estimators": 30},
    HistGradientBoostingClassifier: {"max_iter": 5},
}  # fmt: skip


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, RandomForestClassifier,
                                  GradientBoostingRegressor, HistGradientBoostingClassifier])  # fmt: skip
def test_threshold_that_is_one_float_off_is_not_let_out(kind, monkeypatch):
    numbers = Numbers(kind(**SMALL.get(kind, {})))
    honest = numbers.choice_with(numbers.graph, monkeypatch)
    assert honest.engine == "onnx" and honest.proof.thresholds[0] == honest.proof.thresholds[1]
    count = numpy_helper.to_array(attribute(numbers.graph, "nodes_splits").t).size
    for place in np.random.default_rng(SEED).integers(count, size=6).tolist():
        for to in (np.inf, -np.inf):
            changed = numbers.changed()
            splits = attribute(changed, "nodes_splits")
            values = numpy_helper.to_array(splits.t).copy()
            values[place] = one_off(values[place], to, kind)
            splits.t.CopyFrom(numpy_helper.from_array(values))
            must_be_refused(
                numbers.choice_with(changed, monkeypatch), "from scikit-learn's" if "Regr" in kind.__name__ else ""
            )


def one_off(threshold: float, to: float, kind: type) -> float:
    """Return the next number that the trees can tell apart: all but histograms' see float32."""
    if "Hist" in kind.__name__:
        return float(np.nextafter(threshold, to))
    near = np.float32(threshold)
    at_most = near if near <= threshold else np.nextafter(near, np.float32(-np.inf))
    return float(np.nextafter(at_most, np.float32(to)))


def test_labels_that_are_swapped_are_not_let_out(monkeypatch):
    numbers = Numbers(RandomForestClassifier(10))
    changed = numbers.changed()
    (label,) = (node for node in changed.graph.node if "label" in node.output)
    swap = numpy_helper.from_array(np.array([1, 0, 2]), "swap")
    changed.graph.initializer.append(swap)
    swapped = onnx.helper.make_node("Gather", ["swap", label.input[0]], ["label"], axis=0)
    label.CopyFrom(swapped)
    must_be_refused(numbers.choice_with(changed, monkeypatch), "another label than scikit-learn's for [")


def test_probability_that_is_a_little_off_is_not_let_out(monkeypatch):
    numbers = Numbers(LogisticRegression())
    changed = numbers.changed()
    weights = next(each for each in changed.graph.initializer if len(each.dims) == 2)
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * (1 + 1e-5), weights.name))
    must_be_refused(numbers.choice_with(changed, monkeypatch), "probabilities")


def test_graph_that_cannot_be_run_is_not_let_out(monkeypatch):
    numbers = Numbers(LogisticRegression())
    changed = numbers.changed()
    changed.graph.node[0].op_type = "Nonsense"
    must_be_refused(numbers.choice_with(changed, monkeypatch), "Nonsense")


class Says:
    """An engine that answers what a function of the row says."""

    gives_probabilities = False

    def __init__(self, answer) -> None:
        self.answer = answer

    def compute(self, rows):
        return EngineOutputs(values=[self.answer(row) for row in rows])


def test_difference_is_told_of_the_row_that_has_it():
    def off(by: float) -> Says:
        return Says(lambda row: 1000.0 + (by if row == [3] else 0))

    rows = [[each] for each in range(5)]
    assert difference(off(1e-4), off(0), rows) == pytest.approx(1e-7)
    with pytest.raises(Differs, match=r"values 2\.0e-06 apart from scikit-learn's for \[3\]"):
        difference(off(2e-3), off(0), rows)


def test_missing_and_infinite_answers_are_alike_only_where_both_are():
    def always(value: float) -> Says:
        return Says(lambda row: value)

    for same in (math.nan, math.inf):
        assert difference(always(same), always(same), [[1]]) == 0
    for one, other in ((math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0), (math.inf, -math.inf)):
        with pytest.raises(Differs):
            difference(always(one), always(other), [[1]])
