"""Trains the diabetes model on scikit-learn's bundled patients, in the units of their examination."""

from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deploy.training import Trained

SEED = 442
SEX = 1
"""The column that is left out."""


def train() -> Trained:
    """Return the fitted pipeline, its metrics on the quarter of the patients kept out of training, and all patients."""
    patients, progression = load_diabetes(return_X_y=True, scaled=False)
    rows = patients[:, [column for column in range(patients.shape[1]) if column != SEX]]
    seen, unseen, known, unknown = train_test_split(rows, progression, random_state=SEED)
    pipeline = make_pipeline(StandardScaler(), Ridge()).fit(seen, known)
    error = mean_absolute_error(unknown, pipeline.predict(unseen))
    metrics = {
        "rows": len(rows),
        "r2": round(float(pipeline.score(unseen, unknown)), 4),
        "mean absolute error": round(float(error), 2),
    }
    return Trained(pipeline, metrics, rows.tolist())
