"""A model's contract, as ``models/<name>/model.yaml`` states it: what goes in, what comes out, in people's words.

Form, API, documents and protocols are derived from it. Its JSON Schema is ``models/model.schema.json``.
"""

import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from app.card import Card
from app.fields import AnyField
from app.fields.parts import Name
from app.numerals import Mark
from app.texts import Part, Phrase, Text, check_unique
from app.values import LabelledValue, Plain, as_text

MOST_TARGETS = 50
"""Of a model: its page and its tables have a part for each."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=63)]


class Target(Part):
    """What is predicted: all of it, or one of several things that a model predicts at once."""

    name: Name | None = Field(None, description="of one of several targets: its name in answers, such as its column's")
    label: Text = Field(description="what people call the prediction")


class Classification(Target):
    """The prediction is one of a few labels."""

    kind: Literal["classification"]
    labels: tuple[LabelledValue, ...] = Field(min_length=2)
    margin: float = Field(
        0.2, ge=0, le=1, description="the page only says a label by itself if it is so much likelier than the next"
    )
    cases: Text | None = Field(None, description="what the page calls a hundred of them, e.g. such passengers")

    @model_validator(mode="after")
    def _check_labels(self) -> Self:
        check_unique("label", [as_text(label.value) for label in self.labels])
        return self


class Interval(Part):
    """How far predictions were from the truth, on rows that the model wasn't trained on."""

    margin: float = Field(gt=0, description="they were at most so far from it")
    coverage: float = Field(0.9, gt=0, lt=1, description="in such a share of cases")
    rows: int = Field(ge=1, description="how many rows it was measured on")
    minimum: float | None = Field(None, description="the least value that there can be: no interval reaches below it")

    def ends(self, value: float) -> tuple[float, float]:
        """Return the ends of a prediction's interval."""
        low, high = value - self.margin, value + self.margin
        return (low, high) if self.minimum is None else (max(self.minimum, low), max(self.minimum, high))


class Regression(Target):
    """The prediction is a number."""

    kind: Literal["regression"]
    unit: Text | None = Field(None, description="what it is measured in")
    interval: Interval | None = Field(None, description="where the truth lies: model add --test FILE measures it")


AnyTarget = Annotated[Classification | Regression, Field(discriminator="kind")]


class Example(Part):
    """A row that a click fills into the form."""

    label: Text | None = Field(None, description="what people call it; by default by its answer")
    answer: Plain | None = Field(None, description="the label that the model answers")
    values: dict[Name, Plain] = Field(description="field → value; another field gets its default, or stays empty")

    @model_validator(mode="after")
    def _check_label(self) -> Self:
        if self.label is None and self.answer is None:
            raise ValueError("an example needs a label, or the answer that it is called by")
        return self


class TableFormat(Part):
    """How tables of the model's rows are written, where they don't say it themselves."""

    encoding: Literal["utf-8", "utf-16", "windows-1252"] | None = None
    separator: Literal[",", ";", "\t", "|"] | None = Field(None, description="what stands between cells")
    decimal: Mark | None = Field(
        None, description="what stands before the decimals: decides where 2.536 or 7,727 could be thousands"
    )


class Contract(Part):
    """What model.yaml states."""

    name: Slug = Field(description="the folder's name, and the model's in addresses")
    title: Text
    description: Text
    source: Text | None = Field(None, description="where the training data comes from")
    method: Text | None = Field(None, description="how the model computes, e.g. a random forest")
    licence: Phrase | None = Field(None, description="the licence of model and data")
    trained: datetime.date | None = Field(None, description="the day of the training, e.g. 2026-11-20")
    metrics: dict[Phrase, int | float] = Field({}, description="what was measured, where no train.py measures it")
    predicts: AnyTarget
    also: tuple[AnyTarget, ...] = Field(
        (),
        max_length=MOST_TARGETS - 1,
        description="what the model predicts at once with that: further targets, in the model's order; each has a name",
    )
    fields: tuple[AnyField, ...] = Field(min_length=1)
    links: bool = Field(
        True,
        description="whether an address may hold an answer and what was entered; false where that is private, since "
        "browsers, mails and proxies keep addresses",
    )
    card: Card = Field(Card(), description="what people must know before they use it; what is left out isn't published")
    examples: tuple[Example, ...] = Field((), max_length=6, description="rows that a click fills into the form")
    table: TableFormat | None = Field(None, description="how tables of its rows are written: as the training table was")

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        check_unique("field", [field.name for field in self.fields])
        return self

    @model_validator(mode="after")
    def _check_targets(self) -> Self:
        if not self.also and self.predicts.name is not None:
            raise ValueError("predicts.name: only what is one of several targets has a name; the others stand in also")
        names = [target.name for target in self.targets if target.name is not None]
        if self.also and len(names) < len(self.targets):
            raise ValueError("also: where there are several targets, each needs a name, that of predicts too")
        check_unique("target", names)
        return self

    @model_validator(mode="after")
    def _check_examples(self) -> Self:
        labels = [label.value for label in self.predicts.labels] if isinstance(self.predicts, Classification) else []
        names = {field.name for field in self.fields}
        for place, example in enumerate(self.examples):
            if unknown := [name for name in example.values if name not in names]:
                raise ValueError(f"examples.{place}: there is no field {', '.join(unknown)}")
            if example.answer is not None and example.answer not in labels:
                raise ValueError(f"examples.{place}: answer {example.answer!r} is not one of the labels")
        return self

    @property
    def targets(self) -> tuple[Classification | Regression, ...]:
        """What is predicted, in the model's order."""
        return (self.predicts, *self.also)

    @property
    def target_names(self) -> list[str]:
        """The names of several targets; none where there is but one."""
        return [target.name or "" for target in self.targets] if self.also else []

    @property
    def example(self) -> dict[str, Any]:
        """The examples of all fields: field → value."""
        return {field.name: field.example for field in self.fields}
