"""What may come out of the sandbox: claims of a process in which a stranger's code ran, each of a strict type.

Nothing else reaches a file of this project or a line on the operator's screen.
"""

import json
import math
import unicodedata
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from app.fields import KINDS, type_of
from deploy.base.errors import DeployError

LARGEST_BYTES = 1 << 30
"""Of a file that is handed over: a model's, or its graph."""

FIELDS, CHOICES, ROWS, METRICS, TYPES, KEYS = 10_000, 100_000, 50, 20, 1000, 30
"""Most of each that an answer can have."""

LINE_CHARACTERS, TEXT_CHARACTERS = 300, 100_000
WHOLE = 2**64
"""Numbers of a table are at most so far from 0."""

_BREAKS = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of what ends a line or moves a terminal's cursor, and of halves of characters."""

_DIRECTIONS = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))}
"""Marks that show what follows in another order than it is."""


def is_plain(text: str) -> bool:
    """Return whether a text is one line that looks like what it is."""
    return not any(letter in _DIRECTIONS or unicodedata.category(letter) in _BREAKS for letter in text)


def visible(text: str, most: int = LINE_CHARACTERS) -> str:
    """Return a text as one line that can be shown at a terminal, cut at so many characters."""
    line = " ".join(text[: 4 * most].split())
    shown = "".join(letter if is_plain(letter) else "\N{REPLACEMENT CHARACTER}" for letter in line)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("can't hold line breaks or control characters")
    return text


def _no_path(name: str) -> str:
    if name.startswith(("/", "~/")) or ".." in name.replace("\\", "/").split("/"):
        raise ValueError("can't be a path")
    return name


def _kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"is none of the kinds: {', '.join(KINDS)}")
    return name


def _shown(given: Any) -> Any:
    return visible(given, 600) if isinstance(given, str) else given


def _number(given: Any) -> int | float:
    if type(given) not in (int, float) or not -math.inf < given < math.inf:
        raise ValueError("is no number")
    if type(given) is int and abs(given) > WHOLE:
        raise ValueError("is too large a number")
    return float(given) if type(given) is float else int(given)


def _end(given: Any) -> int | float | str:
    return given if isinstance(given, str) and type_of([given]) else _number(given)


def _value(given: Any) -> bool | int | float | str:
    if isinstance(given, bool):
        return given
    if not isinstance(given, str):
        return _number(given)
    if len(given) > TEXT_CHARACTERS:
        raise ValueError(f"has more than {TEXT_CHARACTERS:,} characters")
    if any("\ud800" <= letter <= "\udfff" for letter in given):
        raise ValueError("holds half a character")
    return given


def _maybe(given: Any) -> bool | int | float | str | None:
    return None if given is None else _value(given)


Line = Annotated[str, Field(min_length=1, max_length=LINE_CHARACTERS), AfterValidator(_plain)]
Name = Annotated[Line, Field(max_length=100), AfterValidator(_no_path)]
Told = Annotated[str, BeforeValidator(_shown)]
"""A sentence: shown, never used."""

Number = Annotated[int | float, PlainValidator(_number)]
End = Annotated[int | float | str, PlainValidator(_end)]
"""Of a range: a number, or a text that is the value of a kind with ranges, such as a date's."""

Value = Annotated[bool | int | float | str, PlainValidator(_value)]
Maybe = Annotated[bool | int | float | str | None, PlainValidator(_maybe)]
Count = Annotated[int, Field(ge=0, le=1 << 40)]
Time = Annotated[float, Field(gt=0, le=1e12)]
PandasType = Annotated[
    str, Field(pattern=r"\A((u?int|float)(8|16|32|64)|bool|object|str|string|category|datetime64\[us\])\z")
]
"""Those that a table read by pandas can have."""


Kind = Annotated[str, AfterValidator(_kind)]
"""Of a field, as a contract calls it."""

Row = Annotated[list[Maybe], Field(fail_fast=True, max_length=FIELDS)]


class _Part(BaseModel):
    # Objects have named keys only, and of a list's faults the first is enough: a list of all would fill the memory.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class Reply(_Part):
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

    fault: Told
    advice: Told = ""


class Types(Reply):
    """The types of a skops file that must be trusted by name."""

    types: Annotated[list[Line], Field(fail_fast=True, max_length=TYPES)]


class FoundField(_Part):
    """What is known of a field's values; see `introspection.describe`."""

    name: Name
    kind: Kind
    missing: bool
    example: Value
    choices: Annotated[list[Value], Field(fail_fast=True, max_length=CHOICES)] | None = None
    minimum: End | None = None
    maximum: End | None = None
    maximum_characters: Annotated[int, Field(ge=1, le=10 * TEXT_CHARACTERS)] | None = None


class FoundMetric(_Part):
    """What was measured on the table."""

    name: Line
    value: Number


class Described(Reply):
    """What a contract needs to know of a model and its table; a skops file's estimator is attached, by joblib."""

    estimator: Line
    labels: Annotated[list[Value], Field(fail_fast=True, max_length=CHOICES)] | None
    fields: Annotated[list[FoundField], Field(fail_fast=True, min_length=1, max_length=FIELDS)]
    columns: Annotated[list[PandasType], Field(fail_fast=True, max_length=FIELDS)]
    rows: Annotated[list[Row], Field(fail_fast=True, max_length=ROWS)]
    answers: Annotated[list[Value], Field(fail_fast=True, max_length=ROWS)]
    metrics: Annotated[list[FoundMetric], Field(fail_fast=True, max_length=METRICS)]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.columns) != len(self.fields) or any(len(row) != len(self.fields) for row in self.rows):
            raise ValueError("fields, columns and rows are of different lengths")
        if len(self.answers) != len(self.rows):
            raise ValueError("there are more or fewer answers than rows")
        return self


class FoundGolden(_Part):
    """A row and its answer."""

    row: Row
    value: Value


class FoundProof(_Part):
    """See `app.model.EquivalenceReport`."""

    rows: Count
    thresholds: Annotated[list[Count], Field(fail_fast=True, min_length=2, max_length=2)]
    largest_difference: Annotated[float, Field(ge=0)]
    why: Told


class FoundTimings(_Part):
    """See `app.model.Timings`."""

    us_per_row: Time
    scikit_learn_us_per_row: Time


class Compared(Reply):
    """What a bundle says of its model beyond the contract; the graph is attached, where there is one."""

    input: Literal["numbers", "objects", "texts", "frame"]
    columns: Annotated[list[PandasType], Field(fail_fast=True, max_length=FIELDS)]
    golden: Annotated[list[FoundGolden], Field(fail_fast=True, max_length=ROWS)]
    engine: Literal["onnx", "scikit_learn"]
    proof: FoundProof
    timings: FoundTimings

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.engine == "onnx") != (self.attached > 0):
            raise ValueError("engine and graph don't fit together")
        if any(len(golden.row) != len(self.columns) for golden in self.golden):
            raise ValueError("golden rows and columns are of different lengths")
        return self


AnyReply = TypeVar("AnyReply", bound=Reply)


def read(line: bytes, kind: type[AnyReply], model: str) -> AnyReply:
    """Return the answer that a line is.

    Args:
        line: JSON.
        kind: of answer.
        model: the file that was asked about, for sentences.

    Raises:
        DeployError: it is a fault, or no such answer.
    """
    try:
        said = json.loads(line, object_pairs_hook=_object)
        if "fault" in said:
            fault = Fault.model_validate(said)
            raise DeployError(fault.fault or f"{model}: gives no reason", fault.advice)
        return kind.model_validate(said)
    except ValidationError as refusal:
        first = refusal.errors(include_input=False, include_context=False, include_url=False)[0]
        place = ".".join(visible(str(part), 60) for part in first["loc"][:4])
        words = f"{place}: {first['msg'].removeprefix('Value error, ')}".removeprefix(": ")
    except (ValueError, TypeError, RecursionError) as fault:
        words = f"is no answer: {fault}"
    reason = f"{model}: what was found in it can't be used: {visible(words)}"
    raise DeployError(reason, "Either its table is unusual there, or its own code answered for it.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > KEYS:
        raise ValueError(f"an object has more than {KEYS} keys")
    return dict(pairs)


def written(found: dict[str, Any], attached: bytes = b"") -> bytes:
    """Return an answer as `read` takes it, with what is attached to it."""
    said = {**found, "attached": len(attached)} if attached else found
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" + attached
