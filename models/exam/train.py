"""Trains the exam model on synthetic data: no student was asked.

A row is drawn as follows: hours of study uniform in 0–12, hours of sleep uniform in 3–11; a student passes with
probability 1 / (1 + exp(-(0.9 · study + 0.6 · sleep - 8))): more of either helps, and study helps more.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deploy.training import Trained

SEED = 2026
ROWS = 2000


def table() -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Return the synthetic students: (2000, 2) hours of study and of sleep, and (2000,) labels."""
    random = np.random.default_rng(SEED)
    study, sleep = random.uniform(0, 12, ROWS), random.uniform(3, 11, ROWS)
    chance = 1 / (1 + np.exp(-(0.9 * study + 0.6 * sleep - 8)))
    passed = random.uniform(size=ROWS) < chance
    return np.column_stack([study, sleep]), np.where(passed, "Aprobado", "Suspendido")


def train() -> Trained:
    """Return the fitted pipeline, its metrics on the quarter kept out of training, and all students."""
    x, y = table()
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=SEED)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(x_train, y_train)
    metrics = {"rows": ROWS, "accuracy": round(float(pipeline.score(x_test, y_test)), 4)}
    return Trained(pipeline, metrics, x.tolist())
