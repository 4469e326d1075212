"""Saves a model in MLflow's own format, beside its file."""

import os
from pathlib import Path

import joblib
import mlflow.sklearn

folder = Path(os.environ["BENCH_MODEL"])
mlflow.sklearn.save_model(joblib.load(folder / "model.joblib"), folder / "mlflow", serialization_format="cloudpickle")
