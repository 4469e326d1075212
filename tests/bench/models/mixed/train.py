"""Trains a forest on eight mixed fields, drawn at random: what people's tables look like, and what costs most."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from deploy.training import Trained

SEED, ROWS = 8, 3000
CHOICES = {"city": ["Madrid", "Sevilla", "Bilbao"], "plan": ["a", "b", "c", "d"], "channel": ["web", "shop"]}
NUMBERS = ["age", "income", "visits", "tenure", "score"]


def train() -> Trained:
    """Return the fitted pipeline and its rows."""
    random = np.random.default_rng(SEED)
    numbers = {name: random.normal(size=ROWS).round(3) for name in NUMBERS}
    choices = {name: random.choice(values, ROWS) for name, values in CHOICES.items()}
    table = pd.DataFrame(numbers | choices)
    answers = np.where(table["age"] + table["income"] * (table["city"] == "Madrid") > 0.2, "yes", "no")
    parts = ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(), [*CHOICES])])
    pipeline = make_pipeline(parts, RandomForestClassifier(100, random_state=SEED)).fit(table, answers)
    return Trained(pipeline, {"rows": ROWS}, table.to_numpy(dtype=object).tolist())
