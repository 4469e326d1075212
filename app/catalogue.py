"""The list of models on the home page: by title, and only those that a search asks for."""

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
    ordered = sorted(models, key=lambda model: _plain(model.contract.title[current()]).lstrip("¿¡«“\"'( "))
    return [model for model in ordered if all(word in _texts(model) for word in words)]


def _texts(model: Model) -> str:
    contract = model.contract
    return _plain(f"{contract.title[current()]} {contract.description[current()]} {contract.name}")


def _plain(text: str) -> str:
    """Return a text in small letters without accents, as people search for it."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
