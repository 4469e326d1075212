"""A number, with decimals."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from app import numerals
from app.fields.numeric import EXACT, Numeric
from app.fields.parts import Column, Readers, TensorType
from app.fields.seen import Number
from app.numerals import Mark
from app.values import Value


class NumberField(Numeric):
    """A number, with decimals."""

    kind: Literal["number"]
    example: Number
    default: Number | None = None

    pandas_type: ClassVar[str] = "float64"
    json_type: ClassVar[str] = "number"
    keyboard: ClassVar[str] = "decimal"

    @property
    def tensor_type(self) -> TensorType:
        return "FP64"

    def readers(self) -> Readers:
        check = self.range_check()

        def read_typed(value: Any) -> float:
            if type(value) not in (int, float):
                raise numerals.no_number(value)
            return check(value)

        def read_text(text: str, mark: Mark | None) -> float:
            return check(self.written.read(text, mark))

        return Readers(read_typed, read_text, self._typed_column, self.read_plain)

    def _typed_column(self, values: Sequence[Any]) -> Sequence[Value] | None:
        return [*map(float, values)] if self.fits(values, {int, float}) else None

    def corners(self) -> Sequence[Value]:
        return sorted(end for end in {*self.bounds, *self.usual_bounds} if math.isfinite(end))

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        return list(chance.uniform(*self.drawing_range(known), count).tolist())

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        low, high = map(float, self.seeking_range(known))
        return [low, low + (high - low) / 2, high]

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        values = column.present
        if column.categories is not None or any(isinstance(value, str) for value in values):
            return None
        if not values:
            return {"example": 0.0}
        if all(isinstance(value, bool) for value in values):
            return None
        is_whole = all(float(value).is_integer() and abs(value) < EXACT for value in values)
        ordered = sorted(int(value) if is_whole else value for value in values)
        seen = {"minimum": ordered[0], "maximum": ordered[-1], "whole": is_whole}
        return {"example": ordered[len(ordered) // 2], "seen": seen}
