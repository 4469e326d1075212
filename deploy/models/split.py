"""Which rows of a table its training held out: as ``train_test_split`` chooses them, or simply the last."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

STRATIFIED = "stratified"


@dataclass(frozen=True)
class Split:
    """How a table was split for the training.

    Attributes:
        share: that was held out, between 0 and 1.
        seed: ``random_state``; None: the last rows were held out, in their order.
        stratified: ``stratify`` was the column with the answers.
    """

    share: float
    seed: int | None = None
    stratified: bool = False

    def __str__(self) -> str:
        words = [f"{self.share:g}", "" if self.seed is None else str(self.seed), STRATIFIED if self.stratified else ""]
        return ",".join(filter(None, words))

    def held_out(self, count: int, answers: Any) -> Sequence[int]:
        """Return the places of the rows that were held out.

        Raises:
            ValueError: scikit-learn couldn't split such a table so.
        """
        from sklearn.model_selection import train_test_split

        shuffled = {"random_state": self.seed, "stratify": answers if self.stratified else None}
        how = shuffled if self.seed is not None else {"shuffle": False}
        return sorted(train_test_split(range(count), test_size=self.share, **how)[1])


def parse(text: str) -> Split:
    """Return the split that a person wrote: a share, a seed, ``stratified``.

    Raises:
        argparse.ArgumentTypeError: it isn't one.
    """
    share, *others = text.split(",")
    try:
        split = Split(float(share), int(others[0]) if others else None, others[1:] == [STRATIFIED])
    except ValueError:
        split = Split(0)
    if not 0 < split.share < 1 or (others[1:] and not split.stratified):
        ways = f"0.2 (the last fifth), or with train_test_split's random_state: 0.2,42 or 0.2,42,{STRATIFIED}"
        raise argparse.ArgumentTypeError(f"{text!r} is no share of the rows: {ways}")
    return split
