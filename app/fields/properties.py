"""What a contract says of a field, whatever its kind."""

from typing import Self

from pydantic import Field as Property
from pydantic import model_validator

from app.faults import Fault
from app.fields.parts import Name
from app.fields.seen import Seen
from app.languages import N_
from app.texts import Part, Text
from app.values import Value

CHANGE = "puerto_change"
"""What the form's buttons are called that change one field: its place, a colon, its text."""

RESERVED = ("csrf_token", CHANGE)
"""Names that no field can have: the form already has an input of that name."""

MISSING = N_("is missing")
NEVER_MISSING = N_("is missing, which the model has never seen")


class FieldProperties(Part):
    """What a contract says of a field. What its owner demands refuses a row; what a table happened to show warns."""

    name: Name = Property(description="the column's name, as the model knows it")
    label: Text = Property(description="what people call it")
    help: Text | None = Property(None, description="a sentence that helps people to fill it in")
    group: Text | None = Property(None, description="the heading under which the form asks for it")
    missing: bool = Property(False, description="whether the model can do without it")
    seen: Seen | None = Property(None, description="what the table showed: other values are answered, with a warning")
    kind: str
    example: Value
    default: Value = None

    @model_validator(mode="after")
    def _check_name(self) -> Self:
        if self.name in RESERVED:
            raise ValueError(f"name {self.name!r} can't be used: the form already has an input of that name")
        if not self.name.strip():
            raise ValueError(f"name {self.name!r} can't be used: it has nothing but blanks")
        return self

    @model_validator(mode="after")
    def _check_default(self) -> Self:
        if self.missing and self.default is not None:
            raise ValueError(
                "default and missing contradict each other: a missing value either gets the default or stays missing"
            )
        return self

    @property
    def is_required(self) -> bool:
        """Whether every row must have it."""
        return not self.missing and self.default is None

    @property
    def absent(self) -> Value | Fault:
        """What stands for a missing value, or why there must be one."""
        return Fault(MISSING) if self.is_required else self.default

    @property
    def warns(self) -> bool:
        """Whether any of its values is answered with a warning."""
        return self.seen is not None

    def warning(self, value: Value) -> Fault | None:
        """Return how a value that was accepted differs from what the model has seen."""
        if value is not None:
            return self.present_warning(value)
        return Fault(NEVER_MISSING) if self.seen and not self.seen.missing else None

    def present_warning(self, value: Value) -> Fault | None:
        """Return how a value that is present differs from what the model has seen."""
        return None
