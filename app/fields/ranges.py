"""What kinds with a least and a greatest value have in common."""

from app.faults import Refused
from app.languages import N_, gettext


def range_sentences(low: str | None, high: str | None) -> list[str]:
    """Return the sentence that states a range; none where the range is open at both ends."""
    if low is not None and high is not None:
        return [gettext(N_("From %(low)s to %(high)s."), low=low, high=high)]
    if low is not None:
        return [gettext(N_("At least %(low)s."), low=low)]
    return [gettext(N_("At most %(high)s."), high=high)] if high is not None else []


def out_of_range(low: float | str | None, high: float | str | None) -> Refused:
    """Return why a value outside of a range is refused; the range has at least one end."""
    if high is None:
        return Refused(N_("is out of range: at least %(low)s"), low=low)
    if low is None:
        return Refused(N_("is out of range: at most %(high)s"), high=high)
    return Refused(N_("is out of range: from %(low)s to %(high)s"), low=low, high=high)
