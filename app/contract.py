"""A model's contract: what goes in, what comes out, and the check of a row, compiled once from it."""

import difflib
import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

SENTENCES = {
    "es": {
        "missing": "falta: escribe un número entre {minimum} y {maximum}",
        "number": "no es un número: escribe uno entre {minimum} y {maximum}",
        "range": "está fuera del intervalo: escribe un número entre {minimum} y {maximum}",
        "unknown": "no es un campo de este modelo; el más parecido es «{nearest}»",
    },
    "en": {
        "missing": "is missing: write a number from {minimum} to {maximum}",
        "number": "is not a number: write one from {minimum} to {maximum}",
        "range": "is out of range: write a number from {minimum} to {maximum}",
        "unknown": "is no field of this model; the nearest is “{nearest}”",
    },
}
"""Language → kind of fault → sentence."""

NAME_CHARACTERS = 63
UNKNOWN_NAMED = 10
"""How many names that no field has get a sentence."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=NAME_CHARACTERS)]
Number = Annotated[float, Strict()]
"""Strict, or YAML's yes and no would be 1 and 0."""

Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class InvalidInput(ValueError):
    """A row that the contract refuses.

    Attributes:
        faults: field → sentence, in the contract's order, unknown names last.
    """

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name} {sentence}" for name, sentence in faults.items()))
        self.faults = faults


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Text(_Part):
    """A text for people, in each language that they read."""

    es: Words
    en: Words


class NumberField(_Part):
    """One number that the model is given, in its unit, both bounds included."""

    name: Name
    label: Text
    help: Text
    unit: Words
    minimum: Number
    maximum: Number
    example: Number

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.minimum >= self.maximum:
            raise ValueError(f"minimum {self.minimum:g} must be less than maximum {self.maximum:g}")
        if not self.minimum <= self.example <= self.maximum:
            raise ValueError(f"example {self.example:g} is outside {self.minimum:g} to {self.maximum:g}")
        return self

    def fault(self, kind: str, language: str) -> str:
        """Return the sentence for a kind of fault."""
        return SENTENCES[language][kind].format(minimum=f"{self.minimum:g}", maximum=f"{self.maximum:g}")


class Contract(_Part):
    """What model.yaml says."""

    name: Name
    title: Text
    description: Text
    labels: tuple[Words, ...] = Field(min_length=2)
    fields: tuple[NumberField, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_things_once(self) -> Self:
        for kind, names in (("label", self.labels), ("field", [field.name for field in self.fields])):
            twice = next((name for name in names if list(names).count(name) > 1), None)
            if twice:
                raise ValueError(f"{kind} {twice!r} stands there twice")
        return self

    def check(self, values: Mapping[str, Any], *, strict: bool, language: str = "es") -> list[float]:
        """Return the row of a model, in the contract's order.

        Args:
            values: name → value, as they came.
            strict: take numbers alone (JSON); else texts as people type them, a decimal comma included (forms).
            language: of the sentences: es or en.

        Raises:
            InvalidInput: with a sentence for each field at fault, all of them.
        """
        faults: dict[str, str] = {}
        row: list[float] = []
        for field in self.fields:
            number, fault = _number(values.get(field.name), strict)
            if not fault and not field.minimum <= number <= field.maximum:
                fault = "range"
            if fault:
                faults[field.name] = field.fault(fault, language)
            row.append(number)
        if faults | (unknown := self._unknown(values, language)):
            raise InvalidInput(faults | unknown)
        return row

    def _unknown(self, values: Mapping[str, Any], language: str) -> dict[str, str]:
        """Name the first few alone: whoever sends thousands gets no work done for each."""
        known = [field.name for field in self.fields]
        strangers = [name[:NAME_CHARACTERS] for name in values if name not in known][:UNKNOWN_NAMED]
        sentence = SENTENCES[language]["unknown"]
        return {name: sentence.format(nearest=difflib.get_close_matches(name, known, 1, 0.0)[0]) for name in strangers}


def _number(value: Any, strict: bool) -> tuple[float, str]:
    """Return the number and the kind of fault, one of which counts."""
    if value is None or (not strict and not str(value).strip()):
        return math.nan, "missing"
    try:
        number = _strictly(value) if strict else _as_typed(str(value))
    except (ValueError, OverflowError):
        return math.nan, "number"
    return number, "" if math.isfinite(number) else "number"


def _strictly(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return float(value)


def _as_typed(text: str) -> float:
    """Read a number as Spanish and English readers type it; Python's 1_000 is none."""
    if "_" in text:
        raise ValueError("not a number")
    return float(text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text)
