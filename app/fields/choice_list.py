"""The choices of a category as a form lists them: few to choose from, many to search in by typing."""

from collections import Counter
from collections.abc import Mapping, Sequence

from app.texts import LANGUAGES
from app.values import LabelledValue, as_text

SEARCHED = 30
"""A form lists so many choices at most; more are searched by what is typed."""


class ChoiceList:
    """The labels of choices, and the choices that labels are.

    Args:
        choices: of the category.

    Attributes:
        is_searched: whether there are so many that one is typed.
        labels: language → a choice as text → its label, with that text where another has the same label.
    """

    def __init__(self, choices: Sequence[LabelledValue]) -> None:
        self.is_searched = len(choices) > SEARCHED
        self.labels = {language: self._labels(choices, language) for language in LANGUAGES}
        self._texts = {
            language: {_key(label): text for text, label in self.labels[language].items()} for language in LANGUAGES
        }

    def _labels(self, choices: Sequence[LabelledValue], language: str) -> Mapping[str, str]:
        labels = {as_text(choice.value): choice.label[language] for choice in choices}
        times = Counter(map(_key, labels.values())) if self.is_searched else Counter()
        return {text: f"{label} ({text})" if times[_key(label)] > 1 else label for text, label in labels.items()}

    def text_of(self, typed: str, language: str) -> str:
        """Return the choice, as text, that is typed as such or by its label; else what is typed."""
        if not self.is_searched or typed.strip() in self.labels[language]:
            return typed
        return self._texts[language].get(_key(typed), typed)


def _key(label: str) -> str:
    return " ".join(label.split()).casefold()
