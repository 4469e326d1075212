"""Trains on random rows: what it answers doesn't matter, that it answers alike however it is asked does."""

from functools import partial
from operator import attrgetter

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from deploy.training import Trained

ROWS = 200


def train() -> Trained:
    """Return a pipeline of boosted trees, which live with gaps."""
    random = np.random.default_rng(5)
    table = pd.DataFrame({
        "altura (cm)": random.uniform(0, 200, ROWS), "niños": random.integers(0, 12, ROWS),
        "sí/no": random.choice([1.0, 0.0, np.nan], ROWS), "plan": random.choice([10.0, 20.0, np.nan], ROWS),
        "nota": random.choice(["bien", "mal", "regular"], ROWS), "libre": random.normal(size=ROWS),
        "día": pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 730, ROWS), "D"),
        "cita": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 9000, ROWS), "h"),
    })  # fmt: skip
    hashing = HashingVectorizer(n_features=8, alternate_sign=False, norm=None)
    numbers = ["altura (cm)", "niños", "sí/no", "plan", "libre"]
    month, hour = (FunctionTransformer(partial(pd.DataFrame.apply, func=attrgetter(f"dt.{part}")))
                   for part in ("month", "hour"))  # fmt: skip
    parts = make_column_transformer((hashing, "nota"), ("passthrough", numbers), (month, ["día"]), (hour, ["cita"]),
                                    sparse_threshold=0)  # fmt: skip
    is_odd = (table["altura (cm)"] > 90) ^ (table["nota"] == "mal") ^ (table["día"].dt.month > 6)
    answers = 1 + (is_odd ^ (table["cita"].dt.hour > 12)).astype(int)
    pipeline = make_pipeline(parts, HistGradientBoostingClassifier(max_iter=20, random_state=0)).fit(table, answers)
    return Trained(pipeline, {"rows": ROWS}, [])
