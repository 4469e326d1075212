"""A model's contract, as ``models/<name>/model.yaml`` says it: what goes in, what comes out, in people's words.

Form, API, documents and protocols are derived from it. Its JSON Schema is ``models/model.schema.json``.
"""

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.fields import AnyField
from app.texts import Part, Text, Words, must_differ
from app.values import Choice, as_text

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]


class Classification(Part):
    """The prediction is one of a few labels."""

    kind: Literal["classification"]
    label: Text = Field(description="what is predicted, as people call it")
    labels: tuple[Choice, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        must_differ("label", [as_text(label.value) for label in self.labels])
        return self


class Regression(Part):
    """The prediction is a number."""

    kind: Literal["regression"]
    label: Text = Field(description="what is predicted, as people call it")
    unit: Text | None = Field(None, description="what it is measured in")


class Contract(Part):
    """What model.yaml says."""

    name: Slug = Field(description="the folder's name, and the model's in addresses")
    title: Text
    description: Text
    source: Text | None = Field(None, description="where the training data comes from")
    licence: Words | None = Field(None, description="the licence of model and data")
    trained: datetime.date | None = Field(None, description="the day of the training, e.g. 2026-11-20")
    metrics: dict[Words, int | float] = Field({}, description="what was measured, where no train.py measures it")
    predicts: Annotated[Classification | Regression, Field(discriminator="kind")]
    fields: tuple[AnyField, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fields_differ(self) -> Self:
        must_differ("field", [field.name for field in self.fields])
        return self

    @property
    def example(self) -> dict[str, Any]:
        """The examples of all fields: field → value."""
        return {field.name: field.example for field in self.fields}
