"""A date, or a date with a time of day, as ISO 8601 writes it; the model gets pandas' datetimes.

Of no time zone: what a wall calendar and a wall clock show where the table was made. A time that names its zone is
refused, since nothing tells which zone the model was trained in.
"""

import datetime
import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BeforeValidator, model_validator
from pydantic import Field as Property

from app.faults import Fault, Refused
from app.fields import ranges
from app.fields.field import PUBLIC, Field
from app.fields.parts import Column, Container, Readers, Schema, TensorType, Widget
from app.fields.seen import Seen
from app.languages import N_, gettext, moment
from app.values import Value

WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6}0*)?)?)"
    r"(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
"""Day, time, zone; other forms of ISO 8601, such as weeks, are not accepted."""

DAY = len("2026-11-26")
MIDNIGHT = re.compile(r"[0:.]+")
POINTS = 25
"""Of a chart's line, along the range."""

DAYS, SECONDS = (datetime.date.min.toordinal(), datetime.date.max.toordinal()), 24 * 3600
"""The first and the last day that Python knows; the seconds of one."""


def _as_iso(value: Any) -> Any:
    """Return a date as text, whatever YAML made of it; only here are its form, and that the day exists, checked."""
    text = value.isoformat() if isinstance(value, datetime.date) else value
    match = WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if not match or match[3]:
        raise ValueError(
            "is not a date without a time zone: write 2026-11-26, or 2026-11-26T10:00 with the time of day"
        )
    return _normalised(text)


def _normalised(text: str) -> str:
    """Return a date as rows hold it: as texts, such dates sort by time."""
    kind = datetime.datetime if len(text) > DAY else datetime.date
    return kind.fromisoformat(text).isoformat()


Moment = Annotated[str, BeforeValidator(_as_iso, json_schema_input_type=str)]


class SeenDates(Seen):
    """What the model's table showed of a date."""

    minimum: Moment | None = Property(None, description="the first date")
    maximum: Moment | None = Property(None, description="the last date")


class DateField(Field):
    """A date; with a time of day where its example has one. Of no time zone."""

    kind: Literal["date"]
    minimum: Moment | None = Property(None, description="the first date, itself included")
    maximum: Moment | None = Property(None, description="the last date, itself included")
    seen: SeenDates | None = None
    example: Moment = Property(description="2026-11-26; or 2026-11-26T10:00, and every value has a time of day")
    default: Moment | None = None

    pandas_type: ClassVar[str] = "datetime64[us]"
    graph_fault: ClassVar[str] = "dates"

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        values = {"minimum": self.minimum, "maximum": self.maximum, "default": self.default}
        if self.seen:
            values |= {"seen.minimum": self.seen.minimum, "seen.maximum": self.seen.maximum}
        for name, value in values.items():
            if value is not None and ("T" in value) != self.has_time:
                raise ValueError(f"{name} {value} and example {self.example}: one has a time of day, the other doesn't")
        low, high = self.minimum or "", self.maximum or "~"
        if low >= high:
            raise ValueError(f"minimum {low} must be before maximum {high}")
        for name, value in (("example", self.example), ("default", self.default)):
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} {value} is outside {self.minimum or '…'} to {self.maximum or '…'}")
        return self

    @property
    def has_time(self) -> bool:
        """Whether its values have a time of day."""
        return "T" in self.example

    @property
    def usual_bounds(self) -> tuple[str | None, str | None]:
        """First and last date that the model has seen; the contract's own where nothing is known."""
        seen = self.seen or SeenDates()
        ends = (self.minimum, seen.minimum), (self.maximum, seen.maximum)
        low, high = ([end for end in pair if end is not None] for pair in ends)
        return max(low, default=None), min(high, default=None)

    def present_warning(self, value: Value) -> Fault | None:
        low, high = self.usual_bounds
        if (low or "") <= str(value) <= (high or "~"):
            return None
        return ranges.outside_of_seen(low, high)

    @property
    def tensor_type(self) -> TensorType:
        return "BYTES"

    @property
    def container(self) -> Container:
        return "frame"

    def readers(self) -> Readers:
        return Readers(self._read, lambda text, mark: self._read(text), self._column)

    def _read(self, value: Any) -> str:
        text = value.strip() if isinstance(value, str) else ""
        match = WRITTEN.fullmatch(text)
        if not match:
            raise Refused(N_("is not a date: write it like %(example)s"), example=self.example)
        day, time, zone = match.groups()
        if zone:
            raise Refused(N_("has a time zone: write the local time, like %(example)s"), example=self.example)
        if self.has_time and not time:
            raise Refused(N_("has no time of day: write date and time, like %(example)s"), example=self.example)
        if time and not self.has_time and not MIDNIGHT.fullmatch(time):
            raise Refused(N_("has a time of day: write only the date, like %(example)s"), example=self.example)
        try:
            return self._check_limits(_normalised(text if self.has_time else day))
        except ValueError:
            raise Refused(N_("does not exist in the calendar")) from None

    def _check_limits(self, text: str) -> str:
        if (self.minimum or "") <= text <= (self.maximum or "~"):
            return text
        raise ranges.out_of_range(self.minimum, self.maximum)

    def _column(self, values: Sequence[Any]) -> Sequence[Value] | None:
        if not {str}.issuperset(map(type, values)):
            return None
        dates = {value: self._read(value) for value in {*values}}
        return [dates[value] for value in values]

    def value_schema(self) -> Schema:
        return {"type": "string", "format": "date-time-local" if self.has_time else "date"}

    def notes(self) -> list[str]:
        ends = {"from": self.minimum, "to": self.maximum}
        notes = [f"{preposition} {end}" for preposition, end in ends.items() if end]
        notes += [ranges.seen_note(*self.usual_bounds)] if self.seen else []
        return ["without a time zone", *notes] if self.has_time else notes

    def widget(self) -> Widget:
        ends = {"min": self.minimum, "max": self.maximum}
        attributes = {name: end for name, end in ends.items() if end is not None}
        has_seconds = self.has_time and any(not end.endswith(":00") for end in [self.example, *attributes.values()])
        step = {"step": "1"} if has_seconds else {}  # without it browsers leave the seconds out
        return Widget("line", attributes | step, input_type="datetime-local" if self.has_time else "date")

    def hints(self) -> list[str]:
        low, high = (None if end is None else moment(end) for end in (self.minimum, self.maximum))
        seen = [moment(end) for end in self.usual_bounds if self.seen and end]
        return [
            *ranges.range_sentences(low, high),
            *ranges.seen_sentences(seen),
            gettext(N_("For example, %(example)s."), example=moment(self.example)),
        ]

    def present_in_words(self, value: Value) -> str:
        return moment(str(value))

    def alternatives(self, here: Value) -> list[Value]:
        first, last = self.usual_bounds
        if first is None or last is None:
            return []
        low, high = self._number(first), self._number(last)
        numbers = {round(low + (high - low) * step / (POINTS - 1)) for step in range(POINTS)}
        texts = {self._text(number) for number in numbers} | {*self.landmarks()}
        return [*sorted(texts | ({str(here)} if here is not None else set()))]

    def landmarks(self) -> list[str]:
        first, last = self.usual_bounds
        if first is None or last is None:
            return []
        middle = self._text(round((self._number(first) + self._number(last)) / 2))
        return sorted({first, middle, last} | ({self.example} if first < self.example < last else set()))

    def position(self, value: Value) -> float | None:
        return self._number(str(value))

    def corners(self) -> Sequence[Value]:
        ends = {self.minimum, self.maximum, *self.usual_bounds} - {None}
        return sorted(map(str, ends))

    def drawn(self, known: Sequence[Value], chance: np.random.Generator, count: int) -> list[Value]:
        numbers = [self._number(str(value)) for value in known if value is not None] or [self._number(self.example)]
        spread = (max(numbers) - min(numbers)) or self._unit
        first, last = (day * self._unit for day in DAYS)
        low = max(min(numbers) - spread, first) if self.minimum is None else self._number(self.minimum)
        high = min(max(numbers) + spread, last) if self.maximum is None else self._number(self.maximum)
        return [self._text(number) for number in chance.integers(int(low), int(high), count, endpoint=True).tolist()]

    @property
    def _unit(self) -> int:
        """How many of its steps a day has: one, or seconds."""
        return SECONDS if self.has_time else 1

    def _number(self, text: str) -> float:
        """Return the number of a day, or of a second: a date's place on its axis."""
        value = datetime.datetime.fromisoformat(text)
        seconds = (value - datetime.datetime.combine(value.date(), datetime.time())).total_seconds()
        return value.toordinal() * self._unit + (seconds if self.has_time else 0)

    def _text(self, number: int) -> str:
        days, seconds = divmod(number, self._unit)
        day = datetime.date.fromordinal(days)
        if not self.has_time:
            return day.isoformat()
        return (datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=seconds)).isoformat()

    @classmethod
    def is_written(cls, texts: Sequence[str]) -> bool:
        try:
            return bool(texts) and all(map(_as_iso, {*texts}))
        except ValueError:
            return False

    @classmethod
    def typical(cls, present: Sequence[Any], example: Any) -> Value:
        ordered = sorted(_as_iso(str(value)) for value in present)
        return ordered[len(ordered) // 2][: None if "T" in example else DAY] if len(ordered) >= PUBLIC else str(example)

    @classmethod
    def recognised(cls, column: Column) -> dict[str, Any] | None:
        if not column.pandas_type.startswith("datetime64") or not column.present or column.categories is not None:
            return None
        values = sorted(_as_iso(str(value)) for value in column.present)
        if all(value.endswith("T00:00:00") or "T" not in value for value in values):
            values = [value[:DAY] for value in values]
        return {"example": values[len(values) // 2], "seen": {"minimum": values[0], "maximum": values[-1]}}
