"""Every error as people and programs can read it: a page, or problem+json (RFC 9457). Never a traceback."""

import secrets

from flask import Flask, Response, current_app, json, render_template, request
from werkzeug.exceptions import HTTPException

from app.contract import InvalidInput

JSON_TYPES = ("application/json", "application/problem+json")

WORDS = {
    400: ("Petición incorrecta", "No hemos entendido lo que enviaste."),
    404: ("No encontrada", "Aquí no hay ninguna página con esa dirección."),
    405: ("Método no permitido", "Esta dirección no admite ese método."),
    413: ("Demasiado grande", "Lo que enviaste supera el tamaño máximo."),
    415: ("Formato no admitido", "Envía JSON, con la cabecera Content-Type: application/json."),
    422: ("Datos no válidos", "Revisa los campos señalados."),
    500: ("Error del servidor", "Algo ha fallado aquí, no por tu culpa. Ya está anotado; inténtalo más tarde."),
}
"""Status → title and sentence."""


def register(app: Flask) -> None:
    """Have an application answer its errors in this way."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(InvalidInput, _invalid)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    title, sentence = WORDS.get(status, (error.name, error.description or error.name))
    own_words = error.description if error.description != type(error).description else None
    answer = _answer(status, title, own_words or sentence)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _invalid(error: InvalidInput) -> Response:
    title, sentence = WORDS[422]
    return _answer(422, title, sentence, errors=error.faults)


def _unforeseen(error: Exception) -> Response:
    """Log the traceback under an id that the visitor sees too."""
    number = secrets.token_hex(6)
    current_app.logger.error("request %s: %s %s failed", number, request.method, request.path, exc_info=error)
    title, sentence = WORDS[500]
    return _answer(500, title, f"{sentence} ({number})")


def _answer(status: int, title: str, detail: str, **more: object) -> Response:
    if not _is_for_a_program():
        return Response(render_template("error.html", status=status, title=title, detail=detail), status)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(problem), status, mimetype="application/problem+json")


def _is_for_a_program() -> bool:
    """By route; where there is none, by what the client would rather read: a browser's page wins a tie."""
    if request.endpoint:
        return request.blueprint == "api"
    if request.path in ("/modelo", "/health"):
        return True
    return request.accept_mimetypes.best_match(["text/html", *JSON_TYPES], "text/html") in JSON_TYPES
