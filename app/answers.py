"""A prediction as a page says it: the likeliest label first, and no verdict where the next is nearly as likely."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import prediction_json
from app.contract import Classification, Contract, Regression
from app.faults import Fault
from app.icon_array import IconArray, icon_array
from app.intervals import PredictionInterval, interval_of
from app.languages import current, measured, percent
from app.model import Model
from app.predictions import Prediction
from app.values import Row

SHOWN = 6
"""Labels that are seen at once."""

ENTERED_CHARACTERS = 200
"""Of an entry that is printed, at most."""


@dataclass(frozen=True)
class Share:
    """A label and how likely it is: 0 to 1, and in words."""

    label: str
    probability: float
    percentage: str


@dataclass(frozen=True)
class Answer:
    """What a page says of a prediction.

    Attributes:
        headline: the label, or the number with its unit.
        shares: of each label, the likeliest first; none where the model gives no probabilities.
        own: the share of the predicted label, which needn't be the likeliest: some models decide by a threshold.
        rival: the share of the likeliest other label.
        is_close: whether those two are too close for the label to be said by itself.
        is_label: whether it is a label rather than a number.
        icons: the predicted label's share of a hundred such cases.
    """

    headline: str
    shares: Sequence[Share] = ()
    own: Share | None = None
    rival: Share | None = None
    is_close: bool = False
    is_label: bool = True
    icons: IconArray | None = None

    @property
    def verdict(self) -> str:
        """What is said of it in a line: where it is close, how likely its label is comes first."""
        return f"{self.own.percentage}: {self.own.label}" if self.is_close and self.own else self.headline

    @property
    def first(self) -> Sequence[Share]:
        """The shares that are seen at once."""
        return self.shares[:SHOWN]

    @property
    def others(self) -> Sequence[Share]:
        """The shares that a click shows."""
        return self.shares[SHOWN:]


@dataclass(frozen=True)
class FurtherAnswer:
    """What a page says of a target after the first.

    Attributes:
        label: what people call what is predicted.
    """

    label: str
    answer: Answer
    interval: PredictionInterval | None


def further_answers(contract: Contract, prediction: Prediction) -> list[FurtherAnswer]:
    """Return what a page says of the targets after the first, in the language of the request."""
    return [
        FurtherAnswer(target.label[current()], _answer_of(target, own), interval_of(target, own))
        for target, own in zip(contract.also, prediction.further, strict=True)
    ]


def answer_of(contract: Contract, prediction: Prediction) -> Answer:
    """Return what a page says of a prediction, of several targets the first, in the language of the request."""
    return _answer_of(contract.predicts, prediction)


def _answer_of(predicts: Classification | Regression, prediction: Prediction) -> Answer:
    if not isinstance(predicts, Classification) or prediction.label is None:
        unit = None if isinstance(predicts, Classification) else predicts.unit
        return Answer(measured(float(prediction.value), unit), is_label=False)
    labels = [label.label[current()] for label in predicts.labels]
    shares = [Share(labels[place], share, percent(share)) for place, share in enumerate(prediction.probabilities or ())]
    if not shares:
        return Answer(labels[prediction.label])
    own = shares[prediction.label]
    shares.sort(key=lambda share: -share.probability)
    rival = next(share for share in shares if share is not own)
    is_close = abs(own.probability - rival.probability) < predicts.margin
    icons = icon_array(own.probability, own.label, predicts.cases)
    return Answer(own.label, shares, own, rival, is_close, icons=icons)


def entered(contract: Contract, row: Row) -> list[tuple[str, str]]:
    """Return labels and values of a row, for people."""
    words = [(field.heading(), field.in_words(value)) for field, value in zip(contract.fields, row, strict=True)]
    return [
        (label, text if len(text) <= ENTERED_CHARACTERS else text[:ENTERED_CHARACTERS] + "…") for label, text in words
    ]


def as_json(model: Model, row: Row, prediction: Prediction, warnings: Mapping[str, Fault]) -> str:
    """Return a row and its prediction as the API writes them."""
    names = [field.name for field in model.contract.fields]
    document = {
        "model": model.name,
        "version": model.version,
        "row": dict(zip(names, row, strict=True)),
        "prediction": prediction_json.as_json(model, prediction, warnings, current()),
    }
    return json.dumps(document, ensure_ascii=False, indent=2)
