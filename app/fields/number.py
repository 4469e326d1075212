"""A number, with decimals; and what whole numbers share with it."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field as Property
from pydantic import Strict, model_validator

from app.faults import Refused
from app.fields import ranges
from app.fields.field import LANGUAGE, Field
from app.fields.parts import Column, Container, Readers, Schema, TensorType, Widget
from app.languages import N_, current, gettext, number
from app.texts import Text
from app.values import Value, as_text

WRITTEN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SIGNS = b"0123456789.eE+-"
"""All that plain numbers are written with: of such texts, float() accepts exactly those that WRITTEN does."""

THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
EXACT = 2**53
"""From here on not every whole number is a float."""

POINTS = 25
"""Of a chart's line, along the range."""

WIDE = 1e6
"""Where neither contract nor table bounds a number: thresholds are sought as far from zero."""

Number = Annotated[float, Strict()]
"""Strict, or YAML's yes and no would be 1 and 0."""


class Numeric(Field):
    """A number of either kind."""

    unit: Text | None = Property(None, description="what it is measured in, e.g. h")
    minimum: Number | None = Property(None, description="the least value, itself included")
    maximum: Number | None = Property(None, description="the greatest value, itself included")
    example: float
    default: float | None = None

    is_range: ClassVar[bool] = True
    json_type: ClassVar[str]
    step: ClassVar[str]
    keyboard: ClassVar[str]

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        low, high = self.bounds
        if low >= high:
            raise ValueError(f"minimum {low:g} must be less than maximum {high:g}")
        for kind, value in (("example", self.example), ("default", self.default)):
            if value is not None and not low <= value <= high:
                raise ValueError(f"{kind} {value:g} is outside {low:g} to {high:g}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value; infinite where the contract names none."""
        low = -math.inf if self.minimum is None else self.minimum
        return low, math.inf if self.maximum is None else self.maximum

    @property
    def container(self) -> Container:
        return "numbers"

    def value_schema(self) -> Schema:
        return {"type": self.json_type, "minimum": self.minimum, "maximum": self.maximum}

    def notes(self) -> list[str]:
        return [f"in {self.unit[LANGUAGE]}"] if self.unit else []

    def widget(self) -> Widget:
        ends = {"min": self.minimum, "max": self.maximum}
        attributes = {name: as_text(end) for name, end in ends.items() if end is not None}
        return Widget("line", {**attributes, "step": self.step, "inputmode": self.keyboard}, input_type="number")

    def heading(self) -> str:
        return super().heading() + (f" ({self.unit[current()]})" if self.unit else "")

    def hints(self) -> list[str]:
        low, high = (None if end is None else number(end) for end in (self.minimum, self.maximum))
        example = gettext(N_("For example, %(example)s."), example=number(self.example))
        return [*ranges.range_sentences(low, high), example]

    def present_in_words(self, value: Value) -> str:
        return number(float(value or 0))

    def alternatives(self, here: Value) -> list[Value]:
        low, high = self.bounds
        if not math.isfinite(low) or not math.isfinite(high):
            return []
        steps = {low + (high - low) * step / (POINTS - 1) for step in range(POINTS)}
        steps |= {float(here)} if isinstance(here, int | float) else set()
        return [*sorted({round(step) for step in steps} if self.is_whole else steps)]

    def position(self, value: Value) -> float | None:
        return float(value or 0)

    def range_check(self) -> Callable[[float], float]:
        """Return a function that refuses numbers that are outside of the range or not finite."""
        low, high = self.bounds

        def check(value: float) -> float:
            try:
                as_float = float(value)
            except OverflowError:
                as_float = math.inf
            if not math.isfinite(as_float):
                raise Refused(N_("is not a finite number"))
            if low <= as_float <= high:
                return as_float
            raise ranges.out_of_range(self.minimum, self.maximum)

        return check

    def read_plain(self, cells: Sequence[str]) -> list[float] | None:
        """Read a column of plain numbers; None where a cell is something else, or out of range."""
        low, high = self.bounds
        if "".join(cells).encode("ascii", "replace").translate(None, SIGNS):
            return None
        try:
            values = [*map(float, cells)]
        except ValueError:
            return None
        least, greatest = min(values), max(values)
        if not (low <= least and greatest <= high and math.isfinite(least) and math.isfinite(greatest)):
            return None
        return values

    def fits(self, values: Sequence[Any], types: set[type]) -> bool:
        """Tell whether all values are of such types, exact, and in range."""
        if not types.issuperset(map(type, values)):
            return False
        low, high = self.bounds
        least, greatest = min(values), max(values)
        return bool(low <= least and greatest <= high and abs(least) < EXACT and abs(greatest) < EXACT)

    def ends(self, known: Sequence[Value], room: Callable[[list[float]], tuple[float, float]]) -> tuple[float, float]:
        """Return the range, its open ends closed by known values.

        Args:
            room: known numbers → how far a range that is open goes.
        """
        low, high = self.bounds
        least, greatest = room([float(value) for value in known if isinstance(value, int | float)])
        return low if math.isfinite(low) else least, high if math.isfinite(high) else greatest

    def drawing_range(self, known: Sequence[Value]) -> tuple[float, float]:
        """Return between what random values are drawn: beyond the known ones by as much as they are apart."""

        def room(numbers: list[float]) -> tuple[float, float]:
            least, greatest = min(numbers, default=self.example), max(numbers, default=self.example)
            spread = (greatest - least) or max(abs((numbers or [self.example])[0]), 1.0)
            return least - spread, greatest + spread

        return self.ends(known, room)

    def seeking_range(self, known: Sequence[Value]) -> tuple[float, float]:
        """Return between what thresholds are sought."""
        return self.ends(known, lambda numbers: (min([*numbers, -WIDE]), max([*numbers, WIDE])))


class NumberField(Numeric):
    """A number, with decimals."""

    kind: Literal["number"]
    example: Number
    default: Number | None = None

    pandas_type: ClassVar[str] = "float64"
    json_type: ClassVar[str] = "number"
    step: ClassVar[str] = "any"
    keyboard: ClassVar[str] = "decimal"

    @property
    def tensor_type(self) -> TensorType:
        return "FP64"

    def readers(self) -> Readers:
        check = self.range_check()

        def read_typed(value: Any) -> float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Refused(N_("is not a number"))
            return check(value)

        return Readers(read_typed, lambda text: check(parse_number(text)), self._typed_column, self.read_plain)

    def _typed_column(self, values: Sequence[Any]) -> Sequence[Value] | None:
        return [*map(float, values)] if self.fits(values, {int, float}) else None

    def corners(self) -> Sequence[Value]:
        return [end for end in self.bounds if math.isfinite(end)]

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        return list(chance.uniform(*self.drawing_range(known), count).tolist())

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        low, high = map(float, self.seeking_range(known))
        return [low, low + (high - low) / 2, high]

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        if column.categories is None and not column.present:
            return {"example": 0.0}
        return None if holds(int, column) else numbers_of(column)


def parse_number(text: str) -> float:
    """Read a number as programs write it, or with a decimal comma; refuse what two readers would read differently.

    Raises:
        Refused: it is not a number, or ambiguous.
    """
    if WRITTEN.fullmatch(text):
        return float(text)
    if THOUSANDS.fullmatch(text):
        plain, decimal = text.replace(",", ""), text.replace(",", ".")
        raise Refused(N_("is ambiguous: write %(plain)s or %(decimal)s"), plain=plain, decimal=decimal)
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if not WRITTEN.fullmatch(plain):
        raise Refused(N_("is not a number"))
    return float(plain)


def holds(kind: Any, column: Column) -> bool:
    """Tell whether a column that nothing encodes holds numbers of a type; one of only true and false doesn't."""
    values = column.present
    if column.categories is not None or not values or all(isinstance(value, bool) for value in values):
        return False
    return all(isinstance(value, kind) for value in values)


def numbers_of(column: Column) -> dict[str, Any] | None:
    """Return example and range of a column of numbers; None where it is something else."""
    if not holds(int | float, column):
        return None
    values = sorted(column.present)
    bounds = {"minimum": values[0], "maximum": values[-1]} if values[0] < values[-1] else {}
    return {"example": values[len(values) // 2], **bounds}
