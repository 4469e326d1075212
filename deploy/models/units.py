"""The unit that a column's name ends with: ``bill_length_mm``, ``Superficie (m²)``, ``weight [kg]``; only sure ones."""

import re

SYMBOLS = ("mm", "cm", "km", "mg", "kg", "ml", "m²", "m³", "km²", "cm²", "cm³", "ha", "kW", "kWh", "MHz", "GHz", "hPa",
           "kPa", "mmHg", "km/h", "mph", "°C", "°F", "€", "$", "£", "%")  # fmt: skip
SPELT = {"m2": "m²", "m3": "m³", "km2": "km²", "cm2": "cm²", "cm3": "cm³", "eur": "€", "usd": "$", "gbp": "£",
         "kmh": "km/h", "pct": "%", "celsius": "°C", "fahrenheit": "°F"}  # fmt: skip
KNOWN = {symbol.casefold(): symbol for symbol in SYMBOLS} | SPELT
"""How names write units → the units."""

WORDS = ("m", "g", "l", "h", "s", "dl", "ms", "cc", "hp", "lb", "ft", "años", "years", "días", "days", "horas", "hours")
BRACKETED = {word: word for word in WORDS} | {"w": "W", "v": "V", "cv": "CV"} | KNOWN
"""Likewise, where the name sets them apart by brackets: without, they may be another word."""

DEGREES = {"c": "°C", "f": "°F"}
TEMPERATURES = frozenset(("temp", "temperature", "temperatura"))
"""What alone has such units."""

BRACKETS = re.compile(r"(.*\S)\s+(?:\(([^()]+)\)|\[([^\[\]]+)\])", re.DOTALL)
LAST_WORD = re.compile(r"(.*[^\W_])[ _.]+([^\s_.]+)", re.DOTALL)


def split(name: str) -> tuple[str, str]:
    """Return a column's name without its unit, and the unit; the whole name and nothing where it has none for sure."""
    if match := BRACKETS.fullmatch(name):
        title, text, known = match[1], match[2] or match[3], BRACKETED
    elif match := LAST_WORD.fullmatch(name):
        title, text, known = match[1], match[2], KNOWN
    else:
        return name, ""
    if re.split(r"[\s_.]", title)[-1].casefold() in TEMPERATURES:
        known = known | DEGREES
    unit = known.get(text.casefold()) or _by(text.casefold().split("/"), known)
    return (title, unit) if unit else (name, "")


def _by(parts: list[str], known: dict[str, str]) -> str:
    """Return a unit by a unit: mg/dl."""
    units = [known.get(part, "") for part in parts]
    return "/".join(units) if all(units) else ""
