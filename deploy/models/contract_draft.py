"""The first draft of an added model's contract, for its owner to edit, and the record beside it."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from app.engines import Task
from app.fields import KINDS
from deploy.models import naming, units, unsupervised
from deploy.models.methods import method
from deploy.models.model_folder import CONTRACT, RECORD
from deploy.models.sandbox.replies import Description, TableReport
from deploy.models.sandbox.reports import FieldReport, GroupReport, TargetReport
from deploy.models.sandbox.text import visible

HEAD = """\
# yaml-language-server: $schema=../model.schema.json
# The contract of a model that was added: say in people's words what goes in and what comes out.
# A text can be given in both languages: {es: "Edad", en: "Age"}. What each key means: models/model.schema.json.
# Then: python3 -m deploy model check, and the model's name
---
"""

UNSAID = (("missing", True), ("whole", False))
"""What needn't be written of what a table showed."""


VALUE_CHARACTERS = 60
"""Of a group's value, in its name."""

UNNAMED = {"es": "Predicción", "en": "Prediction"}
"""What is called a prediction whose column isn't known."""

SIZES = (
    {"es": "Valor bajo", "en": "Low value"},
    {"es": "Valor medio", "en": "Middle value"},
    {"es": "Valor alto", "en": "High value"},
)
"""What the examples of a model are called that predicts numbers."""


def write(
    folder: Path,
    file: Path,
    description: Description,
    table: TableReport | None,
    made_with: dict[str, str],
    keep_rows: bool,
) -> None:
    """Write contract and record into a model's folder.

    Args:
        file: the model's, as it was given.
        table: how the training table is written.
        made_with: package → version.
        keep_rows: whether rows of the table go into the record, and with the model to servers.
    """
    contract = _contract(folder.name, datetime.fromtimestamp(file.stat().st_mtime, UTC).date(), description)
    if table and (written := table.model_dump(include={"encoding", "separator", "decimal"}, exclude_none=True)):
        contract["table"] = written
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)
    (folder / CONTRACT).write_text(HEAD + text, encoding="utf-8")
    record = {
        "columns": description.columns,
        "rows": description.rows if keep_rows else [],
        "answers": description.answers if keep_rows else [],
        "made_with": made_with,
    }
    (folder / RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _contract(name: str, trained: date, description: Description) -> dict[str, Any]:
    fields = [_field(field) for field in description.fields]
    answers = [naming.in_words(units.split(target.target)[0]) for target in description.targets if target.target]
    predicts, *also = [*_targets(description)]
    contract = {
        "name": name,
        "title": naming.title(name, ", ".join([*answers[:1], *map(naming.in_sentence, answers[1:])])),
        "description": _description(description, answers, [field["label"] for field in fields]),
        "method": method(description.estimator),
        "trained": trained,
        "metrics": {metric.name: metric.value for metric in description.metrics},
        "predicts": predicts,
        **({"also": also} if also else {}),
        "fields": fields,
    }
    if description.groups:
        contract["card"] = {"groups": [*map(_group, description.groups)]}
    if description.examples:
        contract["examples"] = [*_examples(description, predicts)]
    return contract


def _description(description: Description, answers: Sequence[str], columns: list[str]) -> dict[str, str]:
    labels = None if description.labels is None else len(description.labels)
    if description.task != "supervised":
        return unsupervised.description(description.task, labels or 0, len(columns))
    if description.also:
        return naming.description_of_several(answers, len(description.targets), columns)
    return naming.description("".join(answers), labels, columns)


def _targets(description: Description) -> Iterator[dict[str, Any]]:
    """Return what the model predicts; several targets have names."""
    for number, target in enumerate(description.targets, 1):
        name = {"name": target.target or f"target_{number}"} if description.also else {}
        yield name | _target(target, description.task, naming.numbered(number) if description.also else UNNAMED)


def _target(target: TargetReport, task: Task, unnamed: dict[str, str]) -> dict[str, Any]:
    title, unit = units.split(target.target)
    answer = naming.in_words(title) if title else ""
    label: Any = answer or unnamed
    if target.labels is None:
        interval = target.interval.model_dump(exclude_none=True) if target.interval else None
        known = {key: value for key, value in (("unit", unit), ("interval", interval)) if value}
        return {"kind": "regression", "label": label} | known
    texts: Sequence[Any] = target.words or [_label(value, answer) for value in target.labels]
    if task != "supervised":
        label = unsupervised.LABELS[task]
        texts = [unsupervised.label(task, value) for value in target.labels]
    labels = [{"value": value, "label": text} for value, text in zip(target.labels, texts, strict=True)]
    return {"kind": "classification", "label": label, "labels": labels}


def _examples(description: Description, predicts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the examples: of labels they are called by their answer, of numbers by how large it is.

    Of several targets the first's counts, and they say which that is.
    """
    names = [field.name for field in description.fields]
    sizes = iter(SIZES)
    labels = {label["value"]: label["label"] for label in predicts.get("labels", [])}
    for example in description.examples:
        size = next(sizes, SIZES[-1]) if example.answer is None else labels.get(example.answer, "")
        name = {"label": size} if example.answer is None else {"answer": example.answer}
        if description.also:
            name |= {"label": naming.of(predicts["label"], size)}
        values = zip(names, example.values, strict=True)
        yield {**name, "values": {name: value for name, value in values if value is not None}}


def _label(value: Any, answer: str) -> Any:
    """Return what people may call a label; a number says nothing without what it is a number of."""
    text = _text(value)
    if not answer or (isinstance(value, str) and any(map(str.isalpha, value))):
        return text
    if isinstance(text, dict):
        return {language: f"{answer}: {word}" for language, word in text.items()}
    return f"{answer}: {text}"


def _group(report: GroupReport) -> dict[str, Any]:
    column, value = naming.in_words(units.split(report.column)[0]), _text(report.value)
    name: Any = f"{column}: {visible(value, VALUE_CHARACTERS) if isinstance(value, str) else ''}"
    if isinstance(value, dict):
        name = {language: f"{column}: {word}" for language, word in value.items()}
    return {"name": name, "rows": report.rows, "metrics": {metric.name: metric.value for metric in report.metrics}}


def _field(report: FieldReport) -> dict[str, Any]:
    has_unit = "unit" in KINDS[report.kind].model_fields
    title, unit = units.split(report.name) if has_unit else (report.name, "")
    field: dict[str, Any] = {"name": report.name, "kind": report.kind, "label": naming.in_words(title)}
    if unit:
        field["unit"] = unit
    if report.missing:
        field["missing"] = True
    if report.choices is not None:
        field["choices"] = [{"value": value, "label": _text(value)} for value in report.choices]
    if report.others:
        field["others"] = True
    known = report.model_dump(exclude_none=True)
    known["seen"] = {key: value for key, value in known.get("seen", {}).items() if (key, value) not in UNSAID}
    return field | {
        key: known[key] for key in ("maximum_characters", "seen", "example") if known.get(key) not in (None, {})
    }


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return {"es": "sí" if value else "no", "en": "yes" if value else "no"}
    text = str(value)
    return naming.in_words(text) if "_" in text and text.replace("_", "").isalpha() else text
