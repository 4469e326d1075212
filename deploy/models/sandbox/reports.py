"""What replies are made of: claims about a field, a target, a row, each of a strict type."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deploy.models.sandbox.claims import (
    TEXT_CHARACTERS,
    Answer,
    Bound,
    Count,
    Kind,
    Line,
    Microseconds,
    Name,
    Number,
    Row,
    Sentence,
    Value,
)

CHOICES = 100_000
"""Most that a field or a target can have."""

PARTS = 20
"""Most metrics of a group."""


class Part(BaseModel):
    """A part of a reply."""

    # Objects have named keys only, and of a list's faults the first is enough: a list of all would fill the memory.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class SeenReport(Part):
    """What a table showed of a field; see `app.fields.field.Seen`."""

    missing: bool
    minimum: Bound | None = None
    maximum: Bound | None = None
    whole: bool = False


class FieldReport(Part):
    """What is known of a field's values; see `introspection.describe`."""

    name: Name
    kind: Kind
    missing: bool
    example: Value
    choices: Annotated[list[Value], Field(fail_fast=True, max_length=CHOICES)] | None = None
    others: bool = False
    seen: SeenReport | None = None
    maximum_characters: Annotated[int, Field(ge=1, le=10 * TEXT_CHARACTERS)] | None = None


class MetricReport(Part):
    """What was measured on the table."""

    name: Line
    value: Number


class GroupReport(Part):
    """How good a model is with the rows of one value of a column."""

    column: Name
    value: Value
    rows: Annotated[int, Field(ge=1, le=1 << 40)]
    metrics: Annotated[list[MetricReport], Field(fail_fast=True, min_length=1, max_length=PARTS)]


class ExampleReport(Part):
    """A typical row, and the label that the model answers; None of a number."""

    answer: Value | None
    values: Row


class IntervalReport(Part):
    """See `app.contract.Interval`."""

    margin: Annotated[float, Field(gt=0)]
    coverage: Annotated[float, Field(gt=0, lt=1)]
    rows: Annotated[int, Field(ge=1, le=1 << 40)]
    minimum: float | None = None


class TargetReport(Part):
    """What is known of something that a model predicts.

    Attributes:
        target: its column's name, where that is known.
        labels: None for numbers.
        words: what the labels are called.
    """

    target: Name | Literal[""] = ""
    labels: Annotated[list[Value], Field(fail_fast=True, max_length=CHOICES)] | None
    words: Annotated[list[Sentence], Field(fail_fast=True, max_length=CHOICES)] | None = None
    interval: IntervalReport | None = None

    @model_validator(mode="after")
    def _words_fit(self) -> Self:
        if self.words is not None and len(self.words) != len(self.labels or []):
            raise ValueError("there are more or fewer words than labels")
        return self


class GoldenReport(Part):
    """A row and its answer."""

    row: Row
    value: Answer


class ComparisonReport(Part):
    """See `app.model.EquivalenceReport`."""

    rows: Count
    thresholds: Annotated[list[Count], Field(fail_fast=True, min_length=2, max_length=2)]
    largest_difference: Annotated[float, Field(ge=0)]
    why: Sentence


class TimingsReport(Part):
    """See `app.model.Timings`."""

    us_per_row: Microseconds
    scikit_learn_us_per_row: Microseconds
    us_per_explanation: Microseconds | None
