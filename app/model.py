"""A bundle: a trained model with its contract, as the build writes it to ``bundles/<name>``, and its predictions."""

import hashlib
import importlib
import io
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import joblib
import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from sklearn.exceptions import InconsistentVersionWarning

from app.check import Check, Value
from app.contract import Classification, Contract

MODEL = "model.joblib"
MANIFEST = "model.json"
REMEDY = "build it anew: python3 -m deploy model build"

Input = Literal["numbers", "objects", "texts", "frame"]
"""How an estimator takes its rows: array of float64, array of objects, list of texts, or pandas' DataFrame."""


class BundleError(Exception):
    """A bundle that can't be served: where, what, what to do."""


class PredictionError(Exception):
    """A model that answers what is no answer: not a number, or a label that the contract doesn't know."""


@dataclass(frozen=True)
class Prediction:
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


class Manifest(BaseModel):
    """What ``model.json`` says.

    Attributes:
        version: 12 hexadecimal digits that change with the model's sources.
        metrics: what the training measured.
        made_with: package → version.
        sha256: of the model's file.
        input: how the estimator takes its rows.
        columns: field → pandas' name of its type, for frames.
    """

    model_config = ConfigDict(frozen=True)
    contract: Contract
    version: str
    source: str
    metrics: dict[str, int | float]
    made_with: dict[str, str]
    sha256: str
    input: Input
    columns: dict[str, str]
    golden: tuple[Golden, ...]


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        manifest: what its bundle says.
        estimator: scikit-learn's.
    """

    manifest: Manifest
    estimator: Any

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

    def predict(self, rows: Sequence[Sequence[Value]]) -> list[Prediction]:
        """Return the predictions for rows, one or more, each with its values in the contract's order.

        Raises:
            PredictionError: the model's answer is none.
        """
        given = arrange(rows, self.manifest.input, self.manifest.columns)
        values = self.estimator.predict(given)
        if not isinstance(self.contract.predicts, Classification):
            return [Prediction(_finite(value)) for value in np.asarray(values, dtype=float).reshape(len(rows))]
        places = [self._place(value) for value in np.asarray(values).reshape(len(rows)).tolist()]
        return [self._labelled(place, each) for place, each in zip(places, self._probabilities(given), strict=True)]

    def _probabilities(self, given: Any) -> list[tuple[float, ...] | None]:
        if not hasattr(self.estimator, "predict_proba"):
            return [None] * len(given)
        found = np.asarray(self.estimator.predict_proba(given), dtype=float)[:, self._order]
        return [tuple(map(_finite, row)) for row in found.tolist()]

    def _labelled(self, place: int, probabilities: tuple[float, ...] | None) -> Prediction:
        return Prediction(self._labels[place], place, probabilities)

    def _place(self, value: Any) -> int:
        try:
            return self._labels.index(value)
        except ValueError:
            raise PredictionError(f"{self.name}: the model answered {value!r}, which is no label of it") from None

    @cached_property
    def _labels(self) -> list[Any]:
        predicts = self.contract.predicts
        return [choice.value for choice in predicts.labels] if isinstance(predicts, Classification) else []

    @cached_property
    def _order(self) -> list[int]:
        """The estimator's place of each of the contract's labels."""
        classes = np.asarray(self.estimator.classes_).tolist()
        return [classes.index(label) for label in self._labels]


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
        data = (bundle / MODEL).read_bytes()
    except (OSError, ValueError, ValidationError) as fault:
        raise BundleError(f"{bundle}: no whole bundle ({type(fault).__name__}); {REMEDY}") from fault
    if hashlib.sha256(data).hexdigest() != manifest.sha256:
        raise BundleError(f"{bundle / MODEL}: is not the file that was built; {REMEDY}")
    if manifest.input == "frame":
        importlib.import_module("pandas")  # now, rather than in the first request
    return Model(manifest, _open(bundle, data))


def arrange(rows: Sequence[Sequence[Value]], how: Input, columns: dict[str, str]) -> Any:
    """Return rows as an estimator takes them; a missing value is NaN.

    Args:
        rows: (n, fields).
        how: the kind of container.
        columns: field → pandas' name of its type, in the rows' order.
    """
    if how == "texts":
        return [row[0] for row in rows]
    if how == "numbers":
        return np.array([[math.nan if value is None else value for value in row] for row in rows], dtype=np.float64)
    filled = [[math.nan if value is None else value for value in row] for row in rows]
    objects = np.empty((len(rows), len(columns)), dtype=object)
    objects[:] = filled
    return objects if how == "objects" else _frame(objects, columns)


def _frame(objects: Any, columns: dict[str, str]) -> Any:
    import pandas  # takes half a second and 40 MB: for models that need it alone

    series = {}
    for place, (name, kind) in enumerate(columns.items()):
        values = pandas.Series(objects[:, place], dtype=object)
        needs_all = kind.startswith(("int", "uint", "bool"))
        series[name] = values.infer_objects() if needs_all and values.isna().any() else values.astype(kind)
    return pandas.DataFrame(series)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise PredictionError(f"the model answered {value}")
    return float(value)


def _open(bundle: Path, data: bytes) -> Any:
    warnings.filterwarnings("ignore", "X does not have valid feature names")  # the contract has checked the order
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(data))
        except InconsistentVersionWarning as fault:
            made_by = f"scikit-learn {fault.original_sklearn_version}, not {fault.current_sklearn_version}"
            raise BundleError(f"{bundle / MODEL}: was made by {made_by}; {REMEDY}") from fault
