"""What a tutorial does with a model file: load it once, predict a row. Used by the peers that bring no loader."""

import json
import os
from pathlib import Path

import joblib

FOLDER = Path(os.environ["BENCH_MODEL"])
MODEL = joblib.load(FOLDER / "model.joblib")
EXAMPLE = json.loads((FOLDER / "example.json").read_text())


def answer(row):
    """Return the label or number, and the labels' probabilities."""
    if hasattr(MODEL, "feature_names_in_"):
        import pandas as pd

        given = pd.DataFrame([row])
    else:
        given = [[row[name] for name in EXAMPLE]]
    found = MODEL.predict(given)[0]
    said = {"predict": found.item() if hasattr(found, "item") else found}
    if hasattr(MODEL, "predict_proba"):
        said["probabilities"] = MODEL.predict_proba(given)[0].tolist()
    return said
