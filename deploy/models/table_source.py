"""A table that goes with a model, and what was said of it: on either side of the sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.numerals import Mark


@dataclass(frozen=True)
class TableSource:
    """A table: that a model was trained on, or one of other rows.

    Attributes:
        file: its file.
        targets: its columns with the answers; empty: those that the model doesn't know.
        decimal: what stands before its decimals, where it doesn't say; None: unknown.
        groups: columns that part its rows; they needn't be the model's.
    """

    file: Path
    targets: Sequence[str] = ()
    decimal: Mark | None = None
    groups: Sequence[str] = ()

    @property
    def request(self) -> dict[str, Any]:
        """Itself as a request to the sandbox has it."""
        columns = {"targets": [*self.targets], "groups": [*self.groups]}
        return {"file": str(self.file), "decimal": self.decimal, **columns}

    @classmethod
    def requested(cls, request: Mapping[str, Any]) -> "TableSource":
        """Return what a request has."""
        return cls(Path(request["file"]), request["targets"], request["decimal"], request["groups"])
