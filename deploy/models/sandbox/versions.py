"""The scikit-learns that wrote what this process opens: one of the same minor version is read, another is refused."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

patches_apart: set[str] = set()
"""Versions a patch apart from ours that wrote what this process has opened."""


@contextmanager
def recorded() -> Iterator[list[warnings.WarningMessage]]:
    """Record, as warnings, which other versions wrote what is opened meanwhile."""
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)  # scikit-learn 1.2 has no kind of its own for these
        yield messages
    patches_apart.update(message.original_sklearn_version for message in _inconsistent(messages))


def of_another_minor(messages: Iterable[warnings.WarningMessage]) -> Any:
    """Return the warning of a version that isn't a mere patch apart; None where there is none."""
    return next((message for message in _inconsistent(messages) if not _is_patch(message)), None)


def _inconsistent(messages: Iterable[warnings.WarningMessage]) -> list[Any]:
    return [message.message for message in messages if hasattr(message.message, "original_sklearn_version")]


def _is_patch(warning: Any) -> bool:
    theirs, ours = (str(version).split(".") for version in
                    (warning.original_sklearn_version, warning.current_sklearn_version))  # fmt: skip
    return theirs[:2] == ours[:2]
