"""The table that a model was trained on, read as the model takes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app import numerals
from app.numerals import Mark
from app.tables import BadTable, marks
from app.tables.opener import TableFile, open_table
from deploy.base.errors import DeployError
from deploy.models import answer_columns, dict_rows, training_columns
from deploy.models.answer_columns import MOST_COLUMNS
from deploy.models.structure import dict_vectorizer, known_categories, takes_texts, text_columns, used_columns
from deploy.models.table_source import TableSource
from deploy.models.training_columns import BadRow, ColumnReader
from deploy.models.training_lines import check_lines

UNNAMED = "Unnamed: "
"""How pandas begins the name of a column without one, such as the index that it once wrote."""

INDEX_ADVICE = (
    "So pandas calls the row numbers that to_csv wrote: the model was trained on them, by mistake perhaps."
    " Train it without them (read_csv(…, index_col=0)), or give the table that has them."
)

MarkedColumn = tuple[marks.Evidence, Mark | None]
"""What a column's cells say of its decimal mark, and the mark."""


@dataclass(frozen=True)
class TrainingTable:
    """A training table.

    Attributes:
        frame: its columns in the model's order.
        unknown: those that were named as the answers, or else those that the model doesn't know.
        groups: those that part its rows.
    """

    frame: Any
    unknown: Any
    groups: Any = None

    def at(self, rows: Sequence[int]) -> "TrainingTable":
        """Return some of its rows, by their places."""
        parts = (self.frame, self.unknown, self.groups)
        return TrainingTable(*(None if part is None else part.iloc[rows] for part in parts))


def feature_names(estimator: Any) -> list[str]:
    """Return the names of the columns that an estimator was trained on; none where it was trained without names."""
    return [str(name) for name in getattr(estimator, "feature_names_in_", [])]


def read(source: TableSource, estimator: Any) -> TrainingTable:
    """Return a table's columns in the model's order.

    Raises:
        DeployError: it can't be read, or isn't the model's.
    """
    file = str(source.file)
    targets = answer_columns.named(file, source.targets, feature_names(estimator))
    frame = _frame(file, targets, estimator, source.decimal)
    names = _required(estimator, frame)
    _check_columns(file, frame, names, targets, source.groups)
    if takes_texts(estimator):
        table = _texts(file, frame, targets, estimator, source.groups)
    elif names:
        others = [name for name in frame.columns if name not in names]
        table = TrainingTable(frame[names], frame[[*targets] or others])
    else:
        table = _unnamed(file, frame, targets, estimator, source.groups)
    return replace(table, groups=frame.loc[table.frame.index, [*dict.fromkeys(source.groups)]])


def _unnamed(file: str, frame: Any, targets: Sequence[str], estimator: Any, groups: Sequence[str]) -> TrainingTable:
    """Return the columns of a model that knows none by its name; where they are too many, less what may be others."""
    inputs, count = frame.drop(columns=[*targets]), getattr(estimator, "n_features_in_", None)
    unnamed = [name for name in inputs if name.startswith(UNNAMED)]
    for left_out in (unnamed, groups):
        if count is not None and inputs.shape[1] > count:
            inputs = inputs.drop(columns=[*left_out], errors="ignore")
    if count is not None and inputs.shape[1] != count:
        raise DeployError(
            f"{file}: has {inputs.shape[1]} columns, but the model takes {count}: {', '.join(inputs)}",
            "Say which column holds the answers: --target; remove the columns that the model doesn't know.",
        )
    return TrainingTable(inputs, frame[[*targets]] if targets else None)


def _check_columns(file: str, frame: Any, names: list[str], targets: Sequence[str], groups: Sequence[str]) -> None:
    listed = f"It has: {', '.join(frame.columns)}"
    if missing := [name for name in names if name not in frame.columns]:
        advice = INDEX_ADVICE if missing[0].startswith(UNNAMED) else listed
        raise DeployError(f"{file}: lacks what the model was trained on: {', '.join(missing)}", advice)
    if absent := [name for name in [*targets, *groups] if name not in frame.columns]:
        raise DeployError(f"{file}: has no column {', '.join(absent)}", listed)
    if len({*targets}) < len(targets):
        raise DeployError(f"{file}: --target names a column twice: {', '.join(targets)}", status=2)


def _required(estimator: Any, frame: Any) -> list[str]:
    """Return the columns that a table must have: those that a model drops may be absent."""
    if (vectorizer := dict_vectorizer(estimator)) is not None:
        return [*dict_rows.fields(vectorizer, [*frame.columns])]
    names = feature_names(estimator)
    if all(name in frame.columns for name in names):
        return names
    used = used_columns(estimator, names)
    return [name for name in names if name in frame.columns or name in used]


def _texts(file: str, frame: Any, targets: Sequence[str], estimator: Any, groups: Sequence[str]) -> TrainingTable:
    """Return the column of texts of a model that takes nothing else, where there is one."""
    labels = {*map(str, getattr(estimator, "classes_", []))}
    others = [name for name in frame.columns if name not in targets]
    answering = [*targets] or [name for name in others if labels and {*map(str, frame[name])} <= labels]
    texts = [name for name in text_names(frame[others]) if name not in answering]
    texts = [name for name in texts if name not in groups] if len(texts) > 1 else texts
    if len(texts) != 1:
        reason = f"{file}: the model takes one text, and the table has {'several' if texts else 'no column of texts'}"
        advice = "Leave only that column in it, and the one with the answers; name that one: --target."
        raise DeployError(f"{reason}: {', '.join(texts or frame.columns)}", advice)
    present = frame[frame[texts[0]].notna()]
    if not targets and answer_columns.target_count(estimator, [*present[texts[0]].head(1)], "texts", {}) == 1:
        answering = answering[:1]
    return TrainingTable(present[texts], present[answering or [name for name in others if name != texts[0]]])


def describe_format(source: TableSource, estimator: Any) -> dict[str, Any]:
    """Return how a table is written, as `app.contract.TableFormat` says it, and what it leaves open.

    Raises:
        DeployError: it can't be read.
    """
    file, decimal = str(source.file), source.decimal
    targets = answer_columns.named(file, source.targets, feature_names(estimator))
    with _opened(file, targets, estimator) as table:
        columns = _column_marks(table, estimator, decimal)
        open_columns = [
            f"column {name}: {_two_readings(column)}"
            for name, (column, mark) in columns.items()
            if _is_needed(name, targets, estimator) and column.is_open(mark) and not column.clear
        ]
        settled = {name: mark for name, (_, mark) in columns.items()}
        written = marks.written({name: column for name, (column, _) in columns.items()}, settled, decimal)
        return {
            "encoding": table.encoding_name,
            "separator": table.separator,
            "decimal": written if table.separator else None,
            "question": f"{file}: {open_columns[0]}" if open_columns else "",
        }


@contextmanager
def _opened(file: str, targets: Sequence[str], estimator: Any) -> Iterator[TableFile]:
    """Open a table's file; what is wrong with it is said with its name."""
    try:
        with Path(file).open("rb") as stream:
            names = feature_names(estimator)
            required = used_columns(estimator, names) if names else {*targets}
            table = open_table(stream, [*names, *targets], MOST_COLUMNS, required)
            check_lines(table, required, known_categories(estimator, names or table.names))
            yield table
    except (BadTable, BadRow) as fault:
        raise DeployError(f"{file}: can't be read as a table: {fault}") from fault


def _column_marks(table: TableFile, estimator: Any, decimal: Mark | None) -> dict[str, MarkedColumn]:
    """Return each column's decimal mark, and what it was told by; those that an encoder knows as texts have none."""
    known = known_categories(estimator, feature_names(estimator) or table.names)
    texts = {name for name, values in known.items() if ColumnReader(True, None, values).is_text}
    texts |= text_columns(estimator, feature_names(estimator)) if feature_names(estimator) else set()
    evidence = marks.evidence(table.cells(), table.names)
    numeric = {name: column for name, column in evidence.items() if column.is_number and name not in texts}
    settled = marks.settled(numeric, {}, decimal)
    return {name: (column, settled[name]) for name, column in numeric.items()}


def _frame(file: str, targets: Sequence[str], estimator: Any, decimal: Mark | None) -> Any:
    import pandas

    with _opened(file, targets, estimator) as table:
        known = known_categories(estimator, feature_names(estimator) or table.names)
        _require_distinct(known)
        numeric = {
            name: mark
            for name, (column, mark) in _column_marks(table, estimator, decimal).items()
            if _is_needed(name, targets, estimator) or not column.is_open(mark)
        }
        readers = {name: ColumnReader(name in numeric, numeric.get(name), known.get(name, ())) for name in table.names}
        read = training_columns.columns(table.rows(), readers)
        frame = pandas.DataFrame({name: column.series() for name, column in read.items() if column.blocks})
    if frame.empty:
        raise DeployError(f"{file}: has no rows")
    return frame


def _require_distinct(known: dict[str, list[Any]]) -> None:
    """Refuse categories that differ by nothing but blanks at their ends, which don't count in tables."""
    for name, values in known.items():
        written: dict[str, str] = {}
        for text in (value for value in values if isinstance(value, str)):
            if (other := written.setdefault(text.strip(), text)) != text:
                message = f"column {name.strip()}: the model knows {other!r} and {text!r}, which differ by blanks alone"
                raise BadRow(f"{message}; train it on texts without blanks at their ends: skipinitialspace=True")


def _is_needed(name: str, targets: Sequence[str], estimator: Any) -> bool:
    names = feature_names(estimator)
    return name in names if names else name not in targets


def _two_readings(column: marks.Evidence) -> str:
    cell = next(iter(column.ambiguous.values()))
    decimal, whole = sorted(numerals.readings(cell).values())
    return f"{cell} may be {decimal:.17g} or {whole:.17g}"


def text_names(frame: Any) -> list[str]:
    """Return the names of the columns that hold texts."""
    return [name for name in frame.columns if str(frame[name].dtype) in ("object", "str", "string")]
