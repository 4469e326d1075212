"""Why a file can't be read as a table."""

from typing import Any

from app.faults import Fault


class BadTable(ValueError):
    """A table that can't be read at all.

    Attributes:
        fault: why.
    """

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.fault = Fault(message, values)

    def __str__(self) -> str:
        return str(self.fault)
