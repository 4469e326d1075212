"""A prediction as JSON: as the API writes it, and the page's copy for programs."""

from collections.abc import Mapping
from typing import Any

from app.contract import Classification, Contract, Regression
from app.faults import Fault
from app.model import Model
from app.predictions import Prediction
from app.values import as_text


def as_json(model: Model, prediction: Prediction, warnings: Mapping[str, Fault], language: str) -> dict[str, Any]:
    """Return a prediction as the API writes it, its label in a language; of several targets, name → each member."""
    if prediction.further:
        document = _of_targets(model.contract, prediction, language)
    else:
        document = _of_target(model.contract.predicts, prediction, language)
    if warnings:
        document["warnings"] = [{"field": name, "detail": str(fault)} for name, fault in warnings.items()]
    return document


def _of_targets(contract: Contract, prediction: Prediction, language: str) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for target, own in zip(contract.targets, prediction.targets, strict=True):
        for member, value in _of_target(target, own, language).items():
            document.setdefault(member, {})[target.name] = value
    return document


def _of_target(predicts: Classification | Regression, prediction: Prediction, language: str) -> dict[str, Any]:
    if not isinstance(predicts, Classification) or prediction.label is None:
        number: dict[str, Any] = {"value": prediction.value}
        if isinstance(predicts, Regression) and predicts.interval:
            low, high = predicts.interval.ends(float(prediction.value))
            number["interval"] = {"low": low, "high": high, "coverage": predicts.interval.coverage}
        return number
    label = predicts.labels[prediction.label].label[language]
    document: dict[str, Any] = {"value": prediction.value, "label": label}
    if prediction.probabilities is not None:
        names = [as_text(known.value) for known in predicts.labels]
        document["probability"] = prediction.probability
        document["probabilities"] = dict(zip(names, prediction.probabilities, strict=True))
    return document
