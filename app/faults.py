"""Why what people and programs send is refused: sentences in the language of the request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.languages import Numeral, gettext


@dataclass(frozen=True)
class Fault:
    """Why a value is refused; its sentence is in the request's language."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        values = {name: Numeral(value) if isinstance(value, float) else value for name, value in self.values.items()}
        return gettext(self.message, **values)


class Refused(Exception):
    """A value that a field refuses.

    A new one is made for each refusal: an exception that is raised again keeps the frames of the earlier raises alive,
    and with them the rows that those had read.
    """

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.fault = Fault(message, values)


class InvalidInput(ValueError):
    """A row that the contract refuses.

    Attributes:
        faults: field → why, in the contract's order, unknown names last.
    """

    def __init__(self, faults: dict[str, Fault]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults
