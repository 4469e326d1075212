"""The pages for people: the models, and for each its form, the answer below it, its table and its card."""

from typing import IO, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, render_template, request, stream_with_context, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import default_stream_factory

from app import forms, logs, rows
from app.csv_file import BadTable
from app.engines import NAMES
from app.errors import Failure
from app.languages import COOKIE, N_, gettext
from app.model import Model, Prediction
from app.tables import Table
from app.texts import LANGUAGES
from app.values import Value
from app.whatif import Curve, curves, percent

blueprint = Blueprint("pages", __name__)
YEAR_SECONDS = 365 * 24 * 3600

METRICS = {"rows": N_("Rows"), "accuracy": N_("Accuracy"), "r2": N_("R²"),
           "mean absolute error": N_("Mean absolute error")}  # fmt: skip
"""Metric → its name for people; another is shown as it was given."""


@blueprint.get("/")
def home() -> str:
    """List the models."""
    return render_template("home.html", models=current_app.extensions["models"].values())


@blueprint.get("/models/<name>")
def model(name: str) -> str:
    """Show a model's form, empty or with its example."""
    found = rows.model_named(name)
    filled = forms.example_of(found.contract) if "example" in request.args else None
    return _page(found, forms.form_of(found, formdata=None, data=filled))


@blueprint.post("/models/<name>")
def predict(name: str) -> tuple[str, int]:
    """Show the form with what was typed, and the answer or what is wrong with it."""
    found = rows.model_named(name)
    forms.must_be_short(rows.limits(found, 1))
    form = forms.form_of(found)
    if not form.validate():
        return _page(found, form, expired=True), 400
    row = forms.read(found, form, request.form)
    if row is None:
        return _page(found, form), 422
    answer = found.predict([row])[0]
    return _page(found, form, answer=answer, curves=_curves(found, row, answer)), 200


@blueprint.post("/models/<name>/table")
def table(name: str) -> Response | tuple[str, int]:
    """Give a table back with its predictions."""
    found = rows.model_named(name)
    forms.must_be_short(rows.limits(found, 1), table_bytes=current_app.config["MAX_CONTENT_LENGTH"])
    form, empty = forms.TableForm(), forms.form_of(found, formdata=None)
    if not form.validate():
        expired = bool(form.csrf_token.errors)
        fault = "" if expired else gettext(N_("Choose the file of a table."))
        return _page(found, empty, expired=expired, table_fault=fault), 400 if expired else 422
    kept = _kept(form.table.data)
    try:
        given = Table(found, kept, current_app.config["MAX_COLUMNS"])
    except BadTable as bad:
        kept.close()
        return _page(found, empty, table_fault=str(bad.fault)), 422
    answer = Response(stream_with_context(given.answered()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.name}.csv"'
    answer.call_on_close(given.close)
    return answer


@blueprint.get("/language/<code>")
def language(code: str) -> Any:
    """Switch the language, and go back to where the visitor was."""
    if code not in LANGUAGES:
        raise Failure(404, N_("There is no page at this address."))
    answer = redirect(_own_path(request.args.get("next", "")) or url_for("pages.home"), 303)
    answer.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure)
    return answer


@blueprint.get("/api/docs")
def docs() -> str:
    """Show the API's document, to be tried."""
    return render_template("docs.html")


def _page(found: Model, form: forms.ModelForm, answer: Prediction | None = None, **more: Any) -> str:
    return render_template(
        "model.html", model=found, contract=found.contract, form=form, inputs=forms.inputs_of(form), answer=answer,
        table_form=forms.TableForm(formdata=None), percent=percent,
        engine=NAMES[found.manifest.engine], proof=found.manifest.proof,
        metric=lambda each: gettext(METRICS[each]) if each in METRICS else each, **more,
    )  # fmt: skip


def _kept(upload: FileStorage) -> IO[bytes]:
    """Return an upload's bytes as a file that outlives the request: Flask closes its own before an answer streams."""
    kept = default_stream_factory(request.content_length, None, None)
    upload.save(kept)
    kept.seek(0)
    return kept


def _curves(found: Model, row: list[Value], answer: Prediction) -> list[Curve]:
    """The picture is an extra: where it fails the answer stands."""
    try:
        return curves(found, row, answer)
    except Exception as fault:
        logs.failure("the what-if picture failed", fault)
        return []


def _own_path(address: str) -> str:
    """Return an address if it is one of this site's, else nothing: a link must not lead visitors elsewhere."""
    parts = urlsplit(address)
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if own and address.isprintable() else ""
