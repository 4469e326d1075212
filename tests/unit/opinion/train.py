"""Trains on a dozen texts."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from deploy.training import Trained

GOOD = ["muy bueno", "bueno de verdad", "me encanta", "excelente", "muy bien", "lo mejor"]
BAD = ["muy malo", "malo de verdad", "lo odio", "horrible", "muy mal", "lo peor"]


def train() -> Trained:
    """Return a pipeline that knows good from bad."""
    texts, labels = GOOD + BAD, ["good"] * len(GOOD) + ["bad"] * len(BAD)
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    return Trained(pipeline, {"rows": len(texts)}, [[text] for text in texts])
