"""Strangers' models go through ``model add`` and answer over HTTP as scikit-learn does in process.

``PUERTO_FULL=1`` takes each estimator of scikit-learn's, not every twentieth.
"""

import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from deploy.base.errors import DeployError
from deploy.models import importer
from deploy.models.json_values import json_value
from deploy.models.tolerance import tolerance_of
from tests.models import strangers
from tests.run import FULL
from tests.served import served

REQUESTED_ROWS = 30
PARTS = 2
"""Each a group of tests/conftest.py."""

Models = dict[str, tuple[Any, pd.DataFrame]]
"""Name → fitted estimator and its table."""


@pytest.fixture(scope="module", params=range(PARTS))
def models(request: pytest.FixtureRequest) -> Models:
    """The models of one part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fitting on so few rows
        estimators = [*strangers.every_estimator()]
        assert len(estimators) >= 50
        pairs = [*estimators[:: 1 if FULL else 20], *strangers.pipelines()][request.param :: PARTS]
    return {name.lower(): (estimator, table) for name, estimator, table in pairs}


@pytest.fixture(scope="module")
def added(models: Models, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder of their bundles, and name → why it was refused."""
    folder = tmp_path_factory.mktemp("strangers")

    def add(name: str) -> tuple[str, str]:
        estimator, table = models[name]
        joblib.dump(estimator, folder / f"{name}.joblib")
        table.to_csv(folder / f"{name}.csv", index=False)
        try:
            importer.add(
                folder / f"{name}.joblib",
                data=folder / f"{name}.csv",
                trust=True,
                models=folder / "models",
                bundles=folder / "bundles",
            )
        except DeployError as fault:
            return name, fault.reason
        return name, ""

    outcomes = dict(map(add, models))
    return folder / "bundles", {name: reason for name, reason in outcomes.items() if reason}


def test_none_is_refused(added):
    _, refused = added
    assert refused == {}


def test_answers_over_http_are_those_of_scikit_learn(models, added):
    bundles, refused = added
    wrong = []
    with served(bundles) as ask:
        for name, (estimator, table) in models.items():
            if name not in refused:
                rows = [
                    {key: json_value(value) for key, value in row.items()}
                    for row in table.head(REQUESTED_ROWS).to_dict("records")
                ]
                answer = ask("POST", f"/api/v1/models/{name}/predictions", rows)
                values = [value for row in answer.get("predictions", []) for value in values_of(row)]
                expected = in_process(estimator, table.head(REQUESTED_ROWS))
                if not same(values, expected):
                    wrong.append((name, values[:5] or answer, expected[:5]))
    assert wrong == []


def values_of(prediction: dict[str, Any]) -> list[Any]:
    value = prediction["value"]
    return [*value.values()] if isinstance(value, dict) else [value]


def in_process(estimator: Any, table: pd.DataFrame) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if hasattr(estimator, "feature_names_in_"):
            categories = {name: "category" for name in table if table[name].dtype.kind == "O"}
            try:
                answers = estimator.predict(table)
            except (ValueError, TypeError):
                answers = estimator.predict(table.astype(categories))
        elif table.shape[1] == 1 and not hasattr(estimator, "n_features_in_"):
            answers = estimator.predict(table.iloc[:, 0])
        else:
            answers = estimator.predict(table.to_numpy())
    return [json_value(answer) for answer in np.asarray(answers).reshape(-1)]


def same(values: list[Any], expected: list[Any]) -> bool:
    """Labels equal, numbers within the tolerance."""
    if len(values) != len(expected):
        return False
    tolerance = tolerance_of(expected)
    return all(
        a == b if isinstance(b, str | bool) else tolerance.allows(a, b) for a, b in zip(values, expected, strict=True)
    )
