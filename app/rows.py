"""What programs send, as rows for a model."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
from flask import current_app, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.check import Strangers
from app.errors import FAULTS_SHOWN, Failure, InvalidRows, Problem, problems_of
from app.faults import Fault, InvalidInput
from app.languages import N_
from app.limits import SMALL_BYTES, Limits, ends_what_it_begins, has_too_many_values, limits_of
from app.model import Model
from app.values import Value

TWICE = N_("is given twice")
MALFORMED = N_("The body is not well-formed JSON.")
BLOCK = 256
"""Rows that are checked together, which is fast; where one is at fault each is looked at by itself, which isn't."""


def model_named(name: str) -> Model:
    """Return a model that is served, and name it in the request's log line.

    Raises:
        Failure: 404.
    """
    models: dict[str, Model] = current_app.extensions["models"]
    if name not in models:
        raise Failure(404, N_("There is no model of that name; there are: %(names)s."), names=", ".join(models))
    g.model = models[name]
    return models[name]


def default_model() -> Model:
    """Return the model for addresses that name none."""
    return model_named(current_app.extensions["default_model"])


def limits(model: Model, most_rows: int | None = None) -> Limits:
    """Return what a body may hold that asks a model for the predictions of so many rows; else of as many as may be."""
    most = current_app.config["MAX_ROWS"] if most_rows is None else most_rows
    known: dict[tuple[str, int], Limits] = current_app.extensions.setdefault("limits", {})
    if (model.name, most) not in known:
        known[model.name, most] = limits_of(model.contract, most, current_app.config["MAX_CONTENT_LENGTH"])
    return known[model.name, most]


def body(within: Limits) -> bytes:
    """Return the request's body, read only where it may be as long as it says, or, in chunks, until it is longer.

    Raises:
        Failure: 413 too long, 415 packed.
    """
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise Failure(415, N_("Send the body as it is, without Content-Encoding."))
    if (request.content_length or 0) > within.bytes:
        raise _too_long(within)
    request.max_content_length = within.bytes
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_long(within) from None


def document(within: Limits) -> Any:
    """Return the request's JSON. A body that doesn't say what it is counts as JSON: Triton's client sends such.

    Raises:
        Failure: 413 too long, 415 something else, 400 malformed.
    """
    if request.mimetype and not request.is_json:
        raise Failure(415, N_("Send JSON, with the header Content-Type: application/json."))
    return parsed(body(within), within)


def parsed(data: bytes, within: Limits) -> Any:
    """Return what JSON says.

    Raises:
        Failure: 400: malformed, with NaN, or with half of a surrogate pair, which is no text; 413 too many values.
    """
    if has_too_many_values(data, within):
        if not ends_what_it_begins(data):
            raise Failure(400, MALFORMED)
        raise Failure(413, N_("The JSON has too many values for this model (most rows: %(rows)s)."), rows=within.rows)
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(data)
    if len(data) > SMALL_BYTES:
        raise Failure(400, N_("The body is not well-formed JSON, or has a number beyond all floats."))
    try:  # once more, for what the fast reader doesn't take: a number beyond all floats gets its field's sentence
        found = json.loads(data, parse_constant=_refuse_constant)
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except (ValueError, RecursionError):
        raise Failure(400, MALFORMED) from None


def json_object(within: Limits) -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        Failure: 413, 415, 400, or 422 where it is something else.
    """
    found = document(within)
    if not isinstance(found, dict):
        raise Failure(422, N_('The body must be a JSON object: {"field": value, …}.'))
    return found


def once(given: MultiDict[str, str]) -> dict[str, str]:
    """Return a form's or an address's values.

    Raises:
        InvalidInput: a name is given twice.
    """
    twice = [name for name, values in given.lists() if len(values) > 1]
    if twice:
        raise InvalidInput({name: Fault(TWICE) for name in twice[:10]})
    return given.to_dict()


def checked(model: Model, rows: Sequence[Any], base: str = "#") -> list[list[Value]]:
    """Return rows of JSON values as the model's, found at fault or not until there are as many faults as are shown.

    Raises:
        InvalidRows: the contract refuses some.
        Failure: 413 too many, 422 none.
    """
    must_be_a_few(len(rows))
    found: list[list[Value]] = []
    problems: list[Problem] = []
    strangers = model.check.strangers()
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        if (good := model.check.typed_rows(block)) is not None:
            found += good
        else:
            problems += _problems(model, block, start, base, strangers)
        if len(problems) >= FAULTS_SHOWN:
            break
    if problems:
        raise InvalidRows(problems)
    return found


def _problems(model: Model, block: Sequence[Any], start: int, base: str, strangers: Strangers) -> list[Problem]:
    problems: list[Problem] = []
    for place, row in enumerate(block, start):
        if not isinstance(row, Mapping):
            raise Failure(422, N_("Row %(row)s is no object."), row=place)
        try:
            model.check.typed(row, strangers)
        except InvalidInput as refused:
            problems += problems_of(refused, f"{base}/{place}")
        if len(problems) >= FAULTS_SHOWN:
            break
    return problems


def must_be_a_few(rows: int, most: int | None = None) -> None:
    """Check the number of rows in a request: at most so many, or as many as any may have.

    Raises:
        Failure: 413 too many, 422 none.
    """
    most = current_app.config["MAX_ROWS"] if most is None else most
    if rows > most:
        raise Failure(413, N_("These are %(rows)s rows; at most %(most)s go in one request."), rows=rows, most=most)
    if not rows:
        raise Failure(422, N_("There are no rows."))


def _too_long(within: Limits) -> Failure:
    return Failure(413, N_("The body is too long for this model: at most %(most)s bytes (most rows: %(rows)s)."),
                   rows=within.rows, most=within.bytes)  # fmt: skip


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
