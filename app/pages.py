"""The pages for people: the models, and for each its form, its prediction, its table and its card."""

from typing import IO, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request, stream_with_context, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import default_stream_factory

from app import forms, logs, request_data
from app.csv_file import BadTable
from app.engines import NAMES
from app.errors import HttpError
from app.languages import COOKIE, N_, gettext
from app.model import Model
from app.predictions import Prediction
from app.tables import Table
from app.texts import LANGUAGES
from app.values import Value
from app.whatif import Curve, curves, percent

blueprint = Blueprint("pages", __name__)
YEAR_SECONDS = 365 * 24 * 3600

METRICS = {"rows": N_("Rows"), "accuracy": N_("Accuracy"), "r2": N_("R²"),
           "mean absolute error": N_("Mean absolute error")}  # fmt: skip
"""Metric → its name for people; another is shown under the name it has."""


@blueprint.get("/")
def home() -> str:
    """List the models."""
    return render_template("home.html", models=current_app.extensions["models"].values())


@blueprint.get("/models/<name>")
def model(name: str) -> str:
    """Show a model's form, empty or with its example."""
    shown = request_data.model_named(name)
    example = forms.example_of(shown.contract) if "example" in request.args else None
    return _page(shown, forms.form_of(shown, formdata=None, data=example))


@blueprint.post("/models/<name>")
def predict(name: str) -> tuple[str, int]:
    """Show the form with what was entered, and its prediction or its errors."""
    shown = request_data.model_named(name)
    forms.check_size(request_data.limits_for(shown, 1))
    form = forms.form_of(shown)
    if not form.validate():
        return _page(shown, form, expired=True), 400
    row = forms.read_row(shown, form, request.form)
    if row is None:
        return _page(shown, form), 422
    prediction = shown.predict([row])[0]
    return _page(shown, form, prediction=prediction, curves=_curves(shown, row, prediction)), 200


@blueprint.post("/models/<name>/table")
def table(name: str) -> Response | tuple[str, int]:
    """Return a table with its predictions."""
    shown = request_data.model_named(name)
    forms.check_size(request_data.limits_for(shown, 1), table_bytes=current_app.config["MAX_CONTENT_LENGTH"])
    form, empty = forms.TableForm(), forms.form_of(shown, formdata=None)
    if not form.validate():
        expired = bool(form.csrf_token.errors)
        table_error = "" if expired else gettext(N_("Choose a table file (CSV)."))
        return _page(shown, empty, expired=expired, table_error=table_error), 400 if expired else 422
    file = _spooled(form.table.data)
    try:
        uploaded = Table(shown, file, current_app.config["MAX_COLUMNS"])
    except BadTable as error:
        file.close()
        return _page(shown, empty, table_error=str(error.fault)), 422
    response = Response(stream_with_context(uploaded.predicted()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{shown.name}.csv"'
    response.call_on_close(uploaded.close)
    return response


@blueprint.get("/language/<code>")
def language(code: str) -> Any:
    """Switch the language, and return to where the visitor was."""
    if code not in LANGUAGES:
        raise HttpError(404, N_("There is no page at this address."))
    response = redirect(_own_path(request.args.get("next", "")) or url_for("pages.home"), 303)
    response.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


@blueprint.get("/api/docs")
def docs() -> str:
    """Show the API's document, where each request can be tried out."""
    return render_template("docs.html")


def _page(shown: Model, form: forms.ModelForm, prediction: Prediction | None = None, **variables: Any) -> str:
    return render_template(
        "model.html",
        model=shown,
        contract=shown.contract,
        form=form,
        inputs=forms.inputs_of(form),
        prediction=prediction,
        table_form=forms.TableForm(formdata=None),
        percent=percent,
        engine=NAMES[shown.manifest.engine],
        equivalence=shown.manifest.proof,
        metric_name=_metric_name,
        **variables,
    )


def _metric_name(metric: str) -> str:
    return gettext(METRICS[metric]) if metric in METRICS else metric


def _spooled(upload: FileStorage) -> IO[bytes]:
    """Return an upload's bytes as a file that outlives the request: Flask closes its own before a response streams."""
    file = default_stream_factory(request.content_length, None, None)
    upload.save(file)
    file.seek(0)
    return file


def _curves(shown: Model, row: list[Value], prediction: Prediction) -> list[Curve]:
    """Return the what-if curves; none where they fail, since the prediction is good without them."""
    try:
        return curves(shown, row, prediction)
    except Exception as error:
        logs.exception("the what-if curves failed", error)
        return []


def _own_path(address: str) -> str:
    """Return an address if it is on this site, else nothing: a link must not lead visitors elsewhere."""
    parts = urlsplit(address)
    is_own = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if is_own and address.isprintable() else ""
