"""What was measured of a model, as people read it: a name, and a figure in its own way of writing."""

from collections.abc import Collection

from app.languages import N_, gettext, number, percent

HELD_OUT_ROWS = "rows not trained on"
"""How ``model add`` names their number."""

NAMES = {
    "rows": N_("Rows"),
    HELD_OUT_ROWS: N_("Rows it wasn't trained on"),
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
"""How ``model add`` names what it measured on the table that a model was trained on."""

HELD_OUT = " on rows not trained on"
"""How it names what it measured on others."""

OF = " of "
"""What stands between it and the name of one of several targets."""

PLACES = {
    ON_ITS_TABLE: N_("%(metric)s, on the table it was trained on"),
    HELD_OUT: N_("%(metric)s, on rows it wasn't trained on"),
}
"""The end of a metric's name → where it was measured, for people."""


def name_of(metric: str) -> str:
    """Return a metric's name for people, in the language of the request."""
    bare, place = _parts(metric)
    measure, target = _measure(bare)
    key = _key(measure)
    name = gettext(NAMES[key]) if key in NAMES else measure
    name = gettext(N_("%(metric)s of “%(target)s”"), metric=name, target=target) if target else name
    return gettext(PLACES[place], metric=name) if place else name


def in_words(metric: str, value: float) -> str:
    """Return a metric's figure, in the language of the request."""
    measure, _ = _measure(_parts(metric)[0])
    return percent(value) if _key(measure) in SHARES and 0 <= value <= 1 else number(value)


def is_flattering(metrics: Collection[str]) -> bool:
    """Tell whether a model was measured on the table that it was trained on, and on nothing else."""
    places = {_parts(metric)[1] for metric in metrics}
    return ON_ITS_TABLE in places and HELD_OUT not in places


def _parts(metric: str) -> tuple[str, str]:
    """Return a metric's name, and where it was measured as its end says; nothing where that isn't said."""
    place = next((place for place in PLACES if metric.endswith(place)), "")
    return metric.removesuffix(place), place


def _measure(bare: str) -> tuple[str, str]:
    """Return what was measured, and of which of several targets, as ``model add`` names that."""
    measure, _, target = bare.partition(OF)
    return (measure, target) if _key(measure) in NAMES else (bare, "")


def _key(metric: str) -> str:
    return " ".join(metric.casefold().replace("_", " ").split()).removesuffix(" score")
