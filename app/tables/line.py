"""A line of a table: its values, or why it has none."""

from collections.abc import Sequence
from typing import NamedTuple

from app.errors import FieldError, field_errors
from app.faults import Fault, InvalidInput
from app.languages import N_, gettext
from app.values import Row


class Line(NamedTuple):
    """A row of a table: its number in the file, its cells, and its values or why it has none."""

    number: int
    cells: Sequence[str]
    row: Row | None
    refusal: InvalidInput | Fault | None = None

    @property
    def errors(self) -> list[FieldError]:
        """What is wrong with it, for programs."""
        base, line = f"#/{self.number}", gettext(N_("line %(line)s"), line=self.number)
        if isinstance(self.refusal, InvalidInput):
            return field_errors(self.refusal, base, line)
        return [FieldError(base, line, self.refusal)] if self.refusal else []

    @property
    def sentence(self) -> str:
        """Why the row can't be predicted."""
        faults = [str(self.refusal)]
        if isinstance(self.refusal, InvalidInput):
            faults = [f"{name}: {fault}" for name, fault in self.refusal.faults.items()]
        return gettext(N_("line %(line)s: %(faults)s"), line=self.number, faults="; ".join(faults))
