"""Proves that an estimator answers what its contract lets in, and records answers that must hold ever after."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.contract import Classification, Contract
from app.engines import PredictionError
from app.engines.onnx import Onnx
from app.engines.scikit_learn import Input, ScikitLearn
from app.faults import InvalidInput
from app.model import EquivalenceReport, Timings, Tolerance
from app.predictions import Prediction, predictions
from app.validator import RowValidator
from app.values import Value
from deploy.base.errors import DeployError
from deploy.models.contracts import at
from deploy.models.equivalence import TOLERANCE, choose, tolerance

GOLDEN_ROWS = 50


@dataclass(frozen=True)
class Proved:
    """What a bundle says of its model beyond the contract: see `app.model.Manifest`.

    Attributes:
        graph: ONNX's bytes; empty where scikit-learn itself is the engine.
    """

    input: Input
    columns: dict[str, str]
    golden: list[dict[str, Any]]
    engine: str
    graph: bytes
    proof: EquivalenceReport
    timings: Timings
    tolerance: Tolerance

    @property
    def said(self) -> dict[str, Any]:
        """All but the graph, as JSON."""
        return {"input": self.input, "columns": self.columns, "golden": self.golden, "engine": self.engine,
                "proof": self.proof.model_dump(mode="json"), "timings": self.timings.model_dump(),
                "tolerance": self.tolerance.model_dump()}  # fmt: skip


def prove(file: Path, contract: Contract, estimator: Any, rows: Sequence[Sequence[Any]],
          columns: Sequence[str] = (), random_rows: int = 0) -> Proved:  # fmt: skip
    """Try an estimator on its contract's corners and on rows of its table, and each engine against it.

    Args:
        file: the contract's, for sentences.
        rows: of the training table, in the contract's order; those that the contract refuses are left out.
        columns: pandas' name of each field's type in the training table; empty: by the contract's kinds.
        random_rows: on how many more the engine is compared.

    Raises:
        DeployError: labels, fields or answers don't fit the contract.
    """
    _compare_labels(file, contract, estimator)
    _compare_fields(file, contract, estimator)
    types = columns or [field.pandas_type for field in contract.fields]
    kinds = {field.name: kind for field, kind in zip(contract.fields, types, strict=True)}
    known = list(_accepted(contract, rows))
    corners = list(_corners(contract))
    probes = [*known[:: max(1, len(known) // GOLDEN_ROWS)][:GOLDEN_ROWS], *corners]
    *cheaper, trained = (ScikitLearn(contract, estimator, how, kinds) for how in _candidates(contract, estimator))
    expected = _answers(contract, trained, probes, file)
    served = next((engine for engine in cheaper if _agrees(contract, engine, probes, expected)), trained)
    golden = [{"row": dict(zip(kinds, row, strict=True)), "value": answer.value}
              for row, answer in itertools.islice(zip(probes, expected, strict=True), GOLDEN_ROWS)]  # fmt: skip
    choice = choose(contract, trained, served, [*corners, *known], random_rows)
    within = tolerance(each["value"] for each in golden)
    return Proved(served.container, kinds, golden, choice.engine, choice.graph, choice.proof, choice.timings, within)


def _compare_labels(file: Path, contract: Contract, estimator: Any) -> None:
    predicts = contract.predicts
    if not isinstance(predicts, Classification):
        if hasattr(estimator, "classes_"):
            raise DeployError(f"{at(file, ['predicts'])}: predicts: the model answers labels; say kind: classification")
        return
    if not hasattr(estimator, "classes_"):
        raise DeployError(f"{at(file, ['predicts'])}: predicts: the model answers numbers; say kind: regression")
    trained = np.asarray(estimator.classes_).tolist()
    said = [choice.value for choice in predicts.labels]
    if len(said) != len(trained) or any(label not in trained for label in said):
        raise DeployError(f"{at(file, ['predicts', 'labels'])}: labels: the model was trained on {trained}, not {said}")


def _compare_fields(file: Path, contract: Contract, estimator: Any) -> None:
    said = [field.name for field in contract.fields]
    names = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    count = getattr(estimator, "n_features_in_", len(said))
    if names and names != said:
        raise DeployError(f"{at(file, ['fields'])}: fields: the model knows {', '.join(names)}, in this order;"
                          f" the contract says {', '.join(said)}")  # fmt: skip
    if count != len(said):
        raise DeployError(f"{at(file, ['fields'])}: fields: the model takes {count}, not {len(said)}")


def _accepted(contract: Contract, rows: Sequence[Sequence[Any]]) -> Iterable[list[Value]]:
    check = RowValidator(contract)
    names = [field.name for field in contract.fields]
    for row in rows:
        given = {name: plain(value) for name, value in zip(names, row, strict=True)}
        try:
            yield check.typed(given)
        except InvalidInput:
            continue


def plain(value: Any) -> Any:
    """Return a table's value as JSON has it: no numpy type, None for a missing one, whole numbers as such."""
    value = value.item() if isinstance(value, np.generic) else value
    if (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    ):
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)


def _corners(contract: Contract) -> Iterable[list[Value]]:
    """The example, then with one field at each of its ends: bounds, choices, missing."""
    example: list[Value] = [field.example for field in contract.fields]
    yield example
    for place, field in enumerate(contract.fields):
        for value in ([None] if field.missing else []) + [*field.corners()]:
            yield [*example[:place], value, *example[place + 1 :]]


def _candidates(contract: Contract, estimator: Any) -> Iterable[Input]:
    """The ways to give rows, the fastest first; the last is the one that the estimator was trained with."""
    containers = [field.container for field in contract.fields]
    if "frame" in containers:
        yield "frame"
        return
    if containers == ["texts"] and _takes_texts(estimator):
        yield "texts"
        return
    yield "numbers" if {*containers} == {"numbers"} else "objects"
    if hasattr(estimator, "feature_names_in_"):
        yield "frame"


def _takes_texts(estimator: Any) -> bool:
    return not hasattr(estimator, "n_features_in_")


def _answers(contract: Contract, engine: ScikitLearn, rows: list[list[Value]], file: Path) -> list[Prediction]:
    """Return the answers as the estimator was trained; say which row it fails on."""
    answers = []
    for row in rows:
        try:
            answers += predictions(contract, engine, [row])
        except Exception as fault:
            given = ", ".join(f"{field.name}={value!r}" for field, value in zip(contract.fields, row, strict=True))
            words = " ".join(str(fault).split())[:300]
            raise DeployError(
                f"{file}: the model fails on what the contract lets in: {given}: {words}",
                "Narrow the field's range or choices, or train the model on such values.",
            ) from fault
    return answers


def _agrees(contract: Contract, engine: ScikitLearn, rows: list[list[Value]], reference: list[Prediction]) -> bool:
    try:
        together = predictions(contract, engine, rows)
        alone = [predictions(contract, engine, [row])[0] for row in rows]
    except (PredictionError, TypeError, ValueError, AttributeError, KeyError, IndexError):
        return False
    within = tolerance(each.value for each in reference)
    return all(_same(a, b, within) for found in (together, alone) for a, b in zip(found, reference, strict=True))


def _same(one: Prediction, other: Prediction, within: Tolerance) -> bool:
    if one.label is not None:
        close = zip(one.probabilities or (), other.probabilities or (), strict=True)
        return one.value == other.value and all(abs(a - b) <= TOLERANCE for a, b in close)
    return within.allows(float(one.value), float(other.value))


def must_repeat(file: Path, estimator: Any, contract: Contract, proved: Proved, rows: Sequence[Sequence[Any]],
                expected: Sequence[Any]) -> None:  # fmt: skip
    """Check that recorded rows still get their recorded answers, of the engine that will serve.

    Raises:
        DeployError: one gets another answer: another scikit-learn, numpy or processor computes otherwise.
    """
    check, within = RowValidator(contract), tolerance(expected)
    engine = Onnx(contract, proved.graph) if proved.graph else ScikitLearn(
        contract, estimator, proved.input, proved.columns)  # fmt: skip
    for row, answer in zip(rows, expected, strict=True):
        try:
            given = check.typed(dict(zip(proved.columns, row, strict=True)))
        except InvalidInput:
            continue  # the contract was narrowed since
        found = predictions(contract, engine, [given])[0].value
        close = isinstance(answer, str | bool) or within.allows(float(found), answer)
        if not close or (isinstance(answer, str | bool) and found != answer):
            raise DeployError(f"{file.parent}: the model answers {found!r}, not {answer!r} as it did once, to {row}",
                              "Add it again where its packages are the same: model add --replace")  # fmt: skip
