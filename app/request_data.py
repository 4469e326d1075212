"""What programs send, as rows for a model."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import current_app, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.errors import ERRORS_SHOWN, FieldError, HttpError, InvalidRows, field_errors
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext
from app.limits import SMALL_BYTES, Limits, has_too_many_values, is_balanced, limits_of
from app.model import Model
from app.unknown_names import UnknownNames
from app.values import Value

TWICE = N_("appears twice")
MALFORMED = N_("The body is not well-formed JSON.")
NOT_A_NUMBER = re.compile(r"(nan|inf(inity)?)\b", re.IGNORECASE)
"""What some programs write for a number that is none, or for a missing one; orjson points behind its sign."""

BLOCK = 256
"""Rows that are checked together, which is fast; where one is at fault, each is checked by itself, which isn't."""


def model_named(name: str) -> Model:
    """Return a model that is served, and name it in the request's log line.

    Raises:
        HttpError: 404.
    """
    models: dict[str, Model] = current_app.extensions["models"]
    if name not in models:
        raise HttpError(
            404, N_("There is no model with that name; the models are: %(names)s."), names=", ".join(models)
        )
    g.model = models[name]
    return models[name]


def default_model() -> Model:
    """Return the model for addresses that don't name one."""
    return model_named(current_app.extensions["default_model"])


def limits_for(model: Model, max_rows: int | None = None) -> Limits:
    """Return what a body for a model may hold: with so many rows, or as many as any request may have."""
    rows = current_app.config["MAX_ROWS"] if max_rows is None else max_rows
    cache: dict[tuple[str, int], Limits] = current_app.extensions.setdefault("limits", {})
    if (model.name, rows) not in cache:
        cache[model.name, rows] = limits_of(model.contract, rows, current_app.config["MAX_CONTENT_LENGTH"])
    return cache[model.name, rows]


def body(limits: Limits) -> bytes:
    """Return the request's body, read only where its length is allowed, or, in chunks, until it becomes too long.

    Raises:
        HttpError: 413 too long, 415 compressed.
    """
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise HttpError(415, N_("Send the body uncompressed, without Content-Encoding."))
    if (request.content_length or 0) > limits.bytes:
        raise _too_long(limits)
    request.max_content_length = limits.bytes
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_long(limits) from None


def json_body(limits: Limits) -> Any:
    """Return the request's JSON. A body without a Content-Type counts as JSON: Triton's client sends such.

    Raises:
        HttpError: 413 too long, 415 something else, 400 malformed.
    """
    if request.mimetype and not request.is_json:
        raise HttpError(415, N_("Send JSON, with the header Content-Type: application/json."))
    return parse_json(body(limits), limits)


def parse_json(data: bytes, limits: Limits) -> Any:
    """Return what JSON holds.

    Raises:
        HttpError: 400 malformed, with NaN or infinity, or with half of a surrogate pair, which is no text; 413 too
            many values.
    """
    if has_too_many_values(data, limits):
        if not is_balanced(data):
            raise HttpError(400, MALFORMED)
        raise HttpError(
            413, N_("The JSON has too many values for this model (maximum rows: %(rows)s)."), rows=limits.rows
        )
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if name := NOT_A_NUMBER.match(error.doc, error.pos):
            raise _not_json(name[0]) from None
    if len(data) > SMALL_BYTES:
        raise HttpError(400, N_("The body is not well-formed JSON, or contains a number too large for a float."))
    try:  # orjson refuses a number too large for a float: read by json, it gets its field's sentence
        document = json.loads(data, parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False).encode()
        return document
    except (ValueError, RecursionError):
        raise HttpError(400, MALFORMED) from None


def json_object(limits: Limits) -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        HttpError: 413, 415, 400, or 422 where it is something else.
    """
    document = json_body(limits)
    if not isinstance(document, dict):
        raise HttpError(422, N_('The body must be a JSON object: {"field": value, …}.'))
    return document


def single_values(pairs: MultiDict[str, str]) -> dict[str, str]:
    """Return a form's or an address's values.

    Raises:
        InvalidInput: a name appears twice.
    """
    repeated = [name for name, values in pairs.lists() if len(values) > 1]
    if repeated:
        raise InvalidInput({name: Fault(TWICE) for name in repeated[:10]})
    return pairs.to_dict()


def validated_rows(model: Model, rows: Sequence[Any], base: str = "#") -> list[list[Value]]:
    """Return rows of JSON values as the model's; validated until there are as many errors as are shown.

    Raises:
        InvalidRows: the contract refuses some.
        HttpError: 413 too many, 422 none.
    """
    check_row_count(len(rows))
    valid: list[list[Value]] = []
    errors: list[FieldError] = []
    unknown_names = model.validator.unknown_names()
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        if (block_rows := model.validator.typed_rows(block)) is not None:
            valid += block_rows
        else:
            errors += _block_errors(model, block, start, base, unknown_names)
        if len(errors) >= ERRORS_SHOWN:
            break
    if errors:
        raise InvalidRows(errors)
    return valid


def _block_errors(
    model: Model, block: Sequence[Any], start: int, base: str, unknown_names: UnknownNames
) -> list[FieldError]:
    errors: list[FieldError] = []
    for place, row in enumerate(block, start):
        if not isinstance(row, Mapping):
            raise HttpError(422, N_("Row %(row)s is not an object."), row=place)
        try:
            model.validator.typed(row, unknown_names)
        except InvalidInput as refusal:
            errors += field_errors(refusal, f"{base}/{place}", gettext(N_("row %(row)s"), row=place))
        if len(errors) >= ERRORS_SHOWN:
            break
    return errors


def check_row_count(rows: int, most: int | None = None) -> None:
    """Check the number of rows in a request: at most so many, or as many as any may have.

    Raises:
        HttpError: 413 too many, 422 none.
    """
    most = current_app.config["MAX_ROWS"] if most is None else most
    if rows > most:
        raise HttpError(413, N_("The request has %(rows)s rows; at most %(most)s are allowed."), rows=rows, most=most)
    if not rows:
        raise HttpError(422, N_("The request has no rows."))


def _too_long(limits: Limits) -> HttpError:
    message = N_("The body is too long for this model: at most %(most)s bytes (maximum rows: %(rows)s).")
    return HttpError(413, message, rows=limits.rows, most=limits.bytes)


def _refuse_constant(name: str) -> Any:
    raise _not_json(name)


def _not_json(name: str) -> HttpError:
    return HttpError(400, N_("%(name)s isn't JSON: write null."), name=name.lstrip("-"))
