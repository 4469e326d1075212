"""Finds out what a fitted estimator takes and answers: from itself, and from the table that it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.engines.classes import classes_of, task_of
from app.engines.scikit_learn import Input
from app.fields import KINDS, Column, recognised
from app.fields.category import other_than
from app.metrics import ON_ITS_TABLE
from deploy.base.errors import DeployError
from deploy.models import column_notes, column_types, dict_rows, table_answers, training_table
from deploy.models.answer_columns import target_count
from deploy.models.json_values import json_value
from deploy.models.scoring import Score
from deploy.models.structure import dict_vectorizer, known_categories, only_input, text_columns
from deploy.models.table_answers import TargetAnswers
from deploy.models.table_source import TableSource
from deploy.models.training_table import TrainingTable, feature_names
from deploy.models.trials import Trials
from deploy.models.typical import examples

RECORDED_ROWS = 50
TRIED_ROWS = 5_000
"""Of a table, on which engines are compared: its ends and the thresholds of trees are tried besides."""


@dataclass(frozen=True)
class Inputs:
    """What a model takes.

    Attributes:
        table: the one that it was trained on, with the columns that it asks for.
        fields: for each its name, kind, and what is known of its values.
        types: pandas' of each field.
        container: what it takes rows in.
    """

    table: TrainingTable | None
    fields: list[dict[str, Any]]
    types: list[str]
    container: Input

    def described(self, estimator: Any, answered: Sequence[TargetAnswers]) -> dict[str, Any]:
        """Return the fields, and what their table tells besides: its columns' types, notes, typical rows."""
        described = {"fields": self.fields, "columns": self.types, "notes": [], "examples": []}
        if self.table:
            described["notes"] = column_notes.notes(estimator, self.table)
            described["examples"] = examples(estimator, self.table.frame, answered[0], self.fields, self.container)
        return described


def describe(
    file: str, estimator: Any, source: TableSource | None, targets: Sequence[str], encoder: Any, anyway: bool
) -> dict[str, Any]:
    """Return what is known of a model, as `replies.Description` has it.

    Args:
        file: the model's, for sentences.
        source: the table that it was trained on.
        targets: what it answers, where that was said.
        encoder: of the labels; None: they are the table's.
        anyway: go on where the answers can't be right; no figure of them is published then.

    Raises:
        DeployError: the model can't be served, or the table isn't its.
    """
    _require_predictor(file, estimator)
    inputs = _inputs(file, estimator, source)
    answered = _answered(file, estimator, inputs, source, targets)
    words = _encoded_words(file, answered, encoder)
    measured = table_answers.scores(answered, words, ON_ITS_TABLE)
    if not anyway:
        table_answers.require_order(file, answered)
        table_answers.require_plausible(file, str(source.file) if source else "", answered, measured)
    return {
        **_kind(estimator),
        **_targets(answered, words, measured),
        **inputs.described(estimator, answered),
        **_recorded(inputs.table, answered, measured),
    }


def _inputs(file: str, estimator: Any, source: TableSource | None) -> Inputs:
    table = training_table.read(source, estimator) if source else None
    columns = feature_names(estimator) or ([*table.frame.columns] if table else _names_without_table(file, estimator))
    known, texts = known_categories(estimator, columns), text_columns(estimator, columns)
    table = column_types.as_trained(estimator, table) if table else None
    names = [*table.frame.columns] if table else columns
    fields = [_field(name, table.frame[name] if table else None, known.get(name), name in texts) for name in names]
    types = [*map(str, table.frame.dtypes)] if table else [KINDS[field["kind"]].pandas_type for field in fields]
    _ask(estimator, fields, types)
    return Inputs(table, fields, types, _container(estimator, fields))


def _answered(
    file: str, estimator: Any, inputs: Inputs, source: TableSource | None, targets: Sequence[str]
) -> Sequence[TargetAnswers]:
    if inputs.table and source:
        return table_answers.of_table(file, estimator, inputs.table, str(source.file), source.targets)
    row = [field["example"] for field in inputs.fields]
    types = {field["name"]: kind for field, kind in zip(inputs.fields, inputs.types, strict=True)}
    count = target_count(estimator, row, inputs.container, types)
    return table_answers.without_table(file, estimator, count, targets)


def rows(estimator: Any, source: TableSource) -> list[list[Any]]:
    """Return rows of the table that a model was trained on, spread over it."""
    table = column_types.as_trained(estimator, training_table.read(source, estimator))
    frame = table.frame.iloc[_spread(len(table.frame), TRIED_ROWS)]
    return [[json_value(value) for value in row] for row in frame.itertuples(index=False)]


def _spread(count: int, most: int) -> Any:
    """Return places of so many rows, at most, spread over all."""
    return np.unique(np.linspace(0, count - 1, most).astype(int))


def _require_predictor(file: str, estimator: Any) -> None:
    from sklearn.base import is_classifier, is_regressor

    if not is_classifier(estimator) and not is_regressor(estimator) and classes_of(estimator) is None:
        raise DeployError(
            f"{file}: holds a {_title(estimator)}, which is neither a classifier nor a regressor",
            "Puerto serves models that predict a label, a number or a group, or that tell outliers.",
        )


def _names_without_table(file: str, estimator: Any) -> list[str]:
    if names := feature_names(estimator):
        return names
    count = getattr(estimator, "n_features_in_", None)
    if (vectorizer := dict_vectorizer(estimator)) is not None:
        return [*dict_rows.fields(vectorizer, ())]
    if count is None and only_input(estimator) == "texts":
        return ["text"]
    if count is None:
        raise DeployError(f"{file}: doesn't say what it takes; is it fitted?", "Pass its table: --data table.csv")
    return [f"x{number}" for number in range(int(count))]


def _field(name: str, column: Any, categories: list[Any] | None, is_text: bool) -> dict[str, Any]:
    """Return what a field's values are: kind, choices, range, an example, whether one may be missing."""
    values = [] if column is None else [*map(json_value, column)]
    known = None if categories is None else _present(categories)
    missing = None in values or None in (categories or [])
    pandas_type = "object" if column is None else str(column.dtype)
    properties = Column(_present(values), known, pandas_type)
    kind = {"kind": "text", **(KINDS["text"].recognised(properties) or {})} if is_text else recognised(properties)
    field = {"name": name, "missing": missing, **kind}
    if column is None:
        field.pop("seen", None)
    else:
        field["seen"] = {"missing": missing} | field.get("seen", {})
    return field


def _ask(estimator: Any, fields: list[dict[str, Any]], columns: list[str]) -> None:
    """Write down what the model takes besides what its table shows: no value at all, and other choices."""
    types = {field["name"]: pandas_type for field, pandas_type in zip(fields, columns, strict=True)}
    trials = Trials(estimator, [field["example"] for field in fields], _container(estimator, fields), types)
    can_miss = trials.accepted(dict.fromkeys((field["name"] for field in fields if not field["missing"]), None))
    others = trials.accepted({field["name"]: other_than(field["choices"]) for field in fields if "choices" in field})
    for field in fields:
        field["missing"] = field["missing"] or field["name"] in can_miss
        field["others"] = field.get("others", False) or field["name"] in others


def _container(estimator: Any, fields: list[dict[str, Any]]) -> Input:
    if feature_names(estimator):
        return "frame"
    if only := only_input(estimator):
        return only
    return "objects" if any(isinstance(field["example"], str) for field in fields) else "numbers"


def _present(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _targets(
    answered: Sequence[TargetAnswers], words: Sequence[str] | None, measured: Sequence[Score]
) -> dict[str, Any]:
    """Return what is known of the first target, and of those after it."""
    first, *others = (
        {"target": target.name, "labels": target.labels, "words": words or score.words}
        for target, score in zip(answered, measured, strict=True)
    )
    return first | {"also": others}


def _recorded(
    table: TrainingTable | None, answered: Sequence[TargetAnswers], measured: Sequence[Score]
) -> dict[str, Any]:
    """Return some rows of a table with the model's answers, of several targets a list; and how good all are."""
    if table is None:
        return {"rows": [], "answers": [], "metrics": {}}
    places = _spread(len(answered[0].predicted), RECORDED_ROWS)
    lists = [[target.predicted[place] for target in answered] for place in places]
    figures = {name: figure for score in measured for name, figure in score.metrics.items()}
    return {
        "rows": [[json_value(value) for value in table.frame.iloc[place]] for place in places],
        "answers": lists if len(answered) > 1 else [answer for (answer,) in lists],
        "metrics": {"rows": len(table.frame), **figures},
    }


def _encoded_words(file: str, answered: Sequence[TargetAnswers], encoder: Any) -> list[str] | None:
    """Return what labels were encoded from; None where nobody says it.

    Raises:
        DeployError: by another encoder, or there are several targets.
    """
    first, *others = answered
    if encoder is None or first.labels is None:
        return None
    if others:
        reason = f"{file}: answers {len(answered)} things at once; --labels gives the encoder of one"
        raise DeployError(reason, "Leave it out, and say what the labels mean in the contract: labels, label.")
    classes = [*map(str, getattr(encoder, "classes_", []))]
    if [*first.labels] != [*range(len(classes))]:
        raise DeployError(
            f"{file}: answers {', '.join(map(str, first.labels[:8]))}; the encoder of --labels has"
            f" {len(classes)} classes",
            "Give the LabelEncoder that the model's answers were encoded with.",
        )
    return classes


def _kind(estimator: Any) -> dict[str, Any]:
    return {"estimator": _title(estimator), "task": task_of(estimator)}


def _title(estimator: Any) -> str:
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", [])]
    return " → ".join(steps) or type(estimator).__name__
