"""What a fitted model takes beyond what its table shows: asked of the model itself, one field at a time."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from app.engines.scikit_learn import Input, arrange
from app.values import Row, Value


class Trials:
    """Asks a model for a row with another value in one place.

    Args:
        estimator: fitted.
        row: that it answers.
        container: what it takes rows in.
        columns: field → pandas' name of its type.
    """

    def __init__(self, estimator: Any, row: Row, container: Input, columns: Mapping[str, str]) -> None:
        self._estimator, self._row, self._container, self._columns = estimator, row, container, dict(columns)
        self._answers_row = self._answers([row])

    def accepted(self, values: Mapping[str, Value]) -> set[str]:
        """Return the fields in which the model takes a value.

        Args:
            values: field → the value.
        """
        if not values or not self._answers_row:
            return set()
        rows = [self._with(name, value) for name, value in values.items()]
        if self._answers(rows):
            return {*values}
        return {name for name, row in zip(values, rows, strict=True) if self._answers([row])}

    def _with(self, name: str, value: Value) -> Row:
        place = [*self._columns].index(name)
        return [*self._row[:place], value, *self._row[place + 1 :]]

    def _answers(self, rows: Sequence[Row]) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._estimator.predict(arrange(rows, self._container, self._columns))
            except Exception:
                return False
        return True
