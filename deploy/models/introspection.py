"""Finds out what a fitted estimator takes and answers: from itself, and from the table that it was trained on."""

from typing import Any

import numpy as np

from app.engines.classes import classes_of, task_of
from app.engines.scikit_learn import Input, arrange
from app.fields import KINDS, Column, recognised
from app.fields.category import other_than
from app.numerals import Mark
from deploy.base.errors import DeployError
from deploy.models import dict_rows, training_table
from deploy.models.json_values import json_value
from deploy.models.row_faults import row_fault
from deploy.models.scoring import require_plausible, score
from deploy.models.structure import dict_vectorizer, known_categories, only_input, text_columns
from deploy.models.training_table import TrainingTable, feature_names
from deploy.models.trials import Trials
from deploy.models.typical import examples

SCORED_ROWS = 20_000
RECORDED_ROWS = 50
TRIED_ROWS = 5_000
"""Of a table, on which engines are compared: its ends and the thresholds of trees are tried besides."""

ROW_NUMBERS = 20
"""From so many rows on, whole numbers that go up by one from 0 or 1 are the rows' numbers."""

NAMED = 8
"""Columns that a note names."""


def describe(
    file: str,
    estimator: Any,
    data: str,
    target: str,
    decimal: Mark | None,
    encoder: Any = None,
    anyway: bool = False,
) -> dict[str, Any]:
    """Return what is known of a model.

    Args:
        file: the model's, for sentences.
        data: path of a CSV table; empty: none.
        target: the table's column with the answers; empty: the one that the model doesn't know.
        decimal: what stands before decimals where the table leaves it open.
        encoder: of the labels; None: they are the table's.
        anyway: go on where the answers can't be right; no figure of them is published then.

    Returns:
        estimator: its name; task: what it learned from; target: the column with the answers, empty where there is none;
        labels: those it answers, or None for numbers; words: what the labels are called;
        fields: for each its name, kind, and what is known of its values; columns: pandas' type of each field;
        notes: sentences about the table's columns;
        examples: typical rows, as `typical.examples` returns them;
        rows, answers: some of the table's, and the model's answers; metrics: measured on the table.

    Raises:
        DeployError: the model can't be served, or the table isn't its.
    """
    _require_predictor(file, estimator)
    labels = _labels(file, estimator)
    table = training_table.read(data, target, estimator, decimal) if data else None
    columns = feature_names(estimator) or ([*table.frame.columns] if table else _names_without_table(file, estimator))
    known, texts = known_categories(estimator, columns), text_columns(estimator, columns)
    table = training_table.as_trained(estimator, table) if table else None
    names = [*table.frame.columns] if table else columns
    fields = [_field(name, table.frame[name] if table else None, known.get(name), name in texts) for name in names]
    types = [*map(str, table.frame.dtypes)] if table else [KINDS[field["kind"]].pandas_type for field in fields]
    _ask(estimator, fields, types)
    words = None if encoder is None or labels is None else encoded_words(file, labels, encoder)
    recorded: dict[str, Any] = {"target": target, "rows": [], "answers": [], "metrics": {}}
    if table:
        predicted = answers(file, estimator, table, data)
        known_answers = _known_answers(estimator, table, len(predicted), labels, target)
        measured = score(labels, predicted, known_answers, words)
        if not anyway:
            require_plausible(file, data, measured)
        words = words or measured.words
        typical = examples(estimator, table.frame, predicted, labels, fields, _container(estimator, fields))
        recorded = (
            {"examples": typical}
            | _recorded(table, predicted, measured.metrics)
            | {"target": _target(table, known_answers)}
        )
    return {
        "estimator": _title(estimator),
        "task": task_of(estimator),
        "labels": labels,
        "words": words,
        "fields": fields,
        "columns": types,
        "notes": _notes(estimator, table),
    } | recorded


def rows(estimator: Any, data: str, target: str, decimal: Mark | None) -> list[list[Any]]:
    """Return rows of the table that a model was trained on, spread over it."""
    table = training_table.as_trained(estimator, training_table.read(data, target, estimator, decimal))
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


def _labels(file: str, estimator: Any) -> list[Any] | None:
    classes = getattr(estimator, "classes_", [])
    if (isinstance(classes, list) and classes) or np.asarray(classes).ndim != 1:
        raise _several_outputs(file)
    labels = classes_of(estimator)
    if labels is not None and len(labels) < 2:
        raise DeployError(f"{file}: answers the same to everything", "Train it so that there are two answers at least.")
    return None if labels is None else [json_value(label) for label in labels]


def _several_outputs(file: str) -> DeployError:
    return DeployError(
        f"{file}: answers several things at once; Puerto serves models with one answer", "Save one model for each."
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


def _notes(estimator: Any, table: TrainingTable | None) -> list[str]:
    """Return what a person should know of a table's columns: which are dropped, and which look like a mistake."""
    if table is None:
        return []
    frame, names = table.frame, feature_names(estimator)
    counting = [name for name in frame if name.startswith(training_table.UNNAMED) or _counts_rows(frame[name])]
    dropped = [name for name in names if name not in frame]
    texts = {
        "the model drops these columns, so nobody is asked for them": dropped,
        "these columns count the table's rows; did the model learn row numbers by mistake? Visitors are asked for"
        " them. Train it without, where they mean nothing": counting,
    }
    return [f"{text}: {', '.join(listed[:NAMED])}" for text, listed in texts.items() if listed]


def _counts_rows(column: Any) -> bool:
    is_whole = len(column) >= ROW_NUMBERS and column.dtype.kind in "iu"
    return bool(is_whole and (np.diff(column.to_numpy()) == 1).all() and column.iloc[0] in (0, 1))


def _present(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def answers(file: str, estimator: Any, table: TrainingTable, data: str) -> list[Any]:
    """Return the model's answers to the first rows of its table."""
    frame = table.frame.head(SCORED_ROWS)
    only = only_input(estimator)
    columns = {name: str(frame[name].dtype) for name in frame}
    rows = arrange(frame.to_numpy(dtype=object).tolist(), only, columns) if only else frame
    try:
        predicted = np.asarray(estimator.predict(rows if only or feature_names(estimator) else frame.to_numpy()))
    except Exception as fault:
        raise row_fault(file, data, estimator, frame, fault) from fault
    if predicted.size != len(frame):
        raise _several_outputs(file)
    return [*map(json_value, predicted.reshape(len(frame)))]


def _known_answers(
    estimator: Any, table: TrainingTable, count: int, labels: list[Any] | None, target: str
) -> list[Any]:
    """Return the table's answers, which groups haven't; none where an unnamed column looks like an id or a remark."""
    if task_of(estimator) != "supervised":
        return [None] * count
    answers = [] if table.answers is None else [*map(json_value, table.answers.head(count))]
    texts = sum(isinstance(answer, str) for answer in answers)
    is_all_different = len({*answers}) == len(answers)
    if not target and is_all_different and (labels is not None or texts or all(map(_is_whole, answers))):
        return [None] * count
    return answers if target or not (texts and labels is None) else [None] * count


def _target(table: TrainingTable, answers: list[Any]) -> str:
    """Return the name of the column with the answers; nothing where it has none."""
    is_known = table.answers is not None and any(answer is not None for answer in answers)
    return str(table.answers.name) if is_known else ""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | float) and float(value).is_integer()


def _recorded(table: TrainingTable, answers: list[Any], metrics: dict[str, float]) -> dict[str, Any]:
    """Return some rows of a table with their answers, and how good all are."""
    places = _spread(len(answers), RECORDED_ROWS)
    return {
        "rows": [[json_value(value) for value in table.frame.iloc[place]] for place in places],
        "answers": [answers[place] for place in places],
        "metrics": {"rows": len(table.frame), **metrics},
    }


def encoded_words(file: str, labels: list[Any], encoder: Any) -> list[str]:
    """Return what labels were encoded from.

    Raises:
        DeployError: by another encoder.
    """
    classes = [*map(str, getattr(encoder, "classes_", []))]
    if [*labels] != [*range(len(classes))]:
        raise DeployError(
            f"{file}: answers {', '.join(map(str, labels[:8]))}; the encoder of --labels has {len(classes)} classes",
            "Give the LabelEncoder that the model's answers were encoded with.",
        )
    return classes


def _title(estimator: Any) -> str:
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", [])]
    return " → ".join(steps) or type(estimator).__name__
