"""The address that holds an answer: every field as programs write it, so that it is read alike in each language.

A comparison's address holds two rows: a field that differs is in it twice, first as the one has it.
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from flask import request, url_for

from app import numerals, request_data
from app.errors import HttpError
from app.faults import Fault, InvalidInput, Refused
from app.fields import Field
from app.languages import N_
from app.model import Model
from app.values import Row, Value, as_text

ADDRESS_BYTES = 4000
"""Of an address that holds an answer. Nginx and Gunicorn take twice that, as a change of language needs."""


class RefusedLink(ValueError):
    """An address whose row is refused.

    Attributes:
        texts: of the row: field → text.
        reason: why.
    """

    def __init__(self, texts: dict[str, str], reason: InvalidInput) -> None:
        super().__init__(str(reason))
        self.texts, self.reason = texts, reason


def answer_address(model: Model, row: Row) -> str:
    """Return the address that holds a row and its answer; nothing where the contract or its length forbids it."""
    return _address(model, "links.answer", [[value] for value in row])


def comparison_address(model: Model, first: Row, second: Row) -> str:
    """Return the address that holds two rows and their answers; nothing where it can't."""
    pairs = zip(first, second, strict=True)
    return _address(model, "links.comparison", [[one] if one == other else [one, other] for one, other in pairs])


def rows(model: Model, most: int = 1) -> list[Row]:
    """Return the rows that the request's address holds, one or two.

    Raises:
        HttpError: 414.
        RefusedLink: the contract refuses one, or a field appears more often.
    """
    if len(request.query_string) > ADDRESS_BYTES:
        raise HttpError(414, N_("This address is longer than this site accepts."))
    texts = _texts(most)
    repeated = [name for name, values in request.args.lists() if len(values) > most]
    if repeated:
        raise RefusedLink(texts[-1], InvalidInput({name: Fault(request_data.TWICE) for name in repeated[:10]}))
    return [_row(model, own) for own in texts]


def as_entered(model: Model, row: Row, texts: Sequence[str | None]) -> Row:
    """Return a row without the defaults of the fields that were left blank, so that its address leaves them blank too.

    Args:
        texts: that were entered, in the fields' order; None where there is none, which isn't blank.
    """
    fields = zip(model.contract.fields, row, texts, strict=True)
    return [
        None if text is not None and not text.strip() and value == field.default else value
        for field, value, text in fields
    ]


def written(model: Model, read: Sequence[Row]) -> list[Row]:
    """Return the rows that `rows` read as the request's address writes them: blank where it leaves a field blank."""
    return [
        as_entered(model, row, [texts.get(field.name) for field in model.contract.fields])
        for row, texts in zip(read, _texts(len(read)), strict=True)
    ]


def entries(fields: Sequence[Field], texts: dict[str, str]) -> dict[str, str]:
    """Return texts of a refused row as the form's inputs hold them, in the language of the request: input → text."""
    return {f"input_{place}": _entry(field, texts.get(field.name, "")) for place, field in enumerate(fields)}


def _texts(most: int) -> list[dict[str, str]]:
    """Return so many rows of the request's address: field → text."""
    lists = [*request.args.lists()]
    return [{name: values[min(place, len(values) - 1)] for name, values in lists} for place in range(most)]


def _row(model: Model, texts: dict[str, str]) -> Row:
    try:
        return model.validator.text(texts, numerals.marks_of_programs(texts))
    except InvalidInput as refusal:
        raise RefusedLink(texts, refusal) from None


def _entry(field: Field, text: str) -> str:
    try:
        return field.entry(field.readers().text(text.strip(), numerals.MARKS[0])) if text.strip() else ""
    except Refused:
        return text


def _address(model: Model, endpoint: str, values: Sequence[Sequence[Value]]) -> str:
    if not model.contract.links:
        return ""
    pairs = [
        (field.name, "" if value is None else as_text(value))
        for field, own in zip(model.contract.fields, values, strict=True)
        for value in own
    ]
    path = url_for(endpoint, name=model.name, version=model.version)
    address = f"{path}?{urlencode(pairs, quote_via=quote)}"
    return address if len(address) <= ADDRESS_BYTES else ""
