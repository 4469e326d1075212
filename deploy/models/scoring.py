"""How good a model is on the table that it is added with, and whether that can be right at all."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from app.metrics import ON_ITS_TABLE
from deploy.base.errors import DeployError

ONE_SIDED = NormalDist().inv_cdf(0.95)
"""A classifier must be better than always saying the commonest label by more than 95 of 100 get by chance."""

NAMED = 6
CAUSE = (
    "Was the table scaled or encoded before the training? Give what did it: --before scaler.joblib."
    " Or are the answers in another column (--target), or of another scale (a logarithm)?"
)
GO_ON = "If it is right all the same, add it with --anyway."


@dataclass(frozen=True)
class Score:
    """What was measured.

    Attributes:
        figures: name → figure.
        words: what the table calls each label, in the labels' order; None where the model's labels are the table's.
        doubt: why it can't be right, and what may be the cause; empty where it may.
    """

    figures: dict[str, float] = field(default_factory=dict)
    words: list[str] | None = None
    doubt: tuple[str, str] = ("", "")

    @property
    def metrics(self) -> dict[str, float]:
        """The figures, unless they can't be right: nobody boasts of those."""
        return {} if self.doubt[0] else self.figures


def score(
    labels: Sequence[Any] | None,
    predictions: Sequence[Any],
    answers: Sequence[Any],
    words: Sequence[str] | None = None,
    place: str = ON_ITS_TABLE,
) -> Score:
    """Compare predictions with a table's answers; rows without one don't count.

    Args:
        labels: of a classifier; None: the predictions are numbers.
        words: what the labels were encoded from, in their order, where that is known.
        place: which table it is, as the figures' names end.
    """
    pairs = [(_plain(one), _plain(other)) for one, other in zip(predictions, answers, strict=True) if other is not None]
    if not pairs:
        return Score()
    return _of_numbers(pairs, place) if labels is None else _of_labels([*map(_plain, labels)], pairs, words, place)


def _plain(value: Any) -> Any:
    """Return a value without blanks at its ends: a table's answers have none, a model's labels may."""
    return value.strip() if isinstance(value, str) else value


def require_plausible(file: str, data: str, measured: Score) -> None:
    """Stop where a score can't be right.

    Raises:
        DeployError: the figures, and the likely cause.
    """
    reason, cause = measured.doubt
    if reason:
        raise DeployError(f"{file}: its answers to {data} can't be right: {reason}", f"{cause} {GO_ON}")


def _of_labels(
    labels: Sequence[Any], pairs: Sequence[tuple[Any, Any]], encoded: Sequence[str] | None, place: str
) -> Score:
    known = Counter(answer for _, answer in pairs)
    words = None
    if not known.keys() & {*labels}:
        words = [*encoded] if encoded and known.keys() & {*encoded} else _words(labels, pairs, known)
        if words is None:
            theirs, ours = (", ".join(map(str, [*one][:NAMED])) for one in (known, labels))
            cause = "Were the labels encoded before the training? Give what did it: --labels encoder.joblib."
            return Score(doubt=(f"it answers {ours}, and the table says {theirs}", cause))
        by_label = dict(zip(labels, words, strict=True))
        pairs = [(by_label[prediction], answer) for prediction, answer in pairs]
    right = sum(prediction == answer for prediction, answer in pairs)
    figures = {f"accuracy{place}": round(right / len(pairs), 4)}
    label, times = known.most_common(1)[0]
    if len(known) > 1 and right <= _by_chance(len(pairs), times / len(pairs)):
        doubt = f"{right} of {len(pairs)} rows as the table has them, where always saying {label} gets {times}"
        return Score(figures, words, (doubt, CAUSE))
    return Score(figures, words)


def _words(labels: Sequence[Any], pairs: Sequence[tuple[Any, Any]], known: Counter[Any]) -> list[str] | None:
    """Return the table's words for labels that are numbers from 0 on, as LabelEncoder numbers words by the alphabet."""
    words = sorted(map(str, known))
    if [*labels] != [*range(len(words))] or not all(isinstance(word, str) for word in known):
        return None
    right = sum(words[int(prediction)] == answer for prediction, answer in pairs)
    share = known.most_common(1)[0][1] / len(pairs)
    return words if right > _by_chance(len(pairs), share) else None


def _by_chance(rows: int, share: float) -> float:
    """Return how many rows of so many somebody gets right who is right in such a share of them, at most, by chance."""
    return rows * share + ONE_SIDED * math.sqrt(rows * share * (1 - share))


def _of_numbers(pairs: Sequence[tuple[Any, Any]], place: str) -> Score:
    try:
        predictions, answers = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    except (TypeError, ValueError):
        return Score(doubt=("it answers numbers, and the table's column has texts", "Say which column: --target."))
    spread = float(np.square(answers - answers.mean()).sum())
    if spread == 0 or not math.isfinite(spread):
        return Score()
    r2 = 1 - float(np.square(answers - predictions).sum()) / spread
    figures = {f"r2{place}": round(r2, 4)} if math.isfinite(r2) else {}
    if not r2 > 0:
        doubt = f"it answers {_range(predictions)} where the table says {_range(answers)}, worse than the mean for all"
        return Score(figures, doubt=(f"{doubt} (R² {r2:.2g})", CAUSE))
    return Score(figures)


def _range(numbers: Any) -> str:
    return f"{np.min(numbers):.4g} to {np.max(numbers):.4g}"
