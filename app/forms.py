"""A model's form, made of its contract: types and ranges are the contract's, and are checked by it."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import TextInput

from app import request_data
from app.contract import Contract
from app.faults import InvalidInput
from app.fields import Field as ContractField
from app.limits import Limits
from app.model import Model
from app.values import Row, as_text

MULTIPART = "multipart/form-data"
INPUT = "field-"
"""The ids of a form's inputs begin with it."""


class ModelForm(FlaskForm):  # type: ignore[misc]
    """The form of one model; its inputs are added by `form_of`."""


class TableForm(FlaskForm):  # type: ignore[misc]
    """The form that uploads a table."""

    table = FileField(validators=[FileRequired()])


def form_of(model: Model, **arguments: Any) -> ModelForm:
    """Return a model's form, its inputs in the contract's order.

    Args:
        arguments: of the form, e.g. ``data``.
    """
    inputs = {f"input_{place}": _input(field, place) for place, field in enumerate(model.contract.fields)}
    form_class: type[ModelForm] = type("Form", (ModelForm,), inputs)
    return form_class(**arguments)


def check_size(limits: Limits, table_bytes: int = 0) -> None:
    """Check a form that was sent before it is read: how long it is, and how many fields it has.

    Args:
        table_bytes: of a table that it may upload.

    Raises:
        RequestEntityTooLarge: 413.
    """
    is_multipart = request.mimetype == MULTIPART
    request.max_content_length = max(limits.form_bytes, table_bytes) if is_multipart else limits.form_bytes
    request.max_form_memory_size, request.max_form_parts = limits.form_bytes, limits.form_fields
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge
    if not is_multipart and request.get_data().count(b"&") >= limits.form_fields:  # Werkzeug doesn't count these
        raise RequestEntityTooLarge


def inputs_of(form: ModelForm) -> list[Field]:
    """Return the form's inputs, in the contract's order."""
    return [field for field in form if field.id.startswith(INPUT)]


def example_of(contract: Contract) -> dict[str, str]:
    """Return the contract's example as the form's data: input → text."""
    return {f"input_{place}": as_text(field.example) for place, field in enumerate(contract.fields)}


def read_row(model: Model, form: ModelForm, form_data: Any) -> Row | None:
    """Return the row of a form; None, with the errors set on their inputs, where the contract refuses it.

    Args:
        form_data: the request's.
    """
    inputs = {field.name: field for field in inputs_of(form)}
    values = form_data.copy()
    values.poplist("csrf_token")
    try:
        return model.validator.text(request_data.single_values(values))
    except InvalidInput as refusal:
        form.unknown = {name: str(fault) for name, fault in refusal.faults.items() if name not in inputs}
        for name, fault in refusal.faults.items():
            if name in inputs:
                inputs[name].errors = [str(fault)]
        return None


def _input(field: ContractField, place: int) -> Any:
    widget = field.widget()
    required = {"required": True} if field.is_required else {}
    properties = {
        "name": field.name,
        "id": f"{INPUT}{place}",
        "label": field.heading(),
        "description": field.hint(),
        "default": None if field.default is None else as_text(field.default),
        "render_kw": {**required, **widget.attributes},
    }
    choices = [SelectChoice(value, label) for value, label in widget.choices.items()]
    if widget.shape == "list":
        return SelectField(choices=choices, validate_choice=False, **properties)
    if widget.shape == "buttons":
        return RadioField(choices=choices, validate_choice=False, **properties)
    if widget.shape == "lines":
        return TextAreaField(**properties)
    return StringField(widget=TextInput(widget.input_type), **properties)
