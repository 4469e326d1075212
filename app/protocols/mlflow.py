"""MLflow's scoring protocol (version 2 and later), for the default model and below ``/models/<name>`` for each.

Source: MLflow's documentation, "Local Inference Server Specification", and mlflow.pyfunc.scoring_server.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from app import request_data, tables
from app.errors import HttpError
from app.languages import N_
from app.limits import Limits
from app.model import Model
from app.protocols.notes import notes
from app.values import Row

blueprint = Blueprint("mlflow", __name__)
IGNORED = ("params",)
"""What clients may send besides the rows; a scikit-learn model has no parameters for a prediction."""


@blueprint.get("/ping")
@blueprint.get("/models/<name>/ping")
def ping(name: str = "") -> Response:
    """Tell that the model is ready."""
    _model(name)
    return Response("\n", mimetype="application/json")


@blueprint.get("/version")
@blueprint.get("/models/<name>/version")
def version(name: str = "") -> Response:
    """Return the release; MLflow's own server returns MLflow's version."""
    _model(name)
    return Response(current_app.extensions["release"], mimetype="text/plain")


@blueprint.post("/invocations")
@blueprint.post("/models/<name>/invocations")
def invocations(name: str = "") -> Response:
    """Predict for the rows of the body, in any of the protocol's formats."""
    model = _model(name)
    limits = request_data.limits_for(model)
    rows, unused = _csv_rows(model, limits) if request.mimetype == "text/csv" else _json_rows(model, limits)
    several = bool(model.contract.also)  # as MLflow answers an array of (rows, targets)
    predictions = [prediction.values if several else prediction.value for prediction in model.predict(rows)]
    return jsonify(predictions=predictions, **notes(model, rows, unused))


def _model(name: str) -> Model:
    return request_data.model_named(name) if name else request_data.default_model()


def _csv_rows(model: Model, limits: Limits) -> tuple[list[Row], list[str]]:
    return tables.rows_of(model, request_data.body(limits), limits, current_app.config["MAX_COLUMNS"])


def _json_rows(model: Model, limits: Limits) -> tuple[list[Row], list[str]]:
    """Return the rows of a body, and the names in it that no field has."""
    body = request_data.json_object(limits)
    formats = [key for key in body if key in FORMATS]
    unknown = [key for key in body if key not in FORMATS and key not in IGNORED]
    if len(formats) != 1 or unknown:
        raise HttpError(422, N_("The body must have exactly one of these keys: %(keys)s."), keys=", ".join(FORMATS))
    names = [field.name for field in model.contract.fields]
    rows = FORMATS[formats[0]](body[formats[0]], names)
    return request_data.validated_rows(model, rows, f"#/{formats[0]}"), model.validator.unused(rows)


def _split(frame: Any, names: list[str]) -> list[Any]:
    if (
        not isinstance(frame, Mapping)
        or not isinstance(frame.get("data"), list)
        or set(frame) - {"columns", "data", "index"}
    ):
        raise HttpError(422, N_("dataframe_split must have columns and data."))
    columns = frame.get("columns", names)
    request_data.check_row_count(len(frame["data"]))
    _check_column_count(columns)
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise HttpError(422, N_("dataframe_split must have columns and data."))
    if len(set(columns)) < len(columns):
        raise HttpError(422, N_("A column appears twice."))
    return _with_names(frame["data"], columns)


def _records(rows: Any, names: list[str]) -> list[Any]:
    if not isinstance(rows, list):
        raise HttpError(422, N_("The rows must be an array."))
    request_data.check_row_count(len(rows))
    return _with_names(rows, names)


def _inputs(table: Any, names: list[str]) -> list[Any]:
    """Read an array of rows, or an object of columns."""
    if not isinstance(table, Mapping):
        return _records(table, names)
    columns = list(table.values())
    _check_column_count(columns)
    if not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        raise HttpError(422, N_("The columns must be arrays of the same length."))
    request_data.check_row_count(len(columns[0]) if columns else 0)
    return [dict(zip(table, values, strict=True)) for values in zip(*columns, strict=True)]


def _check_column_count(columns: Any) -> None:
    most = current_app.config["MAX_COLUMNS"]
    if isinstance(columns, list) and len(columns) > most:
        raise HttpError(413, N_("The table has more than %(columns)s columns."), columns=most)


def _with_names(rows: list[Any], names: list[str]) -> list[Any]:
    """Give the values of rows without names their names; a row of one value may be that value."""
    if len(names) == 1:
        rows = [row if isinstance(row, list | dict) else [row] for row in rows]
    for place, row in enumerate(rows):
        if isinstance(row, list) and len(row) != len(names):
            message = N_("Row %(row)s has the wrong number of values: %(values)s instead of %(columns)s.")
            raise HttpError(422, message, row=place, values=len(row), columns=len(names))
    return [dict(zip(names, row, strict=True)) if isinstance(row, list) else row for row in rows]


FORMATS: dict[str, Callable[[Any, list[str]], list[Any]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _records,
    "inputs": _inputs,
}
"""The protocol's formats of a table."""
