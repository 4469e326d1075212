"""What was measured of a model, as people read it: a name, and a figure in its own way of writing."""

from app.languages import N_, gettext, number, percent

NAMES = {
    "rows": N_("Rows"),
    "accuracy": N_("Accuracy"),
    "balanced accuracy": N_("Balanced accuracy"),
    "precision": N_("Precision"),
    "recall": N_("Recall"),
    "f1": N_("F1 score"),
    "roc auc": N_("Area under the ROC curve"),
    "log loss": N_("Log loss"),
    "r2": N_("R²"),
    "mae": N_("Mean absolute error"),
    "mean absolute error": N_("Mean absolute error"),
    "mse": N_("Mean squared error"),
    "mean squared error": N_("Mean squared error"),
    "rmse": N_("Root mean squared error"),
    "root mean squared error": N_("Root mean squared error"),
}
"""Metric → its name for people; another is shown under the name that it has."""

SHARES = ("accuracy", "balanced accuracy", "precision", "recall")
"""Those that are shares of rows."""

ON_ITS_TABLE = " on the given table"
"""How ``model add`` names what it measured on the table that a model came with."""


def name_of(metric: str) -> str:
    """Return a metric's name for people, in the language of the request."""
    key = _key(metric)
    name = gettext(NAMES[key]) if key in NAMES else metric.removesuffix(ON_ITS_TABLE)
    if metric.endswith(ON_ITS_TABLE):
        return gettext(N_("%(metric)s, on the table that came with the model"), metric=name)
    return name


def in_words(metric: str, value: float) -> str:
    """Return a metric's figure, in the language of the request."""
    return percent(value) if _key(metric) in SHARES and 0 <= value <= 1 else number(value)


def _key(metric: str) -> str:
    return " ".join(metric.removesuffix(ON_ITS_TABLE).casefold().replace("_", " ").split()).removesuffix(" score")
