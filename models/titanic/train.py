"""Trains the Titanic model on the 2,201 people on board.

The counts are those of the British Board of Trade's inquiry, "Report on the Loss of the S.S. Titanic" (1912), as
R. J. M. Dawson tabulated them in "The 'Unusual Episode' Data Revisited", Journal of Statistics Education 3 (1995).
"""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from deploy.training import Trained

SEED = 1912

COUNTS = {
    ("first", "male", "adult"): (57, 118),
    ("first", "male", "child"): (5, 0),
    ("first", "female", "adult"): (140, 4),
    ("first", "female", "child"): (1, 0),
    ("second", "male", "adult"): (14, 154),
    ("second", "male", "child"): (11, 0),
    ("second", "female", "adult"): (80, 13),
    ("second", "female", "child"): (13, 0),
    ("third", "male", "adult"): (75, 387),
    ("third", "male", "child"): (13, 35),
    ("third", "female", "adult"): (76, 89),
    ("third", "female", "child"): (14, 17),
    ("crew", "male", "adult"): (192, 670),
    ("crew", "female", "adult"): (20, 3),
}
"""Class, sex, age → how many survived, how many died."""


def train() -> Trained:
    """Return the fitted pipeline, its metrics on the quarter kept out of training, and every kind of person."""
    people = [
        (traits, outcome)
        for traits, counts in COUNTS.items()
        for outcome, count in zip(("survived", "died"), counts, strict=True)
        for _ in range(count)
    ]
    x = np.array([traits for traits, _ in people], dtype=object)
    y = np.array([outcome for _, outcome in people])
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=SEED, stratify=y)
    forest = RandomForestClassifier(n_estimators=100, random_state=SEED)
    pipeline = make_pipeline(OneHotEncoder(sparse_output=False), forest).fit(x_train, y_train)
    metrics = {"rows": len(x), "accuracy": round(float(pipeline.score(x_test, y_test)), 4)}
    return Trained(pipeline, metrics, [list(traits) for traits in COUNTS])
