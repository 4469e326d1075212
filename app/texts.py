"""Texts for people, in each language that they read, and what the parts of a contract have in common."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

LANGUAGES = ("es", "en")

Phrase = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True, max_length=2000)]


class Part(BaseModel):
    """A part of a contract: every key is known, every number finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Texts(Part):
    """A text for people, in each language that they read."""

    es: Phrase
    en: Phrase

    def __getitem__(self, language: str) -> str:
        return str(getattr(self, language))


def _in_both(text: Any) -> Any:
    return dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else text


Text = Annotated[
    Texts,
    BeforeValidator(_in_both, json_schema_input_type=Phrase | Texts),
    Field(description="{es: …, en: …}, or one text for both"),
]


def check_unique(kind: str, names: Iterable[str]) -> None:
    """Check that no name appears twice.

    Raises:
        ValueError: one does.
    """
    known: set[str] = set()
    for name in names:
        if name in known:
            raise ValueError(f"{kind} {name!r} appears twice")
        known.add(name)
