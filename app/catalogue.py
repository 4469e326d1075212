"""The list of models on the home page: by title, and only those that a search asks for."""

import re
import unicodedata
from collections.abc import Iterable

from app.languages import current
from app.model import Model

MANY = 12
"""Of more models, the home page offers a search."""

QUERY_CHARACTERS = 100
"""Of a search, at most."""


def listed(models: Iterable[Model], query: str = "") -> list[Model]:
    """Return the models in whose texts all words of a search stand, by title in the language of the request."""
    words = _plain(query).split()
    ordered = sorted(models, key=lambda model: _place(model.contract.title[current()]))
    return [model for model in ordered if all(word in _texts(model) for word in words)]


def _place(title: str) -> list[tuple[int, str]]:
    """Return what a title is sorted by: without accents or marks before it, its numbers by their size (2 before 19)."""
    parts = re.split(r"([0-9]+)", _plain(title).lstrip("¿¡«“\"'( "))
    parts[1::2] = [digits.lstrip("0") for digits in parts[1::2]]
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def _texts(model: Model) -> str:
    contract = model.contract
    return _plain(f"{contract.title[current()]} {contract.description[current()]} {contract.name}")


def _plain(text: str) -> str:
    """Return a text in small letters without accents, as people search for it."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
