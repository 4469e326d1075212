"""A model's form, made of its contract: types and ranges are the contract's, and are checked by it.

Texts are read as the page writes them: ``2.536`` on a Spanish page is two thousand, whatever the browser's language.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import TextInput

from app import links, request_data
from app.contract import Contract
from app.faults import InvalidInput
from app.fields import Field as ContractField
from app.fields.properties import CHANGE
from app.languages import current
from app.limits import Limits
from app.model import Model
from app.numerals import MARK_OF
from app.values import Row

MULTIPART = "multipart/form-data"
INPUT = "field-"
"""The ids of a form's inputs begin with it."""

PLACE_DIGITS = 7
"""Of a field's place in a contract, fewer."""

MANY = 12
"""Of more fields, a form folds those that may stay empty, unless they move the answer most."""

OPTIONS_CHARACTERS = 150_000
"""Of the choices that a page brings to be searched: the others can be typed too."""

PIECE_BYTES = 1 << 17
"""Of a file that is uploaded, Werkzeug reads half as many at once."""


class ModelForm(FlaskForm):  # type: ignore[misc]
    """The form of one model; its inputs are added by `form_of`.

    Attributes:
        sent: what was entered: input → texts.
    """

    sent: MultiDict[str, str]


class LineInput(StringField):  # type: ignore[misc]
    """An input of one line.

    Args:
        unit: what stands behind it.
        options: that the browser searches for what is typed.
    """

    def __init__(self, *arguments: Any, unit: str, options: Sequence[str] = (), **properties: Any) -> None:
        super().__init__(*arguments, **properties)
        self.unit, self.options = unit, options


class TableForm(FlaskForm):  # type: ignore[misc]
    """The form that uploads a table."""

    table = FileField(validators=[FileRequired()])


class HeldForm(FlaskForm):  # type: ignore[misc]
    """The form that fetches the answer to a table that was checked."""


def form_of(model: Model, **arguments: Any) -> ModelForm:
    """Return a model's form, its inputs in the contract's order.

    Args:
        arguments: of the form, e.g. ``data``.
    """
    fields = model.contract.fields
    is_long = len(fields) > MANY
    inputs = {f"input_{place}": _input(field, place, is_long) for place, field in enumerate(fields)}
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
    # Werkzeug counts a piece of a file among what the form's own texts may take.
    request.max_form_memory_size = max(limits.form_bytes, PIECE_BYTES) if table_bytes else limits.form_bytes
    request.max_form_parts = limits.form_fields
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge
    if not is_multipart and request.get_data().count(b"&") >= limits.form_fields:  # Werkzeug doesn't count these
        raise RequestEntityTooLarge


def submitted(model: Model, **arguments: Any) -> ModelForm:
    """Return a model's form as it was sent; where a click has changed a field, with that.

    Args:
        arguments: of the form.
    """
    sent, fields = request.form.copy(), model.contract.fields
    place, _, text = sent.pop(CHANGE, "").partition(":")
    if place.isdecimal() and len(place) < PLACE_DIGITS and int(place) < len(fields):
        name = fields[int(place)].name
        sent.poplist(name.replace("\n", "\r\n"))
        sent[name] = text
    form = form_of(model, formdata=sent, **arguments)
    form.sent = sent
    return form


def inputs_of(form: ModelForm) -> list[Field]:
    """Return the form's inputs, in the contract's order."""
    return [field for field in form if field.id.startswith(INPUT)]


def entries_of(contract: Contract, row: Row) -> dict[str, str]:
    """Return a row as the form's data: input → text."""
    entries = zip(contract.fields, row, strict=True)
    return {
        f"input_{place}": "" if value is None else field.entry(value) for place, (field, value) in enumerate(entries)
    }


def read_row(model: Model, form: ModelForm) -> Row | None:
    """Return the row of a form that was sent; None, with the errors set on their inputs, where it is refused."""
    inputs = {field.name: field for field in inputs_of(form)}
    marks = dict.fromkeys(inputs, MARK_OF[current()])
    values = form.sent.copy()
    values.poplist("csrf_token")
    try:
        names = {name.replace("\n", "\r\n"): name for name in inputs}  # as browsers send them
        entries = {names.get(name, name): value for name, value in request_data.single_values(values).items()}
        for field in model.contract.fields:
            if field.name in entries:
                entries[field.name] = field.from_entry(entries[field.name])
        return model.validator.text(entries, marks)
    except InvalidInput as refusal:
        show_faults(form, refusal)
        return None


def show_faults(form: ModelForm, refusal: InvalidInput) -> None:
    """Have a form show why its row is refused, each fault beside its input."""
    inputs = {field.name: field for field in inputs_of(form)}
    form.unknown = {name: str(fault) for name, fault in refusal.faults.items() if name not in inputs}
    for name, fault in refusal.faults.items():
        if name in inputs:
            inputs[name].errors = [str(fault)]


def read_back(model: Model, row: Row, form: ModelForm) -> list[tuple[str, str]]:
    """Return what was read otherwise than the page writes it: labels and values."""
    entries = zip(model.contract.fields, row, inputs_of(form), strict=True)
    readings = [(field.label[current()], field.read_back(entry.data or "", value)) for field, value, entry in entries]
    return [(label, reading) for label, reading in readings if reading]


def as_entered(model: Model, row: Row, form: ModelForm) -> Row:
    """Return a form's row without the defaults of the inputs that were left blank."""
    return links.as_entered(model, row, [entry.data or "" for entry in inputs_of(form)])


def shorten_options(form: ModelForm) -> None:
    """Leave out, of the choices that are searched, those that would make the page long."""
    searched = [field for field in inputs_of(form) if getattr(field, "options", ())]
    for field in searched:
        field.options = [*_first(field.options, OPTIONS_CHARACTERS // len(searched))]


def _first(texts: Iterable[str], characters: int) -> Iterator[str]:
    for text in texts:
        characters -= len(text) + len("<option>")
        if characters < 0:
            return
        yield text


def _input(field: ContractField, place: int, is_one_of_many: bool) -> Any:
    widget = field.widget()
    required = {"required": True} if field.is_required else {}
    properties: dict[str, Any] = {
        "name": field.name,
        "id": f"{INPUT}{place}",
        "label": field.label[current()],
        "description": field.hint(is_one_of_many),
        "default": None if field.default is None else field.entry(field.default),
        "render_kw": {**required, **widget.attributes},
    }
    if widget.shape == "search":
        properties["render_kw"] |= {"list": f"{INPUT}{place}-choices", "autocomplete": "off"}
        return LineInput(unit="", options=[*widget.choices.values()], **properties)
    choices = [SelectChoice(value, label) for value, label in widget.choices.items()]
    if widget.shape == "list":
        return SelectField(choices=choices, validate_choice=False, **properties)
    if widget.shape == "buttons":
        return RadioField(choices=choices, validate_choice=False, **properties)
    if widget.shape == "lines":
        return TextAreaField(**properties)
    return LineInput(unit=widget.unit, widget=TextInput(widget.input_type), **properties)
