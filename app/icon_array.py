"""A probability as a hundred icons, so many of them filled, and as the sentence that counts them.

People judge "54 of 100" better than 0.54; PREDICT and QRISK, the calculators that doctors use, show both.
"""

from dataclasses import dataclass

from app.languages import N_, current, gettext
from app.texts import Texts

SIDE, STEP = 10, 10
"""Icons in a row, as many as rows; and units from one to the next."""

ALL = SIDE * SIDE


@dataclass(frozen=True)
class IconArray:
    """A hundred icons.

    Attributes:
        sentence: how many of them are filled, and what that means.
        filled, rest: paths of SVG with a dash for each icon.
    """

    sentence: str
    filled: str
    rest: str


def icon_array(share: float, label: str, cases: Texts | None) -> IconArray:
    """Return a share, 0 to 1, as icons; none or all are filled only where it is exactly that.

    Args:
        label: what so many of a hundred cases get.
        cases: what such cases are called.
    """
    nearest = round(share * ALL)
    count = min(max(nearest, 1 if share > 0 else 0), ALL if share >= 1 else ALL - 1)
    message = N_("%(count)s of 100 %(cases)s: %(label)s")
    if nearest < count:
        message = N_("fewer than 1 of 100 %(cases)s: %(label)s")
    elif nearest > count:
        message = N_("more than 99 of 100 %(cases)s: %(label)s")
    name = cases[current()] if cases else gettext(N_("such cases"))
    return IconArray(gettext(message, count=count, cases=name, label=label), _dashes(0, count), _dashes(count, ALL))


def _dashes(first: int, last: int) -> str:
    """Return a line through the middles of the icons from one to before another, a part for each row."""
    rows = [(max(first, start), min(last, start + SIDE)) for start in range(0, ALL, SIDE)]
    middle = STEP // 2
    return "".join(
        f"M{begin % SIDE * STEP + middle} {begin // SIDE * STEP + middle}h{(end - begin - 1) * STEP + 0.01}"
        for begin, end in rows
        if begin < end
    )
