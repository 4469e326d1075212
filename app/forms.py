"""A model's form, made of its contract: types and ranges are the contract's, and are checked by it."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import TextInput

from app import rows
from app.contract import Contract
from app.faults import InvalidInput
from app.fields import Field as ContractField
from app.limits import Limits
from app.model import Model
from app.values import Row, as_text

MULTIPART = "multipart/form-data"
INPUT = "field-"
"""What the ids of a form's inputs begin with."""


class ModelForm(FlaskForm):  # type: ignore[misc]
    """The form of one model; its inputs are added by `form_of`."""


class TableForm(FlaskForm):  # type: ignore[misc]
    """The form that uploads a table."""

    table = FileField(validators=[FileRequired()])


def form_of(model: Model, **given: Any) -> ModelForm:
    """Return a model's form, its inputs in the contract's order.

    Args:
        given: more for the form, e.g. ``data``.
    """
    inputs = {f"input_{place}": _input(field, place) for place, field in enumerate(model.contract.fields)}
    made: type[ModelForm] = type("Form", (ModelForm,), inputs)
    return made(**given)


def must_be_short(within: Limits, table_bytes: int = 0) -> None:
    """Check a form that was sent before it is read: how long it is, and of how many fields.

    Args:
        table_bytes: of a table that it may bring.

    Raises:
        RequestEntityTooLarge: 413.
    """
    is_multipart = request.mimetype == MULTIPART
    request.max_content_length = max(within.form_bytes, table_bytes) if is_multipart else within.form_bytes
    request.max_form_memory_size, request.max_form_parts = within.form_bytes, within.form_fields
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge
    if not is_multipart and request.get_data().count(b"&") >= within.form_fields:  # Werkzeug doesn't count these
        raise RequestEntityTooLarge


def inputs_of(form: ModelForm) -> list[Field]:
    """Return the form's inputs, in the contract's order."""
    return [field for field in form if field.id.startswith(INPUT)]


def example_of(contract: Contract) -> dict[str, str]:
    """Return what the form holds once the example has been put into it: input → text."""
    return {f"input_{place}": as_text(field.example) for place, field in enumerate(contract.fields)}


def read(model: Model, form: ModelForm, typed: Any) -> Row | None:
    """Return the row that was typed; None, with the errors beside their inputs, where the contract refuses it.

    Args:
        typed: the request's form.
    """
    inputs = {field.name: field for field in inputs_of(form)}
    given = typed.copy()
    given.poplist("csrf_token")
    try:
        return model.check.text(rows.once(given))
    except InvalidInput as refused:
        form.unknown = {name: str(fault) for name, fault in refused.faults.items() if name not in inputs}
        for name, fault in refused.faults.items():
            if name in inputs:
                inputs[name].errors = [str(fault)]
        return None


def _input(field: ContractField, place: int) -> Any:
    widget = field.widget()
    required = {"required": True} if field.is_required else {}
    properties = {
        "name": field.name, "id": f"{INPUT}{place}", "label": field.heading(), "description": field.hint(),
        "default": None if field.default is None else as_text(field.default),
        "render_kw": {**required, **widget.attributes},
    }  # fmt: skip
    choices = [SelectChoice(value, label) for value, label in widget.choices.items()]
    if widget.shape == "list":
        return SelectField(choices=choices, validate_choice=False, **properties)
    if widget.shape == "buttons":
        return RadioField(choices=choices, validate_choice=False, **properties)
    if widget.shape == "lines":
        return TextAreaField(**properties)
    return StringField(widget=TextInput(widget.input_type), **properties)
