"""What may come out of the sandbox: claims of a process in which a stranger's code ran, each of a strict type.

Nothing else reaches a file of this project or a line on the operator's screen.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from app.contract import MOST_TARGETS
from app.engines import Task
from deploy.base.errors import DeployError
from deploy.models.sandbox.claims import (
    FIELDS,
    Answer,
    Line,
    PandasType,
    Row,
    Sentence,
    Version,
)
from deploy.models.sandbox.reports import (
    ComparisonReport,
    ExampleReport,
    FieldReport,
    GoldenReport,
    GroupReport,
    MetricReport,
    Part,
    TargetReport,
    TimingsReport,
)
from deploy.models.sandbox.text import visible

LARGEST_BYTES = 1 << 30
"""Of a file that is handed over: a model's, or its graph."""

ROWS, PARTS, NOTES, TYPES, KEYS, EXAMPLES = 50, 20, 100, 1000, 30, 5
METRICS = 20 * MOST_TARGETS
"""Most of each that a reply can have."""


class Reply(Part):
    """An answer.

    Attributes:
        attached: bytes that follow its line.
    """

    attached: Annotated[int, Field(ge=0, le=LARGEST_BYTES)] = 0


class Ready(Reply):
    """The process runs, and has opened nothing yet."""

    ready: Literal[True]


class Fault(Reply):
    """Why there is no answer, in words for people."""

    fault: Sentence
    advice: Sentence = ""


class UntrustedTypes(Reply):
    """The types of a skops file that must be trusted by name."""

    types: Annotated[list[Line], Field(fail_fast=True, max_length=TYPES)]


class Writers(Reply):
    """The scikit-learns that wrote files, each such as 1.3.2; empty where a file doesn't say."""

    versions: Annotated[list[Version], Field(fail_fast=True, max_length=TYPES)]


class Composed(Reply):
    """A model was put together with its transformers; it is attached, by joblib."""

    composed: Literal[True]


class TableReport(Reply):
    """How a table is written; see `app.contract.TableFormat`.

    Attributes:
        question: which number of it can be read in two ways; empty where none can.
    """

    encoding: Literal["utf-8", "utf-16", "windows-1252"] | None
    separator: Literal[",", ";", "\t", "|"] | None
    decimal: Literal[".", ","] | None
    question: Sentence


class Description(Reply, TargetReport):
    """What a contract needs to know of a model and its table; the estimator is attached where its file isn't kept.

    Attributes:
        also: further targets.
        training_only: steps that were left out.
        made_by: the scikit-learns of other patch versions that wrote it.
    """

    estimator: Line
    task: Task = "supervised"
    also: list[TargetReport] = Field(default_factory=list, fail_fast=True, max_length=MOST_TARGETS - 1)
    fields: Annotated[list[FieldReport], Field(fail_fast=True, min_length=1, max_length=FIELDS)]
    columns: Annotated[list[PandasType], Field(fail_fast=True, max_length=FIELDS)]
    rows: Annotated[list[Row], Field(fail_fast=True, max_length=ROWS)]
    answers: Annotated[list[Answer], Field(fail_fast=True, max_length=ROWS)]
    metrics: Annotated[list[MetricReport], Field(fail_fast=True, max_length=METRICS)]
    training_only: list[Line] = Field(default_factory=list, fail_fast=True, max_length=PARTS)
    made_by: list[Line] = Field(default_factory=list, fail_fast=True, max_length=PARTS)
    notes: list[Sentence] = Field(default_factory=list, fail_fast=True, max_length=NOTES)
    groups: list[GroupReport] = Field(default_factory=list, fail_fast=True, max_length=NOTES)
    examples: list[ExampleReport] = Field(default_factory=list, fail_fast=True, max_length=EXAMPLES)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        rows = [*self.rows, *(example.values for example in self.examples)]
        if len(self.columns) != len(self.fields) or any(len(row) != len(self.fields) for row in rows):
            raise ValueError("fields, columns and rows are of different lengths")
        if len(self.answers) != len(self.rows):
            raise ValueError("there are more or fewer answers than rows")
        if any(_width(answer) != len(self.targets) for answer in self.answers):
            raise ValueError("a row has more or fewer answers than there are targets")
        return self

    @property
    def targets(self) -> Sequence[TargetReport]:
        """All that the model predicts."""
        return (self, *self.also)


def _width(answer: Any) -> int:
    return len(answer) if isinstance(answer, list) else 1


class Validation(Reply):
    """What a bundle says of its model beyond the contract; the graph is attached, where there is one."""

    input: Literal["numbers", "objects", "texts", "dicts", "frame"]
    columns: Annotated[list[PandasType], Field(fail_fast=True, max_length=FIELDS)]
    golden: Annotated[list[GoldenReport], Field(fail_fast=True, max_length=ROWS)]
    engine: Literal["onnx", "scikit_learn"]
    proof: ComparisonReport
    timings: TimingsReport

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.engine == "onnx") != (self.attached > 0):
            raise ValueError("engine and graph don't fit together")
        if any(len(golden.row) != len(self.columns) for golden in self.golden):
            raise ValueError("golden rows and columns are of different lengths")
        return self


AnyReply = TypeVar("AnyReply", bound=Reply)


def decode(line: bytes, kind: type[AnyReply], model: str) -> AnyReply:
    """Return the reply that a line is.

    Args:
        line: JSON.
        kind: of reply.
        model: the file that was asked about, for sentences.

    Raises:
        DeployError: it is a fault, or no such reply.
    """
    try:
        payload = json.loads(line, object_pairs_hook=_object)
        if "fault" in payload:
            fault = Fault.model_validate(payload)
            raise DeployError(fault.fault or f"{model}: gives no reason", fault.advice)
        return kind.model_validate(payload)
    except ValidationError as refusal:
        error = refusal.errors(include_input=False, include_context=False, include_url=False)[0]
        place = ".".join(visible(str(part), 60) for part in error["loc"][:4])
        problem = f"{place}: {error['msg'].removeprefix('Value error, ')}".removeprefix(": ")
    except (ValueError, TypeError, RecursionError) as fault:
        problem = f"is no answer: {fault}"
    reason = f"{model}: what was found in it can't be used: {visible(problem)}"
    raise DeployError(reason, "Either its table is unusual there, or the file's own code answered in its place.")


def encode(reply: dict[str, Any], attached: bytes = b"") -> bytes:
    """Return a reply as `decode` takes it, with what is attached to it."""
    payload = {**reply, "attached": len(attached)} if attached else reply
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" + attached


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > KEYS:
        raise ValueError(f"an object has more than {KEYS} keys")
    return dict(pairs)
