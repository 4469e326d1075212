"""Measures what ``model add`` takes: processor time, which a loaded machine doesn't change much, and memory.

``.venv/bin/python -m tests.bench.adding [CASE …]``; without a sandbox, whose processes nobody could count.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from deploy.base.toolchain import NO_SANDBOX
from deploy.models import importer

TARGET, SEED = "answer", 24
WORDS = ("north", "south", "east", "west", "middle")


@dataclass(frozen=True)
class Case:
    """A table and what is fitted on it.

    Attributes:
        most_seconds, most_mib: of processor time and of memory, that adding it may take.
    """

    rows: int
    numbers: int
    words: int
    estimator: Callable[[], Any]
    is_label: bool
    most_seconds: float
    most_mib: int = 2048


def _mixed(encoder: Any, model: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    parts = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (encoder, make_column_selector(dtype_exclude="number")),
        sparse_threshold=0,
    )
    return make_pipeline(parts, model)


CASES = {
    "20,000 rows": Case(20_000, 11, 3, lambda: _mixed(OneHotEncoder(), LogisticRegression(max_iter=200)), True, 20),
    "200,000 rows": Case(
        200_000, 11, 3, lambda: _mixed(OneHotEncoder(), LogisticRegression(max_iter=200)), True, 60, 1024
    ),
    "gradient boosting": Case(8_000, 12, 2, lambda: _mixed(OneHotEncoder(), GradientBoostingClassifier()), True, 20),
    "histogram boosting": Case(
        50_000, 6, 3, lambda: _mixed(OrdinalEncoder(), HistGradientBoostingRegressor(random_state=0)), False, 20
    ),
}
"""Name → what is added."""


def main(names: list[str]) -> int:
    """Print a line for each case, and return 1 where one takes too much."""
    print("| | CPU seconds | at most | MiB | at most |\n|---|--:|--:|--:|--:|", flush=True)
    failed = False
    for name in names or CASES:
        case = CASES[name]
        with tempfile.TemporaryDirectory() as scratch:
            _write(case, Path(scratch))
            command = [sys.executable, "-m", "tests.bench.adding", "--one", scratch]
            done = subprocess.run(
                command, capture_output=True, text=True, env=os.environ | {NO_SANDBOX: "1"}, check=True
            )
        seconds, mib = map(float, done.stdout.split()[-2:])
        failed = failed or seconds > case.most_seconds or mib > case.most_mib
        print(f"| {name} | {seconds:.1f} | {case.most_seconds:g} | {mib:.0f} | {case.most_mib} |", flush=True)
    return int(failed)


def _write(case: Case, folder: Path) -> None:
    chance = np.random.default_rng(SEED)
    table = pd.DataFrame({f"n{number}": chance.normal(50, 20, case.rows).round(2) for number in range(case.numbers)})
    for number in range(case.words):
        table[f"w{number}"] = chance.choice(WORDS, case.rows)
    score = table["n0"] + table["n1"] * (table["w0"] == "north") + chance.normal(0, 10, case.rows)
    answers = np.where(score > score.median(), "yes", "no") if case.is_label else score.round(1)
    joblib.dump(case.estimator().fit(table, answers), folder / "model.joblib")
    table.assign(**{TARGET: answers}).to_csv(folder / "table.csv", index=False)


def _add(folder: Path) -> None:
    """Add a case's model, and print the processor time and the memory that it took."""
    began = _seconds()
    importer.add(
        folder / "model.joblib",
        data=folder / "table.csv",
        target=TARGET,
        trust=True,
        models=folder / "models",
        bundles=folder / "bundles",
    )
    kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"\n{_seconds() - began} {kib / 1024}")


def _seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _add(Path(sys.argv[2]))
        sys.exit()
    sys.exit(main(sys.argv[1:]))
