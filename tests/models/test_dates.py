"""Models that were trained on dates: added with their table, and asked over the API as scikit-learn is in process."""

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from app import create_app, model
from app.settings import Settings
from deploy.models import importer
from deploy.models.model_folder import CONTRACT

ROWS = 60
CHANCE = np.random.default_rng(3)
RENTALS = pd.DataFrame({
    "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(CHANCE.integers(0, 700, ROWS), "D"),
    "pickup": pd.Timestamp("2026-01-01") + pd.to_timedelta(CHANCE.integers(0, 8000, ROWS), "h"),
    "celsius": CHANCE.normal(15, 8, ROWS).round(1),
})  # fmt: skip
COUNTS = 40 + 30 * (RENTALS["day"].dt.month > 5) + 20 * (RENTALS["day"].dt.day_of_week > 4) + RENTALS["pickup"].dt.hour


def part(name: str) -> FunctionTransformer:
    """Take a part out of columns of dates, by functions that a pickle finds on the server."""
    return FunctionTransformer(partial(pd.DataFrame.apply, func=attrgetter(f"dt.{name}")))


def pipeline() -> Any:
    parts = make_column_transformer(
        (part("month"), ["day"]),
        (part("day_of_week"), ["day"]),
        (part("hour"), ["pickup"]),
        ("passthrough", ["celsius"]),
    )
    return make_pipeline(parts, RandomForestRegressor(20, random_state=0))


@pytest.fixture
def add(tmp_path: Path) -> Callable[[Any, pd.DataFrame], Path]:
    def added(estimator: Any, table: pd.DataFrame) -> Path:
        joblib.dump(estimator, tmp_path / "rentals.joblib")
        table.to_csv(tmp_path / "rentals.csv", index=False)
        return importer.add(
            tmp_path / "rentals.joblib",
            data=tmp_path / "rentals.csv",
            trust=True,
            target="count",
            models=tmp_path / "models",
            bundles=tmp_path / "bundles",
        )

    return added


def fields(folder: Path) -> dict[str, Any]:
    contract = yaml.safe_load((folder / CONTRACT).read_text())
    return {field["name"]: field for field in contract["fields"]}


def test_model_of_dates_answers_as_it_does_in_process(add, tmp_path):
    table = RENTALS.assign(count=COUNTS)
    estimator = pipeline().fit(RENTALS, COUNTS)
    known = fields(add(estimator, table))
    assert {name: known[name]["kind"] for name in known} == {"day": "date", "pickup": "date", "celsius": "number"}
    assert known["day"]["seen"]["minimum"] == RENTALS["day"].min().date().isoformat()
    assert known["pickup"]["seen"]["maximum"] == RENTALS["pickup"].max().isoformat()

    loaded = model.load(tmp_path / "bundles" / "rentals")
    assert (loaded.manifest.engine, loaded.manifest.input) == ("scikit_learn", "frame")
    assert [*loaded.manifest.columns.values()] == ["datetime64[us]", "datetime64[us]", "float64"]
    assert all(isinstance(golden.row["day"], str) for golden in loaded.manifest.golden)

    client = create_app(Settings(app_bundles=tmp_path / "bundles", app_default_model="")).test_client()
    rows = [
        {"day": str(row.day.date()), "pickup": row.pickup.isoformat(), "celsius": row.celsius}
        for row in RENTALS.itertuples()
    ]
    answers = client.post("/api/v1/models/rentals/predictions", json=rows).json["predictions"]
    expected = estimator.predict(RENTALS)
    assert [answer["value"] for answer in answers] == pytest.approx(expected.tolist())
    uploaded = client.post(
        "/models/rentals/invocations",
        data=table.drop(columns="count").to_csv(index=False).encode(),
        content_type="text/csv",
    )
    assert uploaded.json["predictions"] == pytest.approx(expected.tolist())


def test_date_may_be_missing_where_it_was(add):
    table = RENTALS.assign(count=COUNTS)
    table.loc[3, "day"] = pd.NaT
    known = fields(add(pipeline().fit(table[[*RENTALS]], COUNTS), table))
    assert (known["day"]["kind"], known["day"]["missing"]) == ("date", True)


def test_dates_that_an_encoder_took_for_texts_are_categories(add):
    texts = pd.DataFrame({"day": ["2026-11-26", "2026-11-27", "2026-11-28"] * 5})
    counts = np.arange(15.0)
    estimator = make_pipeline(OneHotEncoder(), LinearRegression()).fit(texts, counts)
    known = fields(add(estimator, texts.assign(count=counts)))
    assert known["day"]["kind"] == "category"


def test_dates_of_a_model_that_takes_texts_alone_stay_texts(add):
    texts = pd.DataFrame({"day": ["2026-11-26", "2026-11-27", "2026-11-28"] * 5})
    counts = np.arange(15.0)
    hashing = make_column_transformer((HashingVectorizer(n_features=8), "day"))
    known = fields(add(make_pipeline(hashing, LinearRegression()).fit(texts, counts), texts.assign(count=counts)))
    assert known["day"]["kind"] == "text"
