"""The first draft of an added model's contract, for its owner to edit, and the record beside it."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from deploy.models.model_folder import CONTRACT, RECORD
from deploy.models.sandbox.replies import Description, FieldReport

HEAD = """\
# yaml-language-server: $schema=../model.schema.json
# The contract of a model that was added: say in people's words what goes in and what comes out.
# A text can be given in both languages: {es: "Edad", en: "Age"}. What each key means: models/model.schema.json.
# Then: python3 -m deploy model check, and the model's name
---
"""


def write(folder: Path, file: Path, description: Description) -> None:
    """Write contract and record into a model's folder.

    Args:
        file: the model's, as it was given.
    """
    contract = {
        "name": folder.name,
        "title": folder.name.replace("_", " ").replace("-", " ").capitalize(),
        "description": f"{description.estimator}, trained elsewhere.",
        "trained": datetime.fromtimestamp(file.stat().st_mtime, UTC).date(),
        "metrics": {metric.name: metric.value for metric in description.metrics},
        "predicts": _predicts(description.labels),
        "fields": [_field(field) for field in description.fields],
    }
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)
    (folder / CONTRACT).write_text(HEAD + text, encoding="utf-8")
    record = {
        "columns": description.columns,
        "rows": description.rows,
        "answers": description.answers,
        "made_with": {package: version(package) for package in ("joblib", "numpy", "scikit-learn")},
    }
    (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _predicts(labels: list[Any] | None) -> dict[str, Any]:
    if labels is None:
        return {"kind": "regression", "label": {"es": "Predicción", "en": "Prediction"}}
    choices = [{"value": label, "label": _text(label)} for label in labels]
    return {"kind": "classification", "label": {"es": "Predicción", "en": "Prediction"}, "labels": choices}


def _field(report: FieldReport) -> dict[str, Any]:
    field: dict[str, Any] = {"name": report.name, "kind": report.kind, "label": report.name.replace("_", " ")}
    if report.missing:
        field["missing"] = True
    if report.choices is not None:
        field["choices"] = [{"value": value, "label": _text(value)} for value in report.choices]
    known = report.model_dump(exclude_none=True)
    return field | {key: known[key] for key in ("minimum", "maximum", "maximum_characters", "example") if key in known}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return {"es": "sí" if value else "no", "en": "yes" if value else "no"}
    return str(value)
