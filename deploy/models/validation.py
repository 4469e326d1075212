"""Tries an estimator on what its contract lets in, and records answers that must hold ever after."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.contract import Contract
from app.engines import Engine, PredictionError
from app.engines.onnx import Onnx
from app.engines.scikit_learn import Input, ScikitLearn
from app.faults import InvalidInput
from app.model import EquivalenceReport, Timings, Tolerance
from app.predictions import Prediction, predictions
from app.validator import RowValidator
from app.values import Value
from deploy.base.errors import DeployError
from deploy.models.accepted_rows import accepted
from deploy.models.background import us_per_explanation
from deploy.models.contract_fit import require_fields, require_labels
from deploy.models.equivalence import EngineChoice, choose_engine
from deploy.models.example_rows import example_rows, require_answers
from deploy.models.golden_rows import as_list, golden
from deploy.models.structure import only_input
from deploy.models.tolerance import TOLERANCE, tolerance_of

GOLDEN_ROWS = 50


@dataclass(frozen=True)
class ValidatedModel:
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
    def manifest(self) -> dict[str, Any]:
        """All but the graph, as JSON."""
        return {
            "input": self.input,
            "columns": self.columns,
            "golden": self.golden,
            "engine": self.engine,
            "proof": self.proof.model_dump(mode="json"),
            "timings": self.timings.model_dump(),
            "tolerance": self.tolerance.model_dump(),
        }


@dataclass(frozen=True)
class TableRows:
    """What is at hand of the training table, in the contract's order.

    Attributes:
        recorded: rows that may be kept; those that the contract refuses are left out.
        others: rows of which none is kept.
        types: pandas' name of each field's type; empty: by the contract's kinds.
    """

    recorded: Sequence[Sequence[Any]]
    others: Sequence[Sequence[Any]] = ()
    types: Sequence[str] = ()


def validate(file: Path, contract: Contract, estimator: Any, rows: TableRows, random_rows: int = 0) -> ValidatedModel:
    """Try an estimator on its contract's corners and on rows of its table, and compare each engine with it.

    Args:
        file: the contract's, for sentences.
        random_rows: on how many the engine is compared, beside those of the table.

    Raises:
        DeployError: labels, fields or answers don't fit the contract.
    """
    require_labels(file, contract, estimator)
    require_fields(file, contract, estimator)
    types = rows.types or [field.pandas_type for field in contract.fields]
    kinds = {field.name: kind for field, kind in zip(contract.fields, types, strict=True)}
    known = list(accepted(contract, rows.recorded))
    corners = list(_corners(contract))
    probes = [*known[:: max(1, len(known) // GOLDEN_ROWS)][:GOLDEN_ROWS], *corners]
    *cheaper, trained = (ScikitLearn(contract, estimator, how, kinds) for how in _inputs(contract, estimator))
    expected = _answers(contract, trained, probes, file)
    named = example_rows(file, contract)
    _answers(contract, trained, named, file)
    served = next((engine for engine in cheaper if _answers_alike(contract, engine, probes, expected)), trained)
    tried = [*corners, *named, *known, *accepted(contract, rows.others)]
    choice = _with_explanation(contract, choose_engine(contract, trained, served, tried, random_rows), served, known)
    pairs = itertools.islice(zip(probes, expected, strict=True), GOLDEN_ROWS)
    return _validated(served, kinds, [golden(contract, row, answer.values) for row, answer in pairs], choice)


def _with_explanation(
    contract: Contract, choice: EngineChoice, served: ScikitLearn, known: Sequence[list[Value]]
) -> EngineChoice:
    """Add to a choice how long its engine takes for an explanation."""
    us = us_per_explanation(contract, Onnx(contract, choice.graph) if choice.graph else served, known)
    return replace(choice, timings=choice.timings.model_copy(update={"us_per_explanation": us}))


def _validated(
    served: ScikitLearn, kinds: dict[str, str], golden: list[dict[str, Any]], choice: EngineChoice
) -> ValidatedModel:
    return ValidatedModel(
        input=served.container,
        columns=kinds,
        golden=golden,
        engine=choice.engine,
        graph=choice.graph,
        proof=choice.proof,
        timings=choice.timings,
        tolerance=tolerance_of(as_list(row["value"]) for row in golden),
    )


def _corners(contract: Contract) -> Iterable[list[Value]]:
    """The example, then with one field at each of its ends: bounds, choices, missing."""
    example: list[Value] = [field.example for field in contract.fields]
    yield example
    for place, field in enumerate(contract.fields):
        for value in ([None] if field.missing else []) + [*field.corners()]:
            yield [*example[:place], value, *example[place + 1 :]]


def _inputs(contract: Contract, estimator: Any) -> Iterable[Input]:
    """The containers for rows, the fastest first; the last is the one that the estimator was trained with."""
    containers = [field.container for field in contract.fields]
    if only := only_input(estimator) or ("frame" if "frame" in containers else None):
        yield only
        return
    yield "numbers" if {*containers} == {"numbers"} else "objects"
    if hasattr(estimator, "feature_names_in_"):
        yield "frame"


def _answers(contract: Contract, engine: ScikitLearn, rows: list[list[Value]], file: Path) -> list[Prediction]:
    """Return the answers as the estimator was trained; say which row it fails on."""
    answers = []
    for row in rows:
        try:
            answers += predictions(contract, engine, [row])
        except Exception as fault:
            shown = ", ".join(f"{field.name}={value!r}" for field, value in zip(contract.fields, row, strict=True))
            message = " ".join(str(fault).split())[:300]
            raise DeployError(
                f"{file}: the model fails on a row that the contract accepts: {shown}: {message}",
                "Narrow the field's range or choices, or train the model on such values.",
            ) from fault
    return answers


def _answers_alike(
    contract: Contract, engine: ScikitLearn, rows: list[list[Value]], expected: list[Prediction]
) -> bool:
    """Return whether an engine gives the expected answers, to all rows at once and to each of them."""
    try:
        batch = predictions(contract, engine, rows)
        singles = [predictions(contract, engine, [row])[0] for row in rows]
    except (PredictionError, TypeError, ValueError, AttributeError, KeyError, IndexError):
        return False
    tolerance = tolerance_of(answer.values for answer in expected)
    return all(
        _is_same(*targets, tolerance)
        for answers in (batch, singles)
        for one, other in zip(answers, expected, strict=True)
        for targets in zip(one.targets, other.targets, strict=True)
    )


def _is_same(one: Prediction, other: Prediction, tolerance: Tolerance) -> bool:
    if one.label is not None:
        probabilities = zip(one.probabilities or (), other.probabilities or (), strict=True)
        return one.value == other.value and all(abs(a - b) <= TOLERANCE for a, b in probabilities)
    return tolerance.allows(float(one.value), float(other.value))


def require_recorded_answers(
    file: Path,
    estimator: Any,
    contract: Contract,
    model: ValidatedModel,
    rows: Sequence[Sequence[Any]],
    expected: Sequence[Any],
) -> None:
    """Check that recorded rows still get their recorded answers, from the engine that will serve.

    Raises:
        DeployError: one gets another answer: another scikit-learn, numpy or processor computes otherwise.
    """
    check, tolerance, engine = RowValidator(contract), tolerance_of(expected), _serving(contract, estimator, model)
    for row, recorded in zip(rows, expected, strict=True):
        try:
            values = check.typed(dict(zip(model.columns, row, strict=True)))
        except InvalidInput:
            continue  # the contract was narrowed since
        answer = predictions(contract, engine, [values])[0].values
        if not _is_recorded(answer, as_list(recorded), tolerance):
            shown = answer if len(answer) > 1 else answer[0]
            raise DeployError(
                f"{file.parent}: the model now answers {shown!r} to {row}; the recorded answer is {recorded!r}",
                "Add it again where its packages are the same: model add --replace",
            )


def _is_recorded(answer: Sequence[Any], recorded: Sequence[Any], tolerance: Tolerance) -> bool:
    return len(answer) == len(recorded) and all(
        one == other if isinstance(other, str | bool) else tolerance.allows(float(one), other)
        for one, other in zip(answer, recorded, strict=True)
    )


def require_example_answers(file: Path, estimator: Any, contract: Contract, model: ValidatedModel) -> None:
    """Check that the contract's examples get the answers that they are called by.

    Raises:
        DeployError: one gets another.
    """
    engine, rows = _serving(contract, estimator, model), example_rows(file, contract)
    require_answers(file, contract, [predictions(contract, engine, [row])[0] for row in rows])


def _serving(contract: Contract, estimator: Any, model: ValidatedModel) -> Engine:
    return Onnx(contract, model.graph) if model.graph else ScikitLearn(contract, estimator, model.input, model.columns)
