"""A bundle: a trained model with its contract, as the build writes it to ``bundles/<name>``, and its predictions."""

import hashlib
import io
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from app.contract import Contract
from app.engines import Engine, EngineOutputs
from app.own_code import CODE, make_importable
from app.predictions import Prediction, RefusedRows, as_predictions, finite_outputs, refused_rows
from app.validator import RowValidator
from app.values import Row, Value

FILES = {"onnx": "model.onnx", "scikit_learn": "model.joblib"}
"""Engine → the file of a bundle that it runs."""

MANIFEST, TIMINGS = "model.json", "timings.json"
REFUSED_NAMED = 256
"""Rows that a model refuses and that are told apart from the others, of those that it was asked for at once."""

REMEDY = "build it again: python3 -m deploy model build"


class BundleError(Exception):
    """A bundle that can't be served: where, what, what to do."""


class Golden(BaseModel):
    """A row whose prediction was recorded when the model was built: of several targets name → value."""

    model_config = ConfigDict(frozen=True)
    row: dict[str, Value]
    value: float | int | str | bool | dict[str, float | int | str | bool]


class Tolerance(BaseModel):
    """How far apart two numbers may be and count as the same prediction, of two engines or of two releases.

    Attributes:
        relative: difference that is allowed, relative to the larger number.
        absolute: difference that is allowed, however small the numbers are.
    """

    model_config = ConfigDict(frozen=True)
    relative: float
    absolute: float

    def allows(self, one: float, other: float) -> bool:
        """Return whether two numbers are the same prediction; the gates and the host tests compare them likewise."""
        return math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute)


class EquivalenceReport(BaseModel):
    """How the build compared the engine's predictions with scikit-learn's.

    Attributes:
        rows: how many were compared.
        thresholds: of the model's trees, how many had rows at and next to them, and how many there are.
        largest_difference: of a probability, or of a value relative to it.
        why: the reason why a faster engine was not taken; empty where the fastest was.
    """

    model_config = ConfigDict(frozen=True)
    rows: int
    thresholds: tuple[int, int]
    largest_difference: float
    why: str


class Timings(BaseModel):
    """What ``timings.json`` holds: measured where the model was built, and so not part of a release's content.

    Attributes:
        us_per_row: microseconds that the engine takes for a single row.
        scikit_learn_us_per_row: microseconds that scikit-learn takes for it.
        us_per_explanation: microseconds that `app.attribution` takes for one; None where there is none.
    """

    model_config = ConfigDict(frozen=True)
    us_per_row: float
    scikit_learn_us_per_row: float
    us_per_explanation: float | None = None


class Manifest(BaseModel):
    """What ``model.json`` holds.

    Attributes:
        version: 12 hexadecimal digits that change with the model's sources.
        metrics: what the training measured.
        made_with: package → version.
        engine: what computes the predictions, a module of `app.engines`.
        sha256: of the engine's file.
        code: SHA-256 of the model's own modules; empty: it has none.
        input: how scikit-learn takes the rows.
        columns: field → pandas' name of its type, for frames.
        proof: how the engine was compared with scikit-learn; the name is the file format's and the API's.
        golden: rows whose predictions every release must repeat, within the tolerance.
        background: made-up rows that an explanation compares with; see `deploy.models.background`.
    """

    model_config = ConfigDict(frozen=True)
    contract: Contract
    version: str
    source: str
    metrics: dict[str, int | float]
    made_with: dict[str, str]
    engine: Literal["onnx", "scikit_learn"]
    sha256: str
    code: str = ""
    input: Literal["numbers", "objects", "texts", "dicts", "frame"]
    columns: dict[str, str]
    proof: EquivalenceReport
    golden: tuple[Golden, ...]
    background: tuple[Row, ...] = ()
    tolerance: Tolerance


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        manifest: what its bundle holds of it.
        engine: computes its predictions.
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
    def validator(self) -> RowValidator:
        """Reads and validates its rows."""
        return RowValidator(self.contract)

    def compute(self, rows: Sequence[Sequence[Value]], names_refused: bool = True) -> EngineOutputs:
        """Return the engine's outputs for rows, one or more, each with its values in the contract's order.

        Args:
            names_refused: find out which rows it fails on, which takes some more calls.

        Raises:
            RefusedRows: it computes others, but not these.
            Exception: it computes none, not even the contract's example; or which it doesn't, nobody wants to know.
        """
        if not names_refused:
            return finite_outputs(self.engine, rows)
        try:
            return finite_outputs(self.engine, rows)
        except Exception as fault:
            example: Row = [field.example for field in self.contract.fields]
            if places := refused_rows(self.engine, [[*row] for row in rows], example, REFUSED_NAMED):
                raise RefusedRows(places) from fault
            raise

    def predict(self, rows: Sequence[Sequence[Value]]) -> list[Prediction]:
        """Return the predictions for rows, one or more, each with its values in the contract's order.

        Raises:
            RefusedRows: the model computes others, but not these.
            Exception: it computes none, not even the contract's example.
        """
        return as_predictions(self.contract, self.compute(rows))


def load_all(bundles: Path) -> dict[str, Model]:
    """Return name → model of every bundle in a folder.

    Raises:
        BundleError: one can't be served, or there is none.
    """
    folders = sorted(folder for folder in bundles.glob("*") if folder.is_dir() and not folder.name.startswith("."))
    if not folders:
        raise BundleError(f"{bundles}: holds no bundle; {REMEDY}")
    return {folder.name: load(folder) for folder in folders}


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
    except (OSError, ValueError, ValidationError) as error:
        raise BundleError(f"{bundle}: is not a complete bundle ({type(error).__name__}); {REMEDY}") from error
    if hashlib.sha256(data).hexdigest() != manifest.sha256:
        raise BundleError(f"{file}: is not the file that was built; {REMEDY}")
    if manifest.code and not make_importable(bundle / CODE, manifest.code):
        raise BundleError(f"{bundle / CODE}: is not the file that was built; {REMEDY}")
    return Model(manifest, _engine(manifest, file, data), timings)


def _engine(manifest: Manifest, file: Path, data: bytes) -> Engine:
    if manifest.engine == "onnx":
        from app.engines.onnx import Onnx

        return Onnx(manifest.contract, data)
    from app.engines.scikit_learn import ScikitLearn, single_threaded

    estimator = single_threaded(_unpickled(file, data))
    return ScikitLearn(manifest.contract, estimator, manifest.input, manifest.columns)


def _unpickled(file: Path, data: bytes) -> Any:
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning

    warnings.filterwarnings(
        "ignore", "X does not have valid feature names"
    )  # the validator gives the columns in their order
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(data))
        except InconsistentVersionWarning as warning:
            versions = f"scikit-learn {warning.original_sklearn_version}, not {warning.current_sklearn_version}"
            raise BundleError(f"{file}: was made by {versions}; {REMEDY}") from warning
