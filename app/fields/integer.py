"""A whole number."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Strict

from app.faults import Refused
from app.fields.numeric import EXACT, Numeric
from app.fields.parts import Column, Readers, TensorType
from app.languages import N_
from app.numerals import Mark, no_number
from app.values import Value

Whole = Annotated[int, Strict()]


class IntegerField(Numeric):
    """A whole number."""

    kind: Literal["integer"]
    example: Whole
    default: Whole | None = None

    is_whole: ClassVar[bool] = True
    pandas_type: ClassVar[str] = "int64"
    json_type: ClassVar[str] = "integer"
    keyboard: ClassVar[str] = "numeric"

    @property
    def tensor_type(self) -> TensorType:
        return "INT64"

    def readers(self) -> Readers:
        check = self.range_check()

        def read_whole(value: float) -> int:
            if check(value) != math.floor(value):
                raise Refused(N_("is not a whole number"))
            return int(value)

        def read_typed(value: Any) -> int:
            if type(value) not in (int, float):
                raise no_number(value)
            return read_whole(value)

        def read_text(text: str, mark: Mark | None) -> int:
            return read_whole(self.written.read(text, mark))

        return Readers(read_typed, read_text, self._typed_column, self._text_column)

    def _typed_column(self, values: Sequence[Any]) -> Sequence[Value] | None:
        return values if self.fits(values, {int}) else None

    def _text_column(self, cells: Sequence[str], mark: Mark | None) -> Sequence[Value] | None:
        values = self.read_plain(cells, mark)
        return [*map(int, values)] if values is not None and all(map(float.is_integer, values)) else None

    def corners(self) -> Sequence[Value]:
        return sorted(int(end) for end in {*self.bounds, *self.usual_bounds} if math.isfinite(end))

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        low, high = (min(max(end, -EXACT), EXACT) for end in self.drawing_range(known))
        return list(chance.integers(math.ceil(low), math.floor(high), size=count, endpoint=True).tolist())

    def boundaries(self, known: Sequence[Value]) -> list[Value]:
        least, greatest = self.seeking_range(known)
        low, high = math.ceil(least), math.floor(greatest)
        return [low, (low + high) // 2, high]

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        return None  # that all were whole in a table doesn't mean that all must be
