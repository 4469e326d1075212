"""Free text."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field as Property
from pydantic import Strict, StringConstraints

from app.faults import Refused
from app.fields.field import ESCAPE_BYTES, PUBLIC, Field
from app.fields.parts import Column, Container, Readers, Schema, TensorType, Widget
from app.languages import N_
from app.missing import BLANK
from app.values import Value

CHARACTERS = 1000
LONG = 100
"""From so many characters on, the form gives a text more than one line."""
EXAMPLE = "Example text, texto de ejemplo"


class TextField(Field):
    """Free text."""

    kind: Literal["text"]
    maximum_characters: int = Property(CHARACTERS, ge=1, le=100_000)
    example: Annotated[str, Strict(), StringConstraints(min_length=1)]
    default: Annotated[str, Strict()] | None = None

    graph_fault: ClassVar[str] = "texts"

    @property
    def container(self) -> Container:
        return "texts"

    @property
    def value_bytes(self) -> int:
        return self.maximum_characters * 2 * ESCAPE_BYTES

    @property
    def tensor_type(self) -> TensorType:
        return "BYTES"

    @property
    def missing_words(self) -> frozenset[str]:
        return BLANK

    def readers(self) -> Readers:
        return Readers(self._read, lambda text, mark: self._read(text))

    def _read(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise Refused(N_("is not text"))
        if len(value.strip()) > self.maximum_characters:
            raise Refused(N_("is longer than %(characters)s characters"), characters=self.maximum_characters)
        return value.strip()

    def value_schema(self) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": self.maximum_characters, "pattern": r"\S"}

    def notes(self) -> list[str]:
        return ["a text"]

    def widget(self) -> Widget:
        shape: Literal["line", "lines"] = "lines" if self.maximum_characters > LONG else "line"
        return Widget(shape, {"maxlength": str(self.maximum_characters)})

    def present_in_words(self, value: Value) -> str:
        return str(value)

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        return [known[place] for place in chance.integers(len(known), size=count).tolist()]

    def quantiles(self, present: Sequence[Value], shares: Sequence[float]) -> list[Value]:
        return [self.example for _ in shares]  # what stands in a table may be about somebody

    @classmethod
    def typical(cls, present: Sequence[Any], example: Any) -> Value:
        return str(example)

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        texts = [str(value) for value in column.present]
        if not texts:
            return {"example": EXAMPLE}
        text, times = Counter(texts).most_common(1)[0]
        example = text if times >= PUBLIC else EXAMPLE  # what stands once in a table may be about somebody
        return {"example": example, "maximum_characters": max(CHARACTERS, 2 * max(map(len, texts)))}
