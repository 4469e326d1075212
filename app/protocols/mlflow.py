"""MLflow's scoring protocol (version 2 and later), for the default model and below ``/models/<name>`` for each.

Source: MLflow's documentation, "Local Inference Server Specification", and mlflow.pyfunc.scoring_server.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from app import rows, tables
from app.errors import Failure
from app.languages import N_
from app.limits import Limits
from app.model import Model
from app.values import Value

blueprint = Blueprint("mlflow", __name__)
IGNORED = ("params",)
"""What clients may send beside the rows; a scikit-learn model has no parameters for a prediction."""


@blueprint.get("/ping")
@blueprint.get("/models/<name>/ping")
def ping(name: str = "") -> Response:
    """Say that the model can be asked."""
    _model(name)
    return Response("\n", mimetype="application/json")


@blueprint.get("/version")
@blueprint.get("/models/<name>/version")
def version(name: str = "") -> Response:
    """Name the release; MLflow's own server names its version."""
    _model(name)
    return Response(current_app.extensions["release"], mimetype="text/plain")


@blueprint.post("/invocations")
@blueprint.post("/models/<name>/invocations")
def invocations(name: str = "") -> Response:
    """Answer the predictions for the rows of the body, in any of the protocol's forms."""
    model = _model(name)
    within = rows.limits(model)
    given = _table(model, within) if request.mimetype == "text/csv" else _rows(model, within)
    return jsonify(predictions=[answer.value for answer in model.predict(given)])


def _model(name: str) -> Model:
    return rows.model_named(name) if name else rows.default_model()


def _table(model: Model, within: Limits) -> list[list[Value]]:
    return tables.rows_of(model, rows.body(within), within, current_app.config["MAX_COLUMNS"])


def _rows(model: Model, within: Limits) -> list[list[Value]]:
    body = rows.json_object(within)
    forms = [key for key in body if key in FORMS]
    strangers = [key for key in body if key not in FORMS and key not in IGNORED]
    if len(forms) != 1 or strangers:
        raise Failure(422, N_("The body must have one of these keys: %(keys)s."), keys=", ".join(FORMS))
    names = [field.name for field in model.contract.fields]
    return rows.checked(model, FORMS[forms[0]](body[forms[0]], names), f"#/{forms[0]}")


def _split(given: Any, names: list[str]) -> list[Any]:
    if (
        not isinstance(given, Mapping)
        or not isinstance(given.get("data"), list)
        or set(given) - {"columns", "data", "index"}
    ):
        raise Failure(422, N_("dataframe_split must have columns and data."))
    columns = given.get("columns", names)
    rows.must_be_a_few(len(given["data"]))
    _must_be_few_columns(columns)
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise Failure(422, N_("dataframe_split must have columns and data."))
    if len(set(columns)) < len(columns):
        raise Failure(422, N_("A column is given twice."))
    return _named(given["data"], columns)


def _records(given: Any, names: list[str]) -> list[Any]:
    if not isinstance(given, list):
        raise Failure(422, N_("The rows must be an array."))
    rows.must_be_a_few(len(given))
    return _named(given, names)


def _inputs(given: Any, names: list[str]) -> list[Any]:
    """Rows, or an object of columns."""
    if not isinstance(given, Mapping):
        return _records(given, names)
    columns = list(given.values())
    _must_be_few_columns(columns)
    if not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        raise Failure(422, N_("The columns must be arrays of the same length."))
    rows.must_be_a_few(len(columns[0]) if columns else 0)
    return [dict(zip(given, values, strict=True)) for values in zip(*columns, strict=True)]


def _must_be_few_columns(columns: Any) -> None:
    most = current_app.config["MAX_COLUMNS"]
    if isinstance(columns, list) and len(columns) > most:
        raise Failure(413, N_("The table has more than %(columns)s columns."), columns=most)


def _named(given: list[Any], names: list[str]) -> list[Any]:
    """Give the values of rows without names their names."""
    for place, row in enumerate(given):
        if isinstance(row, list) and len(row) != len(names):
            raise Failure(422, N_("Row %(row)s has %(values)s values instead of %(columns)s."), row=place,
                          values=len(row), columns=len(names))  # fmt: skip
    return [dict(zip(names, row, strict=True)) if isinstance(row, list) else row for row in given]


FORMS: dict[str, Callable[[Any, list[str]], list[Any]]] = {
    "dataframe_split": _split, "dataframe_records": _records, "instances": _records, "inputs": _inputs,
}  # fmt: skip
"""The protocol's forms of a table."""
