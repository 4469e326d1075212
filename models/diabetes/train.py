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
    x = patients[:, [column for column in range(patients.shape[1]) if column != SEX]]
    x_train, x_test, y_train, y_test = train_test_split(x, progression, random_state=SEED)
    pipeline = make_pipeline(StandardScaler(), Ridge()).fit(x_train, y_train)
    predictions = pipeline.predict(x_test)
    error = mean_absolute_error(y_test, predictions)
    metrics = {
        "rows": len(x),
        "r2": round(float(pipeline.score(x_test, y_test)), 4),
        "mean absolute error": round(float(error), 2),
    }
    return Trained(pipeline, metrics, x.tolist(), [*zip(y_test.tolist(), predictions.tolist(), strict=True)])
