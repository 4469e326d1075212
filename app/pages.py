"""The pages for people: the models, and for each its form, its prediction, its table and its card."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, stream_with_context, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import default_stream_factory

from app import catalogue, forms, links, logs, metrics, request_data
from app.answers import answer_of, as_json, entered, further_answers
from app.engines import NAMES
from app.errors import REFUSED_ROW, HttpError
from app.examples import example_row, examples_of
from app.explanation import explanation, is_offered, is_quick
from app.fields.properties import CHANGE
from app.form_layout import groups
from app.intervals import interval_of
from app.languages import N_, cookie_name, current, gettext
from app.model import Model
from app.predictions import Prediction, RefusedRows
from app.tables import BadTable, Table, held
from app.tables.summary import summary
from app.tables.template import template
from app.texts import LANGUAGES
from app.unknowns import unknowns
from app.values import Row
from app.whatif import what_if

blueprint = Blueprint("pages", __name__)
YEAR_SECONDS = 365 * 24 * 3600


@blueprint.get("/")
def home() -> str:
    """List the models, or those that a search finds."""
    models, query = current_app.extensions["models"], request.args.get("q", "").strip()[: catalogue.QUERY_CHARACTERS]
    return render_template(
        "home.html",
        models=catalogue.listed(models.values(), query),
        count=len(models),
        is_long=len(models) > catalogue.MANY,
        query=query,
        query_characters=catalogue.QUERY_CHARACTERS,
    )


@blueprint.get("/models/<name>")
def model(name: str) -> str:
    """Show a model's form, empty or with one of its examples."""
    shown = request_data.model_named(name)
    return page(shown, filled_in(shown))


@blueprint.post("/models/<name>")
def predict(name: str) -> tuple[str, int]:
    """Show the form with what was entered, and its prediction or its errors."""
    shown = request_data.model_named(name)
    form = submitted(shown)
    return answer(shown, form) if form.validate() else (page(shown, form, expired=True), 400)


def filled_in(shown: Model, **arguments: Any) -> forms.ModelForm:
    """Return a model's form, empty or with the example that the address names.

    Args:
        arguments: of the form.
    """
    number = request.args.get("example")
    entries = None if number is None else forms.entries_of(shown.contract, example_row(shown.contract, number))
    return forms.form_of(shown, formdata=None, data=entries, **arguments)


def submitted(shown: Model, **arguments: Any) -> forms.ModelForm:
    """Return a model's form as it was sent, unless it is too large; its arguments are those of `forms.submitted`."""
    forms.check_size(request_data.limits_for(shown, 1))
    return forms.submitted(shown, **arguments)


def answer(shown: Model, form: forms.ModelForm, **variables: Any) -> tuple[str, int]:
    """Return the page that answers a form, and its status."""
    row = forms.read_row(shown, form)
    return refusal(shown, form, **variables) if row is None else answer_to(shown, form, row, **variables)


def refusal(shown: Model, form: forms.ModelForm, **variables: Any) -> tuple[str, int]:
    """Return the page that shows a form with its faults, and its status."""
    return page(shown, form, **variables), 422


def answer_to(shown: Model, form: forms.ModelForm, row: Row, **variables: Any) -> tuple[str, int]:
    """Return the page that answers a row, and its status.

    Args:
        form: with the row.
        variables: of the template.
    """
    try:
        prediction = shown.predict([row])[0]
    except RefusedRows as error:
        logs.exception("the model refused a row", error)
        return refusal(shown, form, refused=gettext(REFUSED_ROW), **variables)
    written = forms.as_entered(shown, row, form)
    parts: dict[str, Any] = {
        "answer": answer_of(shown.contract, prediction),
        "interval": interval_of(shown.contract.predicts, prediction),
        "further": further_answers(shown.contract, prediction),
        "warnings": (warnings := shown.validator.warnings([row])[0]),
        "readings": forms.read_back(shown, row, form),
        "what_if": _unless_it_fails("the what-if curves", what_if, shown, row, prediction),
        **_reasons(shown, row, prediction, form),
        "entered": entered(shown.contract, row),
        "document": as_json(shown, row, prediction, warnings),
        "today": datetime.now(UTC),
        "link": links.answer_address(shown, written),
        "compares": links.comparison_address(shown, written, written),
    }
    return page(shown, form, **parts, **variables), 200


def page(shown: Model, form: forms.ModelForm, template: str = "model.html", **variables: Any) -> str:
    """Return a page with a model's form, on which more may stand: variables of its template."""
    forms.shorten_options(form)
    inputs = forms.inputs_of(form)
    variables.setdefault("address", partial(url_for, "pages.model", name=shown.name))
    return render_template(
        template,
        model=shown,
        contract=shown.contract,
        form=form,
        inputs=inputs,
        change=CHANGE,
        examples=examples_of(shown.contract),
        groups=groups(shown, inputs, variables.get("warnings", ())),
        is_long=len(inputs) > forms.MANY,
        table_form=forms.TableForm(formdata=None, meta={"csrf": form.meta.csrf}),
        columns=_columns(shown),
        engine=NAMES[shown.manifest.engine],
        equivalence=shown.manifest.proof,
        metrics=metrics,
        **variables,
    )


@blueprint.post("/models/<name>/table")
def table(name: str) -> Response | tuple[str, int]:
    """Return a table with its predictions, or the page that says how it was read and what it came to."""
    shown = request_data.model_named(name)
    forms.check_size(request_data.limits_for(shown, 1), table_bytes=current_app.config["MAX_CONTENT_LENGTH"])
    name_of_held = request.form.get("held", "")
    form, empty = forms.HeldForm() if name_of_held else forms.TableForm(), forms.form_of(shown, formdata=None)
    if not form.validate():
        expired = bool(form.csrf_token.errors)
        table_error = "" if expired else gettext(N_("Choose a table file (CSV or xlsx)."))
        return page(shown, empty, expired=expired, table_error=table_error), 400 if expired else 422
    if (file := held.fetched(name_of_held) if name_of_held else _spooled(form.table.data)) is None:
        return page(shown, empty, table_error=gettext(N_("The table isn't held any more: choose it again."))), 422
    try:
        uploaded = Table(shown, file, current_app.config["MAX_COLUMNS"])
    except BadTable as error:
        file.close()
        return page(shown, empty, table_error=str(error.fault)), 422
    if "check" in request.form:
        with closing(uploaded):
            parts: dict[str, Any] = {"held": held.hold(file), "minutes": held.MINUTES, "summary": summary(uploaded)}
            return page(shown, empty, **parts), 200
    return _download(shown, uploaded)


def _download(shown: Model, uploaded: Table) -> Response:
    response = Response(stream_with_context(uploaded.predicted()), content_type=uploaded.answer.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{shown.name}.{uploaded.answer.suffix}"'
    response.call_on_close(uploaded.close)
    return response


@blueprint.get("/models/<name>/table.csv")
def table_template(name: str) -> Response:
    """Return a table to fill in: its columns, and a row with their examples."""
    shown = request_data.model_named(name)
    response = Response(template(shown.contract, current()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{shown.name}-template.csv"'
    return response


@blueprint.get("/language/<code>")
def language(code: str) -> Any:
    """Switch the language, and return to where the visitor was."""
    if code not in LANGUAGES:
        raise HttpError(404, N_("There is no page at this address."))
    response = redirect(_own_path(request.args.get("next", "")) or url_for("pages.home"), 303)
    name, is_secure = cookie_name(request), request.is_secure
    response.set_cookie(name, code, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=is_secure)
    return response


@blueprint.get("/api/docs")
def docs() -> str:
    """Show the API's document, where each request can be tried out."""
    return render_template("docs.html")


def _columns(shown: Model) -> dict[str, list[str]]:
    """Return what the page says of a table's columns: heading → names."""
    required = shown.validator.required
    optional = [field.name for field in shown.contract.fields if not field.is_required]
    return {gettext(N_("It needs these columns:")): required, gettext(N_("It may also have:")): optional}


def _spooled(upload: FileStorage) -> IO[bytes]:
    """Return an upload's bytes as a file that outlives the request: Flask closes its own before a response streams."""
    file = default_stream_factory(request.content_length, None, None)
    upload.save(file)
    file.seek(0)
    return file


def _reasons(shown: Model, row: Row, prediction: Prediction, form: forms.ModelForm) -> dict[str, Any]:
    """Return what moved the answer and what could still move it; or that a click shows it, where that takes long."""
    if not is_quick(shown, row) and not (is_offered(shown, row) and "explanation" in request.args):
        return {"is_explainable": is_offered(shown, row)}
    blank = [place for place, entry in enumerate(forms.inputs_of(form)) if not (entry.data or "").strip()]
    places = sorted({*blank, *(place for place, value in enumerate(row) if value is None)})
    return {
        "explanation": _unless_it_fails("the explanation", explanation, shown, row, prediction),
        "unknowns": _unless_it_fails("what is unknown", unknowns, shown, row, prediction, places),
    }


def _unless_it_fails(what: str, part: Callable[..., Any], *arguments: Any) -> Any:
    """Return a part of an answer's page; none where it fails, since the prediction is good without it."""
    try:
        return part(*arguments)
    except Exception as error:
        logs.exception(f"{what} failed", error)
        return None


def _own_path(address: str) -> str:
    """Return an address if it is on this site, else nothing: a link must not lead visitors elsewhere."""
    is_own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_own else ""
