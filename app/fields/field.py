"""What every kind of field knows of its values: how they are read, described, asked for, shown and tried.

A kind is one module of this folder and one line in ``__init__``; nothing outside of it asks which kind a field is.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from app.fields.parts import Column, Container, NumberLimits, Readers, Schema, TensorType, Widget
from app.fields.properties import FieldProperties
from app.languages import N_, current, gettext
from app.missing import MISSING_WORDS
from app.values import Value, as_text

LANGUAGE = "en"
"""Of the documents that programmers read."""

ESCAPE_BYTES = 6
"""What JSON may write for half of a character: ``\\u00e9``; most of the world's characters are one half."""

PUBLIC = 5
"""What stands in so many rows is nobody's own."""

NUMBER_BYTES = 32
"""More than the longest way of writing a float: -1.7976931348623157e+308."""


class Field(FieldProperties, ABC):
    """A field of a contract, which answers for its values."""

    pandas_type: ClassVar[str] = "object"
    """pandas' name of the column's type, where no table tells another."""

    graph_fault: ClassVar[str] = ""
    """Why no graph of `deploy.models.compiler` takes it; empty where one does."""

    is_coded: ClassVar[bool] = False
    """Whether a graph takes a value's place among all of them, rather than itself."""

    is_range: ClassVar[bool] = False
    """Whether between two of its values there are others, until two are neighbours."""

    is_whole: ClassVar[bool] = False
    """Whether those are whole numbers."""

    def are_usual(self, values: Sequence[Value]) -> bool:
        """Tell whether none of a column's values is answered with a warning."""
        return all(self.warning(value) is None for value in {*values})

    # How it reads what people and programs send.

    @abstractmethod
    def readers(self) -> Readers:
        """Return how its values are read."""

    @property
    def value_bytes(self) -> int:
        """How many bytes JSON takes at most for a value."""
        return NUMBER_BYTES

    @property
    @abstractmethod
    def tensor_type(self) -> TensorType:
        """What the Open Inference Protocol calls its type."""

    @property
    def number_limits(self) -> NumberLimits | None:
        """Which numbers it is likely to get; None where it takes none."""
        return None

    @property
    def missing_words(self) -> frozenset[str]:
        """The texts, without spaces at their ends, that stand for a missing value."""
        return MISSING_WORDS

    # How documents describe it.

    @abstractmethod
    def value_schema(self) -> Schema:
        """Return the JSON Schema of its values: type and limits; entries that are None don't apply."""

    def json_schema(self) -> Schema:
        """Return its JSON Schema."""
        schema = self.value_schema()
        if self.missing:
            types = schema.get("type", [])
            schema["type"] = [*([types] if isinstance(types, str) else types), "null"] if types else None
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
        schema |= {"title": self.label[LANGUAGE], "description": self.description(), "examples": [self.example]}
        if self.default is not None:
            schema["default"] = self.default
        return {key: value for key, value in schema.items() if value is not None}

    def address_schema(self) -> Schema:
        """Return the JSON Schema of its text in an address, where what is missing isn't written."""
        schema = self.model_copy(update={"missing": False}).json_schema()
        return {key: value for key, value in schema.items() if key not in ("examples", "title", "description")}

    def description(self) -> str:
        """Return what programmers must know of it."""
        notes = "; ".join([self.label[LANGUAGE], *self.notes()])
        return notes + (f". {self.help[LANGUAGE]}" if self.help else "")

    def notes(self) -> list[str]:
        """Return what its schema can't say."""
        return []

    # How forms and charts show it.

    @abstractmethod
    def widget(self) -> Widget:
        """Return how the form asks for it, in the language of the request."""

    def heading(self) -> str:
        """Return its label for people, with what it is measured in."""
        return self.label[current()]

    def hint(self, is_one_of_many: bool = False) -> str:
        """Return what helps people to fill it in.

        Args:
            is_one_of_many: the form says once for all what may stay empty.
        """
        sentences = [self.help[current()]] if self.help else []
        sentences += self.hints()
        if self.missing and not is_one_of_many:
            sentences.append(gettext(N_("Leave it empty if you don't know.")))
        return " ".join(sentences)

    def hints(self) -> list[str]:
        """Return sentences on its range."""
        return []

    def in_words(self, value: Value) -> str:
        """Return what people call a value."""
        return gettext(N_("not given")) if value is None else self.present_in_words(value)

    @abstractmethod
    def present_in_words(self, value: Value) -> str:
        """Return what people call a value that is present."""

    def entry(self, value: Value) -> str:
        """Return a value as the form's input holds it, in the language of the request."""
        return as_text(value)

    def from_entry(self, text: str) -> str:
        """Return what a form's input holds as tables write it, in the language of the request."""
        return text

    def read_back(self, text: str, value: Value) -> str:
        """Return what a form's text was read as; nothing where it was written as the page writes it."""
        return ""

    def alternatives(self, here: Value) -> list[Value]:
        """Return the values that a chart tries in place of one, itself among them; none where the field can't vary."""
        return []

    def landmarks(self) -> Sequence[Value]:
        """Return the values on the axis of a line that are worth a click each; all of a chart's, where it has bars."""
        return []

    def position(self, value: Value) -> float | None:
        """Return where a value lies on the axis of a line; None where there is no line, but bars."""
        return None

    # How engines take it, and what they are tried with.

    @property
    def container(self) -> Container:
        """The plainest container that takes its values; a single field of texts is a list of them."""
        return "objects"

    def coder(self) -> Callable[[Sequence[Value]], Sequence[Any]]:
        """Return a function that turns a column into numbers for a graph, which gets NaN for None."""
        return lambda column: column

    def countable(self) -> list[Value] | None:
        """Return all values that it can have, but for a missing one; None where they can't be counted."""
        return None

    def corners(self) -> Sequence[Value]:
        """Return the values that a model is tried with at least."""
        return []

    @abstractmethod
    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        """Return so many random values.

        Args:
            known: those of the table, or the example.
        """

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        """Return values that show which features depend on it: of a range, its ends first and last."""
        return [self.example]

    def quantiles(self, present: Sequence[Value], shares: Sequence[float]) -> list[Value]:
        """Return the values at some shares, 0 to 1, of the order of others."""
        ordered = sorted(present, key=as_text)
        return [ordered[int(share * len(ordered))] for share in shares]

    # How it is recognised in a table.

    @classmethod
    def typical(cls, present: Sequence[Any], example: Any) -> Value:
        """Return the usual value of similar rows, of no single one; where there is none, the example of all rows.

        Args:
            present: the rows' values as JSON has them, without the missing ones.
        """
        value, times = next(iter(Counter(present).most_common(1)), (None, 0))
        return value if times >= PUBLIC else example

    @classmethod
    def is_written(cls, texts: Sequence[str]) -> bool:
        """Tell whether a table writes its values as such texts, which are to be turned into pandas' own type."""
        return False

    @classmethod
    @abstractmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        """Return the properties that a contract gives a field with such a column; None where it is of another kind."""
