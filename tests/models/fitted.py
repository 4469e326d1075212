"""Writes models of whichever scikit-learn runs it, from 1.2 on, with their tables and what they answer themselves.

``python fitted.py FOLDER NAME…``
"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["age", "income"]


def mixed(last):
    """Return a pipeline for numbers, some missing, and words."""
    filled = make_pipeline(SimpleImputer(), StandardScaler())
    encoded = OneHotEncoder(handle_unknown="ignore")
    return make_pipeline(make_column_transformer((filled, NUMBERS), (encoded, ["city", "member"])), last)


MODELS = {
    "forest": lambda: RandomForestClassifier(12, random_state=0),
    "forest_of_numbers": lambda: RandomForestRegressor(12, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=20, random_state=0),
    "boosting_of_numbers": lambda: GradientBoostingRegressor(n_estimators=20, random_state=0),
    "histogram_boosting_of_numbers": lambda: HistGradientBoostingRegressor(max_iter=20, random_state=0),
    "linear_of_numbers": lambda: LinearRegression(),
    "logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "mixed": lambda: mixed(RandomForestClassifier(12, random_state=1)),
    "mixed_of_numbers": lambda: mixed(GradientBoostingRegressor(n_estimators=20, random_state=0)),
    "neighbours": lambda: KNeighborsClassifier(),
}


def table():
    """Return 300 rows, with a label and a number to predict."""
    chance = np.random.default_rng(3)
    rows = pd.DataFrame({"age": chance.integers(18, 80, 300), "income": chance.normal(30, 9, 300).round(2)})
    rows["city"], rows["member"] = chance.choice(["Ávila", "Jaén", "Vigo"], 300), chance.choice(["yes", "no"], 300)
    number = rows.age / 20 + rows.income / 10 + (rows.city == "Vigo") * 2 + (rows.member == "yes")
    return rows, pd.cut(number, 3, labels=["low", "mid", "high"]).astype(str), number.round(6)


def main():
    folder, names = Path(sys.argv[1]), sys.argv[2:]
    for name in names:
        rows, labels, numbers = table()
        rows = rows if name.startswith("mixed") else rows[NUMBERS]
        answers = numbers if name.endswith("of_numbers") else labels
        if name.startswith("mixed"):
            rows.loc[::7, "income"] = np.nan
        model = MODELS[name]().fit(rows, answers)
        joblib.dump(model, folder / f"{name}.joblib")
        rows.assign(answer=answers).to_csv(folder / f"{name}.csv", index=False)
        own = {"predict": model.predict(rows).tolist()}
        if hasattr(model, "predict_proba"):
            own |= {"classes": model.classes_.tolist(), "probabilities": model.predict_proba(rows).tolist()}
        (folder / f"{name}.json").write_text(json.dumps(own))


if __name__ == "__main__":
    main()
