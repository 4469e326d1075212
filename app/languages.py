"""Spanish and English: which of them a request gets, and how each writes numbers and dates."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import localedata
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent, format_scientific
from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from flask_babel import gettext as _gettext
from werkzeug.wrappers import Request

from app.texts import LANGUAGES, Texts
from app.values import as_text

COOKIE = "language"
SECURE_PREFIX = "__Host-"
"""Begins the names of cookies over HTTPS: browsers take such a one from this very host alone, and never over HTTP."""

DATE = len("2026-11-26")
REGION = re.compile(r"([a-z]{2})-([a-z]{2})", re.ASCII | re.IGNORECASE)
DATES = {"es": "es", "en": "en_001"}
"""Language → the locale of its dates where the reader's region isn't known: most of the world's."""

DIGITS = 5
"""What a rounded number keeps at least."""

MINUS = str.maketrans("-", "−")
"""As long as a plus, and read aloud, which a hyphen isn't; what is to be typed has the keyboard's."""

WRITTEN_OUT = range(-7, 16)
"""Powers of ten of the numbers that are written without one."""


def register(app: Flask) -> None:
    """Give an application its languages."""
    Babel(app, locale_selector=current)
    app.jinja_env.policies["json.dumps_kwargs"] = {}  # a row's fields stay in the contract's order
    app.jinja_env.globals.update(language=current, LANGUAGES=LANGUAGES, number=number, percent=percent, day=day)


def current() -> str:
    """Return the language of this request: a key of `app.texts.Texts`."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        g.language = language_of(request)
    return str(g.language)


def language_of(request: Request) -> str:
    """Return the language that the visitor switched to, else the one that the client prefers."""
    cookie = request.cookies.get(cookie_name(request), "")
    if cookie in LANGUAGES:
        return cookie
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def cookie_name(request: Request) -> str:
    """Return the name of the cookie with the language that the visitor switched to."""
    return f"{SECURE_PREFIX}{COOKIE}" if request.is_secure else COOKIE


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
    return format_datetime(value, locale=_region()) if len(text) > DATE else format_date(value, locale=_region())


def day(value: date) -> str:
    """Return a date with its month's whole name, as readers of this request's language and region write it."""
    return format_date(value, "long", locale=_region())


def _region() -> str:
    """Return the locale in which the client's region writes dates in the language of this request."""
    for tag in request.accept_languages.values() if has_request_context() else ():
        match = REGION.fullmatch(tag)
        name = f"{match[1].lower()}_{match[2].upper()}" if match else ""
        if name.startswith(f"{current()}_") and localedata.exists(name):
            return name
    return DATES[current()]


def number(value: float) -> str:
    """Return a number as this language's readers write it: whole, with decimals up to five digits in all."""
    is_long = 10 ** (DIGITS - 1) <= abs(value) < 10**WRITTEN_OUT.stop
    return _written(Decimal(f"{value:.0f}" if is_long else f"{value:.{DIGITS}g}")).translate(MINUS)


def measured(value: float, unit: Texts | None) -> str:
    """Return a number with its unit, where it has one."""
    return number(value) + (f" {unit[current()]}" if unit else "")


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, rounded to so many decimals; to tens, hundreds … where they are negative."""
    rounded = Decimal(f"{round(value, decimals):.{max(decimals, 0)}f}") + 0  # never minus zero
    if rounded and rounded.adjusted() not in WRITTEN_OUT:
        return ("+" if value > 0 else "") + number(value)
    pattern = "#,##0." + "0" * decimals if decimals > 0 else "#,##0"
    return format_decimal(rounded, f"+{pattern};-{pattern}" if rounded else pattern, current()).translate(MINUS)


def percent(share: float) -> str:
    """Return a share as a percentage, to a tenth: never 0 or 100 unless it is exactly that."""
    tenths = min(round(1000 * share), 999) if share < 1 else 1000
    nearest = max(tenths, 1) if share > 0 else 0
    return format_percent(Decimal(nearest) / 1000, locale=current(), decimal_quantization=False)


@dataclass(frozen=True)
class Numeral:
    """A number that a sentence names, to its last digit, in the language of the request in which it is read.

    Attributes:
        is_grouped: whether its thousands are.
    """

    value: float
    is_grouped: bool = True

    def __str__(self) -> str:
        return _written(Decimal(as_text(self.value)), self.is_grouped)


def _written(value: Decimal, is_grouped: bool = True) -> str:
    if value and value.adjusted() not in WRITTEN_OUT:
        return format_scientific(value, locale=current(), decimal_quantization=False)
    return format_decimal(value or 0, locale=current(), decimal_quantization=False, group_separator=is_grouped)
