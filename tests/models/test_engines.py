"""Engines: what ONNX Runtime answers is what scikit-learn answers, and what isn't is not let out of the build."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from sklearn.base import is_classifier
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from app.contract import Contract
from app.engines import EngineOutputs
from app.engines.scikit_learn import ScikitLearn
from app.values import Value
from deploy.models import equivalence
from deploy.models.compiler.compile import compiled
from deploy.models.equivalence import EngineChoice, Mismatch, choose_engine, largest_difference
from tests.models.mixed import FITTED, ROWS, SEED, Mixed, contract


@pytest.mark.parametrize(
    ("name", "labels"),
    [(name, labels) for name, kind in FITTED.items() for labels in ((2, 3) if is_classifier(kind) else (0,))],
)
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
        numbers = random.normal(size=(ROWS, 3)).round(2)
        self.rows = numbers.tolist()
        estimator = estimator.set_params(random_state=2)
        names = ["low", "middle", "high"] if is_classifier(estimator) else []
        score = numbers[:, 0] + numbers[:, 1] * numbers[:, 2]
        answers = np.array(names)[np.searchsorted([-0.5, 0.5], score)] if names else score
        self.estimator = estimator.fit(numbers, answers)
        properties = contract(names).model_dump() | {
            "fields": [
                {"name": name, "label": name, "kind": "number", "minimum": -5, "maximum": 5, "example": 0.1}
                for name in ("a", "b", "c")
            ]
        }
        self.contract = Contract.model_validate(properties)
        self.reference = ScikitLearn(self.contract, self.estimator, "numbers", dict.fromkeys("abc", "float64"))
        self.graph = onnx.load_from_string(compiled(self.contract, self.estimator, self.reference.arranged))

    def choice_with(self, changed: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> EngineChoice:
        """Return what the build chooses where the compiler is wrong."""
        monkeypatch.setattr(equivalence, "compiled", lambda *_: bytes(changed.SerializeToString()))
        return choose_engine(self.contract, self.reference, self.reference, self.rows, 100)

    def changed(self) -> onnx.ModelProto:
        return onnx.ModelProto.FromString(self.graph.SerializeToString())


def attribute(graph: onnx.ModelProto, name: str) -> onnx.AttributeProto:
    (node,) = (node for node in graph.graph.node if node.op_type == "TreeEnsemble")
    return next(entry for entry in node.attribute if entry.name == name)


def require_refused(choice: EngineChoice, reason: str) -> None:
    assert (choice.engine, choice.graph) == ("scikit_learn", b"")
    assert reason in choice.proof.why


SMALL: dict[Any, dict[str, int]] = {
    RandomForestClassifier: {"n_estimators": 10}, GradientBoostingRegressor: {"n_estimators": 30},
    HistGradientBoostingClassifier: {"max_iter": 5},
}  # fmt: skip


@pytest.mark.parametrize(
    "kind", [DecisionTreeClassifier, RandomForestClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier]
)
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
            require_refused(
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
    require_refused(numbers.choice_with(changed, monkeypatch), "a different label from scikit-learn's for [")


def test_probability_that_is_a_little_off_is_not_let_out(monkeypatch):
    numbers = Numbers(LogisticRegression())
    changed = numbers.changed()
    weights = next(tensor for tensor in changed.graph.initializer if len(tensor.dims) == 2)
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * (1 + 1e-5), weights.name))
    require_refused(numbers.choice_with(changed, monkeypatch), "probabilities")


def test_graph_that_cannot_be_run_is_not_let_out(monkeypatch):
    numbers = Numbers(LogisticRegression())
    changed = numbers.changed()
    changed.graph.node[0].op_type = "Nonsense"
    require_refused(numbers.choice_with(changed, monkeypatch), "Nonsense")


class Computed:
    """An engine whose answers are a function of the row."""

    gives_probabilities = False

    def __init__(self, answer: Callable[[Sequence[Value]], float]) -> None:
        self.answer = answer

    def compute(self, rows: Sequence[Sequence[Value]]) -> EngineOutputs:
        return EngineOutputs(values=[self.answer(row) for row in rows])


def test_difference_is_told_of_the_row_that_has_it():
    def off(by: float) -> Computed:
        return Computed(lambda row: 1000.0 + (by if row == [3] else 0))

    rows = [[number] for number in range(5)]
    assert largest_difference(off(1e-4), off(0), rows) == pytest.approx(1e-7)
    with pytest.raises(Mismatch, match=r"values differ by 2\.0e-06 from scikit-learn's for \[3\]"):
        largest_difference(off(2e-3), off(0), rows)


def test_missing_and_infinite_answers_are_alike_only_where_both_are():
    def always(value: float) -> Computed:
        return Computed(lambda row: value)

    for same in (math.nan, math.inf):
        assert largest_difference(always(same), always(same), [[1]]) == 0
    for one, other in ((math.nan, 1.0), (1.0, math.nan), (math.inf, 1.0), (math.inf, -math.inf)):
        with pytest.raises(Mismatch):
            largest_difference(always(one), always(other), [[1]])
