"""The columns of a table that hold the answers: as a person names them, or those that the model doesn't know."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.engines.scikit_learn import Input, arrange
from app.engines.targets import columns_of
from app.tables import BadTable
from app.tables.opener import open_table
from app.values import Row
from deploy.base.errors import DeployError

MOST_COLUMNS = 10_000
"""Of a table."""


def named(file: str, given: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    """Return the columns that a person named: what has commas and is no column is several.

    Args:
        file: the table's; empty: there is none.
        known: the columns that the model knows.
    """
    columns: Sequence[str] = ()
    if file and any("," in name for name in given):
        with suppress(BadTable), Path(file).open("rb") as stream:
            columns = open_table(stream, [*known, *given], MOST_COLUMNS, known or given).names
    parts = [[name] if name in columns else name.split(",") for name in given]
    return [name.strip() for several in parts for name in several if name.strip()]


def target_count(estimator: Any, row: Row, container: Input, columns: dict[str, str]) -> int:
    """Return how many things a model answers to a row; one where it fails on it.

    Args:
        container, columns: as `app.engines.scikit_learn.arrange` has them.
    """
    try:
        return int(columns_of(estimator.predict(arrange([row], container, columns))).shape[1])
    except Exception:
        return 1


def of_targets(file: str, unknown: Any, count: int, targets: Sequence[str]) -> Any:
    """Return the answers, a column for each of so many targets; None where a table hasn't as many.

    Args:
        unknown: the columns that are named, or else those that the model doesn't know; None: no column can be told.
        targets: what was named.

    Raises:
        DeployError: more or fewer columns are named.
    """
    if unknown is None or unknown.shape[1] == count:
        return unknown
    require_count(file, [*unknown] if targets else [], count)
    return None


def require_count(file: str, names: Sequence[str], count: int) -> None:
    """Check that as many columns are named as a model has targets, if any is.

    Raises:
        DeployError: more or fewer are.
    """
    if len(names) in (0, count):
        return
    reason = f"{file}: the model answers {_things(count)}, and --target names {_things(len(names))}"
    several = "Name a column for each, in the order in which the model was trained: --target a,b"
    raise DeployError(reason, several if count > 1 else "Name the column with its answer.")


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"
