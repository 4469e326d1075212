"""What a tutorial does with a model file: load it once, predict a row. Used by the peers that bring no loader."""

import json
import os
from pathlib import Path
from typing import Any

import joblib

FOLDER = Path(os.environ["BENCH_MODEL"])
MODEL = joblib.load(FOLDER / "model.joblib")
EXAMPLE = json.loads((FOLDER / "example.json").read_text())


def answer(row: dict[str, Any]) -> dict[str, Any]:
    """Return the label or number, and the labels' probabilities."""
    if hasattr(MODEL, "feature_names_in_"):
        import pandas as pd

        table = pd.DataFrame([row])
    else:
        table = [[row[name] for name in EXAMPLE]]
    prediction = MODEL.predict(table)[0]
    response = {"predict": prediction.item() if hasattr(prediction, "item") else prediction}
    if hasattr(MODEL, "predict_proba"):
        response["probabilities"] = MODEL.predict_proba(table)[0].tolist()
    return response
