"""A bundle: a trained model with its contract, as the build writes it to ``bundles/<name>``."""

import hashlib
import io
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from pydantic import ValidationError
from sklearn.exceptions import InconsistentVersionWarning

from app.contract import Contract

MODEL = "model.joblib"
MANIFEST = "model.json"
REMEDY = "build it anew: python3 -m deploy.model"


class BundleError(Exception):
    """A bundle that can't be served: where, what, what to do."""


@dataclass(frozen=True)
class Prediction:
    """The answer for one row: the likeliest label and its probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes:
        contract: what goes in and comes out.
        version: 12 hexadecimal digits that change with the model's sources.
        metrics: what the training measured.
        pipeline: scikit-learn's estimator.
    """

    contract: Contract
    version: str
    metrics: dict[str, float]
    pipeline: Any

    def predict(self, row: list[float]) -> Prediction:
        """Return the prediction for one row, its numbers in the contract's order."""
        probabilities = self.pipeline.predict_proba(np.array([row]))[0]
        best = int(probabilities.argmax())
        return Prediction(str(self.pipeline.classes_[best]), float(probabilities[best]))


def load(bundle: Path) -> Model:
    """Return the model of a bundle, its file compared with its manifest before it is opened: joblib runs code.

    Raises:
        BundleError: a file is missing or isn't the built one, or another scikit-learn made it.
    """
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        data = (bundle / MODEL).read_bytes()
        contract = Contract.model_validate(manifest["contract"])
        digest, version, metrics = manifest["sha256"], manifest["version"], manifest["metrics"]
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as fault:
        raise BundleError(f"{bundle}: no whole bundle ({type(fault).__name__}); {REMEDY}") from fault
    if hashlib.sha256(data).hexdigest() != digest:
        raise BundleError(f"{bundle / MODEL}: is not the file that was built; {REMEDY}")
    return Model(contract, version, metrics, _open(bundle, data))


def _open(bundle: Path, data: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return joblib.load(io.BytesIO(data))
        except InconsistentVersionWarning as fault:
            made_by = f"scikit-learn {fault.original_sklearn_version}, not {fault.current_sklearn_version}"
            raise BundleError(f"{bundle / MODEL}: was made by {made_by}; {REMEDY}") from fault
