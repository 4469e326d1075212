"""Adds a model with its table in this process, without the sandbox and the build, and answers tables with it."""

import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib

from app.engines.scikit_learn import ScikitLearn
from app.model import Manifest, Model
from app.numerals import Mark
from app.tables import Table
from deploy.models import contract_draft, structure
from deploy.models.contracts import read_contract
from deploy.models.model_folder import CONTRACT
from deploy.models.sandbox import worker
from deploy.models.sandbox.replies import Description, TableReport
from deploy.models.table_source import TableSource

MOST_COLUMNS = 1000


def added(estimator: Any, data: bytes, target: str, decimal: Mark | None = None) -> Model:
    """Return the model as ``model add`` understands it, with the bytes of its table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        folder.mkdir()
        file, table = folder / "model.joblib", folder / "table.csv"
        joblib.dump(estimator, file)
        table.write_bytes(data)
        source, model = TableSource(table, [target] if target else [], decimal), str(file)
        report = TableReport.model_validate(worker.describe_table(model, source.request, [])[0])
        assert not report.question, report.question
        request = replace(source, decimal=report.decimal).request
        reply, _ = worker.describe(model, request, None, [*source.targets], [], labels="", anyway=True, held_out=None)
        description = Description.model_validate(reply)
        contract_draft.write(folder, file, description, report, {}, keep_rows=True)
        contract = read_contract(folder / CONTRACT)
    names = [field.name for field in contract.fields]
    container = structure.only_input(estimator) or ("frame" if hasattr(estimator, "feature_names_in_") else "numbers")
    engine = ScikitLearn(contract, estimator, container, dict(zip(names, description.columns, strict=True)))
    return Model(Manifest.model_construct(contract=contract), engine, None)


def answered(model: Model, data: bytes) -> list[dict[str, str]]:
    """Return the rows of the table that comes back: column → text."""
    table = Table(model, io.BytesIO(data), MOST_COLUMNS)
    pieces = b"".join(table.predicted())
    text = pieces.decode(table.answer.encoding.reading_codec)
    separator = next(mark for mark in (";", "\t", "|", ",") if mark in text.partition("\n")[0])
    lines = [*csv.reader(io.StringIO(text, newline=""), delimiter=separator)]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def predictions(rows: list[dict[str, str]], column: str = "prediction") -> list[Any]:
    """Return the predictions of such rows, numbers as such; each row has one."""
    faults = [row["error"] for row in rows if row["error"]]
    assert faults == []
    return [_value(row[column]) for row in rows]


def _value(text: str) -> Any:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
