"""What people call a model, its answer and its columns: words out of ``bill_length`` or ``c04_ames``."""

import re
from collections.abc import Sequence
from typing import Any

SEPARATORS = re.compile(r"[\s_]+|(?<=[^\W\d_])[.-](?=[^\W_])")
LOWER, UPPER = "a-zà-öø-ÿ", "A-ZÀ-ÖØ-Þ"
HUMPS = re.compile(
    rf"(?<=[{LOWER}]{{2}})(?=[{UPPER}])|(?<=[{UPPER}][{LOWER}])(?=[{UPPER}][{LOWER}{UPPER}])"
    rf"|(?<=[{UPPER}\d])(?=[{UPPER}][{LOWER}]{{2}})"
)
"""Where a word begins in CamelCase; pH, eGFR and HbA1c are one."""

SYMBOL = re.compile(r"[^\W\d_]?\d*", re.ASCII)
"""A name that is none: x, x1."""

SHORT = 3
"""Letters of what may be an abbreviation in a name that is all capitals: BMI, and not AGE_GROUP."""

CHARACTERS = 80
"""Of a title, at most."""

TECHNICAL = frozenset((
    "model", "modelo", "pipeline", "pipe", "clf", "classifier", "clasificador", "regressor", "regresor",
    "regression", "estimator", "estimador", "predictor", "final", "best", "mejor", "trained", "entrenado",
    "fitted", "my", "mi", "rf", "xgb", "lgbm", "gb", "hgb", "svm", "svc", "svr", "knn", "lr", "mlp", "nn", "ml",
    "sklearn", "skl", "random", "forest", "logreg", "logistic", "grid", "gridsearch", "search", "new", "nuevo",
    "copy", "copia", "prod", "production", "tuned",
))  # fmt: skip
"""Words of a file's name that say how it was made, and not what it is about."""

NUMBERED = re.compile(r"[a-z]{0,2}\d+", re.IGNORECASE | re.ASCII)
"""A version, a date or an exercise: v2, 2026, c04."""


def in_words(name: str) -> str:
    """Return a name as a person would write it: ``Bill length``, ``Total bsmt SF``; a symbol as it is."""
    if " " in name.strip():
        words = name.split()
    else:
        parts = [part for part in SEPARATORS.split(name) if part]
        words = [word for part in parts for word in HUMPS.split(part)]
        words = [_lowered(word, name.isupper() and len(name) > SHORT) for word in words]
    text = " ".join(words)
    if not text or SYMBOL.fullmatch(text) or not words[0].islower():
        return text or name
    return text[0].upper() + text[1:]


def in_sentence(words: str) -> str:
    """Return words as they stand within a sentence: without their capital, unless it is an abbreviation's."""
    return words[0].lower() + words[1:] if words[1:2].islower() else words


def title(name: str, answer: str) -> str:
    """Return what people may call a model.

    Args:
        name: its folder's, or its file's.
        answer: what it predicts, in words; empty where that isn't known.
    """
    tokens = [token for token in SEPARATORS.split(name) if token]
    telling = [token for token in tokens if token not in TECHNICAL and not NUMBERED.fullmatch(token)]
    about = in_words("_".join(telling))
    if not answer:
        text = about or in_words(name)
        return _shortened(text[0].upper() + text[1:])
    shared = {*about.casefold().split()} & {*answer.casefold().split()}
    if not about or shared:
        return _shortened(max(answer, about, key=len))
    return _shortened(f"{about}: {in_sentence(answer)}")


def description(answer: str, labels: int | None, columns: Sequence[str]) -> dict[str, str]:
    """Return what a model does, in both languages.

    Args:
        answer: what it predicts, in words; empty where that isn't known.
        labels: how many it chooses between; None for a number.
        columns: what it is given, in words.
    """
    name = _shortened(answer)
    es = f"«{name}»" if name else "un número" if labels is None else f"una de {labels} respuestas"
    en = f"“{name}”" if name else "a number" if labels is None else f"one of {labels} answers"
    return _from_columns(es, en, columns)


def description_of_several(answers: Sequence[str], count: int, columns: Sequence[str]) -> dict[str, str]:
    """Return what a model does that predicts several things at once, in both languages.

    Args:
        answers: what they are, in words; none where that isn't known.
        count: how many there are.
        columns: what it is given, in words.
    """
    if len(", ".join(answers)) > CHARACTERS or not answers:
        return _from_columns(f"{count} cosas a la vez", f"{count} things at once", columns)
    *es, last_es = (f"«{answer}»" for answer in answers)
    *en, last_en = (f"“{answer}”" for answer in answers)
    return _from_columns(f"{', '.join(es)} y {last_es}", f"{', '.join(en)} and {last_en}", columns)


def numbered(number: int) -> dict[str, str]:
    """Return what one of several predictions is called whose column isn't known."""
    return {"es": f"Predicción {number}", "en": f"Prediction {number}"}


def of(subject: Any, words: Any) -> dict[str, str]:
    """Return words with what they are said of, in both languages: ``Price: low value``."""
    subjects, said = ({"es": text, "en": text} if isinstance(text, str) else text for text in (subject, words))
    return {
        language: said[language]
        if said[language].startswith(f"{subjects[language]}: ")
        else f"{subjects[language]}: {in_sentence(said[language])}"
        for language in ("es", "en")
    }


def _from_columns(es: str, en: str, columns: Sequence[str]) -> dict[str, str]:
    if len(columns) == 1:
        column = _shortened(columns[0])
        return {"es": f"Predice {es} a partir de «{column}».", "en": f"Predicts {en} from “{column}”."}
    return {
        "es": f"Predice {es} a partir de {len(columns)} propiedades.",
        "en": f"Predicts {en} from {len(columns)} properties.",
    }


def _lowered(word: str, is_shouted: bool) -> str:
    """Return a word of a name in small letters, unless it is an abbreviation, or has capitals within."""
    if is_shouted and len(word) <= SHORT:
        return word
    return word.lower() if is_shouted or word[1:].islower() else word


def _shortened(text: str) -> str:
    return text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"
