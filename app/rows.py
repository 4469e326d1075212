"""What programs send, as rows for a model."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import orjson
from flask import current_app, g, request
from werkzeug.datastructures import MultiDict

from app.check import Fault, InvalidInput, Value
from app.errors import Failure, InvalidRows, Problem, problems_of
from app.languages import N_
from app.model import Model

TWICE = N_("is given twice")


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


def document() -> Any:
    """Return the request's JSON. A body that doesn't say what it is counts as JSON: Triton's client sends such.

    Raises:
        Failure: 415 something else, 400 malformed.
    """
    if request.mimetype and not request.is_json:
        raise Failure(415, N_("Send JSON, with the header Content-Type: application/json."))
    return parsed(request.get_data())


def parsed(data: bytes) -> Any:
    """Return what JSON says.

    Raises:
        Failure: 400: malformed, with NaN, or with half of a surrogate pair, which is no text.
    """
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(data)
    try:  # once more, for what the fast reader doesn't take: a number beyond all floats gets its field's sentence
        found = json.loads(data, parse_constant=_refuse_constant)
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except (ValueError, RecursionError):
        raise Failure(400, N_("The body is not well-formed JSON.")) from None


def json_object() -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        Failure: 415, 400, or 422 where it is something else.
    """
    found = document()
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


def checked(model: Model, rows: Iterable[Mapping[str, Any]], base: str = "#") -> list[list[Value]]:
    """Return rows of JSON values as the model's, all faults found.

    Raises:
        InvalidRows: the contract refuses some.
        Failure: 413 too many, 422 none.
    """
    found: list[list[Value]] = []
    problems: list[Problem] = []
    given = list(rows)
    must_be_a_few(len(given))
    for place, row in enumerate(given):
        try:
            if not isinstance(row, Mapping):
                raise Failure(422, N_("Row %(row)s is no object."), row=place)
            found.append(model.check.typed(row))
        except InvalidInput as refused:
            problems += problems_of(refused, f"{base}/{place}")
    if problems:
        raise InvalidRows(problems)
    return found


def must_be_a_few(rows: int) -> None:
    """Check the number of rows in a request.

    Raises:
        Failure: 413 too many, 422 none.
    """
    most = current_app.config["MAX_ROWS"]
    if rows > most:
        raise Failure(413, N_("These are %(rows)s rows; at most %(most)s go in one request."), rows=rows, most=most)
    if not rows:
        raise Failure(422, N_("There are no rows."))


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
