"""What kinds with a least and a greatest value have in common."""

import math
from collections.abc import Sequence

from app.faults import Fault, Refused
from app.languages import N_, Numeral, gettext

End = Numeral | str | None
"""Of a range, as people read it; None where it is open."""


def range_sentences(low: End, high: End) -> list[str]:
    """Return the sentence that states a range; none where the range is open at both ends."""
    if low is not None and high is not None:
        return [gettext(N_("From %(low)s to %(high)s."), low=low, high=high)]
    if low is not None:
        return [gettext(N_("At least %(low)s."), low=low)]
    return [gettext(N_("At most %(high)s."), high=high)] if high is not None else []


def closed(bounds: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    """Return a range whose open ends are closed by other numbers."""
    return bounds[0] if math.isfinite(bounds[0]) else low, bounds[1] if math.isfinite(bounds[1]) else high


def seen_sentences(ends: Sequence[End]) -> list[str]:
    """Return the sentence that states what the model has seen; none where it isn't known at both ends."""
    if len(ends) < 2 or None in ends or str(ends[0]) == str(ends[1]):
        return []
    return [gettext(N_("The model has seen %(low)s to %(high)s."), low=ends[0], high=ends[1])]


def out_of_range(low: End, high: End) -> Refused:
    """Return why a value outside of a range is refused; the range has at least one end."""
    if high is None:
        return Refused(N_("is out of range: at least %(low)s"), low=low)
    if low is None:
        return Refused(N_("is out of range: at most %(high)s"), high=high)
    return Refused(N_("is out of range: from %(low)s to %(high)s"), low=low, high=high)


def outside_of_seen(low: End, high: End) -> Fault:
    """Return how a value differs that is outside of what the model has seen."""
    if high is None:
        return Fault(N_("is less than %(low)s, the least that the model has seen"), {"low": low})
    if low is None:
        return Fault(N_("is more than %(high)s, the most that the model has seen"), {"high": high})
    return Fault(N_("is outside what the model has seen (%(low)s to %(high)s)"), {"low": low, "high": high})


def seen_note(low: float | str | None, high: float | str | None) -> str:
    """Return, for programmers, what the model has seen."""
    return f"the model has seen {low} to {high}; another value is answered with a warning"
