"""What numbers of either kind, whole or with decimals, have in common."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field as Property
from pydantic import model_validator

from app import numerals
from app.faults import Fault, Refused
from app.fields import ranges
from app.fields.field import LANGUAGE, PUBLIC, Field
from app.fields.number_text import NumberText, is_code
from app.fields.parts import Container, NumberLimits, Schema, Widget
from app.fields.seen import Number, SeenNumbers
from app.languages import N_, Numeral, gettext
from app.numerals import Mark
from app.texts import Text
from app.values import Value

EXACT = 2**53
"""From here on not every whole number is a float."""

POINTS = 25
"""Of a chart's line, along the range."""

WIDE = 1e6
"""Where neither contract nor table bounds a number: thresholds are sought as far from zero."""


class Numeric(Field):
    """A number of either kind."""

    unit: Text | None = Property(None, description="what it is measured in, e.g. h")
    minimum: Number | None = Property(None, description="the least value, itself included")
    maximum: Number | None = Property(None, description="the greatest value, itself included")
    seen: SeenNumbers | None = None
    example: float
    default: float | None = None

    is_range: ClassVar[bool] = True
    json_type: ClassVar[str]
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

    @cached_property
    def written(self) -> NumberText:
        """How it is written."""
        is_grouped = not is_code(self.name, (*self.usual_bounds, self.example))
        return NumberText(self.unit, self.is_plausible, self.is_whole, is_grouped)

    def is_plausible(self, value: float) -> bool:
        """Tell whether it may well be such a number: which of a text's two readings is meant depends on it."""
        low, high = self.usual_bounds
        return low <= value <= high and not (self.looks_whole and value % 1)

    @property
    def usual_bounds(self) -> tuple[float, float]:
        """Least and greatest value that the model has seen; the contract's own where nothing is known."""
        low, high = self.bounds
        if self.seen is None:
            return low, high
        least, greatest = self.seen.minimum, self.seen.maximum
        return low if least is None else max(low, least), high if greatest is None else min(high, greatest)

    @property
    def container(self) -> Container:
        return "numbers"

    def present_warning(self, value: Value) -> Fault | None:
        low, high = self.usual_bounds
        present = float(value or 0)
        if not low <= present <= high:
            return ranges.outside_of_seen(*self._printed(self.usual_bounds))
        if self.seen and self.seen.whole and not present.is_integer():
            return Fault(N_("is not a whole number: the model has seen no others"))
        return None

    def are_usual(self, values: Sequence[Value]) -> bool:
        present = [float(value) for value in values if value is not None]
        low, high = self.usual_bounds
        if self.seen is None or (len(present) < len(values) and not self.seen.missing):
            return self.seen is None
        if self.seen.whole and not all(map(float.is_integer, present)):
            return False
        return not present or bool(low <= min(present) and max(present) <= high)

    @property
    def number_limits(self) -> NumberLimits:
        return NumberLimits(*self.usual_bounds, self.looks_whole)

    def value_schema(self) -> Schema:
        return {"type": self.json_type, "minimum": self.minimum, "maximum": self.maximum}

    def notes(self) -> list[str]:
        notes = [f"in {self.unit[LANGUAGE]}"] if self.unit else []
        return notes + ([ranges.seen_note(*self.usual_bounds)] if self.seen else [])

    def widget(self) -> Widget:
        attributes = {"inputmode": self.keyboard} if self.bounds[0] >= 0 else {}  # a phone's number keys lack the minus
        return Widget("line", attributes, unit=self.written.unit)

    def heading(self) -> str:
        return super().heading() + (f" ({self.written.unit})" if self.unit else "")

    def hints(self) -> list[str]:
        example = gettext(N_("For example, %(example)s."), example=self.written.numeral(self.example))
        seen = self._printed(self.usual_bounds) if self.seen else []
        return [*ranges.range_sentences(*self._printed(self.bounds)), *ranges.seen_sentences(seen), example]

    def _printed(self, ends: Sequence[float]) -> list[Numeral | None]:
        """Return the ends of a range as people read them; None where it is open."""
        return [self.written.numeral(end) if math.isfinite(end) else None for end in ends]

    def present_in_words(self, value: Value) -> str:
        return str(self.written.numeral(float(value or 0)))

    def entry(self, value: Value) -> str:
        return self.written.entry(float(value or 0))

    def read_back(self, text: str, value: Value) -> str:
        return self.written.read_back(text, float(value or 0))

    def alternatives(self, here: Value) -> list[Value]:
        if not (landmarks := self.landmarks()):
            return []
        low, high = landmarks[0], landmarks[-1]
        steps = np.linspace(low, high, POINTS).tolist() if math.isfinite(high - low) else []
        grid = {
            round(step) if self.looks_whole else min(max(low, _rounded(step, high - low, 2)), high) for step in steps
        }
        return [*sorted(grid | {*landmarks} | ({here} if isinstance(here, int | float) else set()))]

    def landmarks(self) -> list[float]:
        low, high = self.usual_bounds
        if not math.isfinite(low) or not math.isfinite(high):
            return []
        if self.looks_whole:
            low, high = math.ceil(low), math.floor(high)
        own = {self.example} if low < self.example < high else set()
        return sorted({low, high, _middle(low, high)} | own)

    @classmethod
    def typical(cls, present: Sequence[Any], example: Any) -> Value:
        if len(present) < PUBLIC:
            return example  # type: ignore[no-any-return]
        middle = sorted(present)[len(present) // 2]
        return int(middle) if isinstance(example, int) else float(middle)

    def quantiles(self, present: Sequence[Value], shares: Sequence[float]) -> list[Value]:
        values = np.quantile([float(value or 0) for value in present], shares).tolist()
        return [round(value) for value in values] if self.looks_whole else values

    @property
    def looks_whole(self) -> bool:
        """Whether its usual values are whole numbers."""
        return self.is_whole or bool(self.seen and self.seen.whole)

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
            raise ranges.out_of_range(*self._printed(self.bounds))

        return check

    def read_plain(self, cells: Sequence[str], mark: Mark | None) -> list[float] | None:
        """Read a column of plain numbers; None where a cell is something else, or out of range."""
        low, high = self.bounds
        values = numerals.plain_numbers(cells, mark)
        if values is None:
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

    def drawing_range(self, known: Sequence[Value]) -> tuple[float, float]:
        """Return between what random values are drawn: beyond the known ones by as much as they are apart."""
        numbers = [float(value) for value in known if isinstance(value, int | float)] or [self.example]
        least, greatest = min(numbers), max(numbers)
        spread = (greatest - least) or max(abs(numbers[0]), 1.0)
        return ranges.closed(self.bounds, least - spread, greatest + spread)

    def seeking_range(self, known: Sequence[Value]) -> tuple[float, float]:
        """Return between what thresholds are sought."""
        numbers = [float(value) for value in known if isinstance(value, int | float)]
        return ranges.closed(self.bounds, min([*numbers, -WIDE]), max([*numbers, WIDE]))


def _rounded(value: float, width: float, digits: int) -> float:
    """Return a value rounded to a decimal place: that of the first digit of its range's width, or so many below it."""
    try:
        return round(value, digits - math.floor(math.log10(width)))
    except (OverflowError, ValueError):  # beyond the largest float, or no width
        return value


def _middle(low: float, high: float) -> float:
    """Return a round number about in the middle of a range."""
    if low >= high:
        return low
    middle = _rounded(low / 2 + high / 2, high - low, 1)
    return middle if isinstance(low, float) else int(middle)
