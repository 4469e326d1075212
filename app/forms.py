"""A model's form, made of its contract: types and ranges are the contract's, and are checked by it."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import NumberInput

from app import rows
from app.check import InvalidInput, Value
from app.contract import CategoryField, Contract, IntegerField, NumberField, TextField, YesNoField, as_text
from app.languages import N_, current, gettext, number
from app.limits import Limits
from app.model import Model

MULTIPART = "multipart/form-data"
INPUT = "field-"
"""What the ids of a form's inputs begin with."""

LONG_TEXT = 100
"""From so many characters on a text gets room for more than a line."""


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


def read(model: Model, form: ModelForm, typed: Any) -> list[Value] | None:
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


def _input(field: Any, place: int) -> Any:
    label = field.label[current()] + (f" ({field.unit[current()]})" if getattr(field, "unit", None) else "")
    kind, more = _KINDS[type(field)](field)
    default = getattr(field, "default", None)
    given = {
        "name": field.name, "id": f"{INPUT}{place}", "label": label, "description": _help(field),
        "default": None if default is None else as_text(default),
        "render_kw": {"required": True} if not field.missing and default is None else {},
    }  # fmt: skip
    given["render_kw"] |= more.pop("render_kw", {})
    return kind(**given | more)


def _help(field: Any) -> str:
    words = [field.help[current()]] if field.help else []
    if isinstance(field, NumberField | IntegerField):
        words += [sentence] if (sentence := _range(field)) else []
        words.append(gettext(N_("For example %(example)s."), example=number(field.example)))
    if field.missing:
        words.append(gettext(N_("Leave it empty if you don't know.")))
    return " ".join(words)


def _range(field: NumberField | IntegerField) -> str:
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return gettext(N_("From %(low)s to %(high)s."), low=number(low), high=number(high))
    if low is not None:
        return gettext(N_("At least %(low)s."), low=number(low))
    return gettext(N_("At most %(high)s."), high=number(high)) if high is not None else ""


def _number(field: NumberField | IntegerField) -> tuple[Any, dict[str, Any]]:
    whole = isinstance(field, IntegerField)
    limits = {"min": field.minimum, "max": field.maximum, "step": 1 if whole else "any",
              "inputmode": "numeric" if whole else "decimal"}  # fmt: skip
    shown = {name: as_text(value) for name, value in limits.items() if value is not None}
    return StringField, {"widget": NumberInput(), "render_kw": shown}


def _category(field: CategoryField) -> tuple[Any, dict[str, Any]]:
    choices = [SelectChoice(as_text(choice.value), choice.label[current()]) for choice in field.choices]
    return SelectField, {"choices": [SelectChoice("", gettext(N_("Choose…"))), *choices], "validate_choice": False}


def _yes_no(field: YesNoField) -> tuple[Any, dict[str, Any]]:
    choices = [SelectChoice("true", gettext(N_("Yes"))), SelectChoice("false", gettext(N_("No")))]
    choices += [SelectChoice("", gettext(N_("I don't know")))] if field.missing else []
    return RadioField, {"choices": choices, "validate_choice": False}


def _text(field: TextField) -> tuple[Any, dict[str, Any]]:
    kind = TextAreaField if field.maximum_characters > LONG_TEXT else StringField
    return kind, {"render_kw": {"maxlength": field.maximum_characters}}


_KINDS: dict[type, Any] = {NumberField: _number, IntegerField: _number, CategoryField: _category,
                           YesNoField: _yes_no, TextField: _text}  # fmt: skip
