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
        filled, rest: paths of SVG, of a dot for each icon.
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
    sentence = gettext(message, count=count, cases=name, label=label)
    return IconArray(sentence, _dots(range(count)), _dots(range(count, ALL)))


def _dots(places: range) -> str:
    """Return lines of hardly any length, which round ends make dots, in the middles of icons."""
    return "".join(f"M{place % SIDE * STEP + STEP // 2} {place // SIDE * STEP + STEP // 2}h.01" for place in places)
