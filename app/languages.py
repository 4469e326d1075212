"""Spanish and English: which of them a request gets, and how each writes numbers and dates."""

from datetime import datetime
from decimal import Decimal

from flask import Flask, g, has_request_context, request
from flask_babel import Babel, format_date, format_datetime, format_decimal
from flask_babel import gettext as _gettext
from werkzeug.wrappers import Request

from app.texts import LANGUAGES

COOKIE = "language"
DATE = len("2026-11-26")


def register(app: Flask) -> None:
    """Give an application its languages."""
    Babel(app, locale_selector=current)
    app.jinja_env.policies["json.dumps_kwargs"] = {}  # a row's fields stay in the contract's order
    app.jinja_env.globals.update(language=current, LANGUAGES=LANGUAGES, number=number)


def current() -> str:
    """Return the language of this request: a key of `app.texts.Texts`."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        g.language = language_of(request)
    return str(g.language)


def language_of(request: Request) -> str:
    """Return the language that the visitor switched to, else the one that the client prefers."""
    cookie = request.cookies.get(COOKIE, "")
    if cookie in LANGUAGES:
        return cookie
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def gettext(message: str, **values: object) -> str:
    """Return a sentence in the language of this request; outside of one, in English."""
    if has_request_context():
        return str(_gettext(message, **values))
    return message % values


def N_(message: str) -> str:
    """Mark a sentence for translation where it is written, not where it is shown."""
    return message


def moment(text: str) -> str:
    """Return a date, or a date with a time of day, both in ISO 8601, as this language's readers write it."""
    if not has_request_context():
        return text
    value = datetime.fromisoformat(text)
    return str(format_datetime(value, rebase=False) if len(text) > DATE else format_date(value, rebase=False))


def number(value: float) -> str:
    """Return a number as this language's readers write it, to five digits."""
    if not has_request_context():
        return f"{value:g}"
    return str(format_decimal(Decimal(f"{value:.5g}"), "#,##0.##########"))
