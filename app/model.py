"""A bundle: a trained model with its contract, as the build writes it to ``bundles/<name>``, and its predictions."""

import hashlib
import io
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from app.check import Check
from app.contract import Classification, Contract
from app.engines import Answers, Engine, PredictionError
from app.values import Value

FILES = {"onnx": "model.onnx", "scikit_learn": "model.joblib"}
"""Engine → the file of a bundle that it runs."""

MANIFEST, TIMINGS = "model.json", "timings.json"
REMEDY = "build it anew: python3 -m deploy model build"


class BundleError(Exception):
    """A bundle that can't be served: where, what, what to do."""


class Prediction(NamedTuple):
    """The answer for one row.

    Attributes:
        value: the label or number, as the model knows it.
        label: the label's place in the contract; None for a number.
        probabilities: of each label, 0 to 1, in the contract's order; None where the model gives none.
    """

    value: float | int | str | bool
    label: int | None = None
    probabilities: tuple[float, ...] | None = None

    @property
    def probability(self) -> float | None:
        """The probability of the predicted label."""
        return None if self.probabilities is None or self.label is None else self.probabilities[self.label]


class Golden(BaseModel):
    """A row whose answer was recorded when the model was built."""

    model_config = ConfigDict(frozen=True)
    row: dict[str, Value]
    value: float | int | str | bool


class Tolerance(BaseModel):
    """Within what two numbers are the same answer: an engine's and scikit-learn's, a release's and the recorded one.

    Attributes:
        relative: difference that is allowed, relative to the larger number.
        absolute: difference that is allowed, however small the numbers are.
    """

    model_config = ConfigDict(frozen=True)
    relative: float
    absolute: float

    def allows(self, one: float, other: float) -> bool:
        """Return whether two numbers are the same answer; the gates and the host tests ask the same of math."""
        return math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute)


class Proof(BaseModel):
    """How the build compared the engine's answers with scikit-learn's.

    Attributes:
        rows: how many were compared.
        thresholds: of the model's trees, how many had rows at and beside them, and how many there are.
        largest_difference: of a probability, or of a value relative to it.
        why: the reason why a faster engine was not taken; empty where the fastest was.
    """

    model_config = ConfigDict(frozen=True)
    rows: int
    thresholds: tuple[int, int]
    largest_difference: float
    why: str


class Timings(BaseModel):
    """What ``timings.json`` says: measured where the model was built, and so not part of a release's content.

    Attributes:
        us_per_row: microseconds that the engine takes for a request's one row.
        scikit_learn_us_per_row: and scikit-learn.
    """

    model_config = ConfigDict(frozen=True)
    us_per_row: float
    scikit_learn_us_per_row: float


class Manifest(BaseModel):
    """What ``model.json`` says.

    Attributes:
        version: 12 hexadecimal digits that change with the model's sources.
        metrics: what the training measured.
        made_with: package → version.
        engine: what computes the answers, a module of `app.engines`.
        sha256: of the engine's file.
        input: how scikit-learn takes the rows.
        columns: field → pandas' name of its type, for frames.
        golden: rows whose answers every release must repeat, within the tolerance.
    """

    model_config = ConfigDict(frozen=True)
    contract: Contract
    version: str
    source: str
    metrics: dict[str, int | float]
    made_with: dict[str, str]
    engine: Literal["onnx", "scikit_learn"]
    sha256: str
    input: Literal["numbers", "objects", "texts", "frame"]
    columns: dict[str, str]
    proof: Proof
    golden: tuple[Golden, ...]
    tolerance: Tolerance


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        manifest: what its bundle says.
        engine: computes its answers.
        timings: how fast it was.
    """

    manifest: Manifest
    engine: Engine
    timings: Timings

    @property
    def contract(self) -> Contract:
        """What goes in and comes out."""
        return self.manifest.contract

    @property
    def name(self) -> str:
        """Its name in addresses."""
        return self.contract.name

    @property
    def version(self) -> str:
        """Changes with its sources."""
        return self.manifest.version

    @cached_property
    def check(self) -> Check:
        """Takes rows apart."""
        return Check(self.contract)

    def answers(self, rows: Sequence[Sequence[Value]]) -> Answers:
        """Return the engine's answers for rows, one or more, each with its values in the contract's order.

        Raises:
            PredictionError: one is none.
        """
        return _finite(self.engine.answers(rows))

    def predict(self, rows: Sequence[Sequence[Value]]) -> list[Prediction]:
        """Return the predictions for rows, one or more, each with its values in the contract's order.

        Raises:
            PredictionError: an answer is none.
        """
        return predictions(self.contract, self.engine, rows)


def predictions(contract: Contract, engine: Engine, rows: Sequence[Sequence[Value]]) -> list[Prediction]:
    """Return what an engine answers for rows, one or more.

    Raises:
        PredictionError: an answer is none.
    """
    found = _finite(engine.answers(rows))
    if found.values is not None:
        return [Prediction(value) for value in found.values]
    predicts, places = contract.predicts, found.labels or []
    labels = [label.value for label in predicts.labels] if isinstance(predicts, Classification) else []
    if found.probabilities is None:
        return [Prediction(labels[place], place) for place in places]
    return [Prediction(labels[place], place, tuple(each))
            for place, each in zip(places, found.probabilities, strict=True)]  # fmt: skip


def load_all(bundles: Path) -> dict[str, Model]:
    """Return name → model of every bundle in a folder.

    Raises:
        BundleError: one can't be served, or there is none.
    """
    found = sorted(folder for folder in bundles.glob("*") if folder.is_dir() and not folder.name.startswith("."))
    if not found:
        raise BundleError(f"{bundles}: holds no bundle; {REMEDY}")
    return {folder.name: load(folder) for folder in found}


def load(bundle: Path) -> Model:
    """Return the model of a bundle, its file compared with its manifest before it is opened: joblib runs code.

    Raises:
        BundleError: a file is missing or isn't the built one, or another scikit-learn made it.
    """
    try:
        manifest = Manifest.model_validate(json.loads((bundle / MANIFEST).read_text(encoding="utf-8")))
        file = bundle / FILES[manifest.engine]
        data = file.read_bytes()
        timings = Timings.model_validate_json((bundle / TIMINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, ValidationError) as fault:
        raise BundleError(f"{bundle}: no whole bundle ({type(fault).__name__}); {REMEDY}") from fault
    if hashlib.sha256(data).hexdigest() != manifest.sha256:
        raise BundleError(f"{file}: is not the file that was built; {REMEDY}")
    return Model(manifest, _engine(manifest, file, data), timings)


def _engine(manifest: Manifest, file: Path, data: bytes) -> Engine:
    if manifest.engine == "onnx":
        from app.engines.onnx import Onnx

        return Onnx(manifest.contract, data)
    from app.engines.scikit_learn import ScikitLearn, alone

    return ScikitLearn(manifest.contract, alone(_unpickled(file, data)), manifest.input, manifest.columns)


def _finite(found: Answers) -> Answers:
    numbers = found.values or chain.from_iterable(found.probabilities or [])
    if not all(map(math.isfinite, numbers)):
        raise PredictionError("the model answered a number that is not finite")
    return found


def _unpickled(file: Path, data: bytes) -> Any:
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    warnings.filterwarnings("ignore", "X does not have valid feature names")  # the contract has checked the order
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(data))
        except InconsistentVersionWarning as fault:
            made_by = f"scikit-learn {fault.original_sklearn_version}, not {fault.current_sklearn_version}"
            raise BundleError(f"{file}: was made by {made_by}; {REMEDY}") from fault
