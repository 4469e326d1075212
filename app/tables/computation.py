"""What a model makes of a table's rows: outputs and warnings, or the fault of the row that it refuses."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app import logs
from app.errors import REFUSED_ROW
from app.faults import Fault
from app.languages import N_
from app.model import Model
from app.predictions import RefusedRows
from app.tables.answer import AddedColumns, OutputCells
from app.values import Row

FAILED = N_("the model failed on these rows")
MOST_REFUSED = 1000
"""Of a table's rows that are told from others which the model takes: each costs some more calls of the model."""


class RowOutput(NamedTuple):
    """What a row gets: cells, and how it differs from what the model has seen."""

    cells: OutputCells
    warnings: Mapping[str, Fault]


class BlockOutput(NamedTuple):
    """What the rows of a block get, each in its place."""

    cells: Sequence[OutputCells]
    warnings: Sequence[Mapping[str, Fault]]


class Computation:
    """Computes the rows of one table.

    Args:
        model: that predicts it.
        added: the columns that the answer adds.
    """

    def __init__(self, model: Model, added: AddedColumns) -> None:
        self._model, self._added, self._refused = model, added, 0

    def whole(self, rows: list[Row]) -> BlockOutput:
        """Return what the rows of a block get.

        Raises:
            Exception: the model fails on one: `row_by_row` tells which.
        """
        return self._outputs(rows, names_refused=False)

    def row_by_row(self, rows: list[Row]) -> list[RowOutput | Fault]:
        """Return what each row of a block gets, or why it gets nothing: it spoils no other."""
        try:
            return [*map(RowOutput, *self._outputs(rows, names_refused=self._refused < MOST_REFUSED))]
        except RefusedRows as refusal:
            self._refused += len(refusal.places)
            refused = {*refusal.places}
            taken = [row for place, row in enumerate(rows) if place not in refused]
            outputs = map(RowOutput, *self._outputs(taken, names_refused=False)) if taken else iter([])
            return [Fault(REFUSED_ROW) if place in refused else next(outputs) for place in range(len(rows))]
        except Exception as error:  # the response has begun: its status can't change any more
            logs.exception("a block of a table failed", error)
            return [Fault(FAILED)] * len(rows)

    def _outputs(self, rows: list[Row], names_refused: bool) -> BlockOutput:
        cells = self._added.outputs(self._model.compute(rows, names_refused))
        return BlockOutput(cells, self._model.validator.warnings(rows))
