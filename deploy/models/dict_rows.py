"""Rows that a model takes as dicts: which names its DictVectorizer knows, and which texts of each."""

from collections.abc import Collection
from typing import Any


def fields(vectorizer: Any, columns: Collection[str]) -> dict[str, list[str]]:
    """Return name → texts that the vectorizer makes a feature of; none where it takes numbers.

    Args:
        columns: of the table, whose order the fields have; a feature is named after a column, or a column and a text.
    """
    known: dict[str, list[str]] = {}
    for feature in vectorizer.feature_names_:
        name, text = _parts(feature, vectorizer.separator, columns)
        known.setdefault(name, []).extend([] if text is None else [text])
    order = {name: place for place, name in enumerate(columns)}
    return {name: known[name] for name in sorted(known, key=lambda name: order.get(name, len(order)))}


def _parts(feature: str, separator: str, columns: Collection[str]) -> tuple[str, str | None]:
    if feature in columns or separator not in feature:
        return feature, None
    name, _, text = feature.partition(separator)
    while name not in columns and separator in text:
        more, _, text = text.partition(separator)
        name = f"{name}{separator}{more}"
    if name not in columns:
        name, _, text = feature.partition(separator)
    return name, text
