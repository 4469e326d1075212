"""What a fitted model is made of, through any nesting: which of its parts read which columns of the table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.engines.scikit_learn import Input
from deploy.models import dict_rows
from deploy.models.json_values import json_value

Columns = tuple[int | None, ...] | None
"""Of each column that a part sees: its place in the table, None where another part made it; None: it isn't known."""


@dataclass(frozen=True)
class Reader:
    """A part of a model, and the columns that it sees as the table has them, filled at most.

    Attributes:
        part: fitted; it holds no other model.
        columns: that it sees.
    """

    part: Any
    columns: Columns


def readers(estimator: Any, width: int) -> list[Reader]:
    """Return the parts of a model that hold no others.

    Args:
        width: of the table that the whole model sees.
    """
    walk = _Walk(width)
    walk.enter(estimator, walk.table)
    return walk.readers


def takes_texts(estimator: Any) -> bool:
    """Tell whether a model takes a list of texts rather than a table."""
    return not _counts_columns(estimator) and any(_analyzes(reader.part) for reader in readers(estimator, 1))


def dict_vectorizer(estimator: Any) -> Any:
    """Return the part by which a model takes its rows as dicts; None where it takes them otherwise."""
    from sklearn.feature_extraction import DictVectorizer

    if _counts_columns(estimator):
        return None
    return next((reader.part for reader in readers(estimator, 1) if isinstance(reader.part, DictVectorizer)), None)


def only_input(estimator: Any) -> Input | None:
    """Return how a model takes its rows, where it takes no table."""
    return "texts" if takes_texts(estimator) else None if dict_vectorizer(estimator) is None else "dicts"


def text_columns(estimator: Any, names: Sequence[str]) -> set[str]:
    """Return the columns that a model reads as free text."""
    if takes_texts(estimator):
        return {*names[:1]}
    analyzing = (reader for reader in readers(estimator, len(names)) if _analyzes(reader.part))
    return {names[place] for reader in analyzing for place in reader.columns or () if place is not None}


def known_categories(estimator: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Return column → categories that all encoders which read it take."""
    if (vectorizer := dict_vectorizer(estimator)) is not None:
        return {name: values for name, values in dict_rows.fields(vectorizer, names).items() if values}
    known: dict[str, list[Any]] = {}
    strict: dict[str, list[set[Any]]] = {}
    for reader in readers(estimator, len(names)):
        categories = getattr(reader.part, "categories_", None)
        if not isinstance(categories, list) or reader.columns is None or len(categories) != len(reader.columns):
            continue
        for place, values in zip(reader.columns, categories, strict=True):
            if place is not None:
                listed = [*map(json_value, values)]
                known[names[place]] = [*dict.fromkeys([*known.get(names[place], []), *listed])]
                if getattr(reader.part, "handle_unknown", None) == "error":
                    strict.setdefault(names[place], []).append({*listed})
    return {
        name: [value for value in values if all(value in taken for taken in strict.get(name, ()))] or values
        for name, values in known.items()
    }


def used_columns(estimator: Any, names: Sequence[str]) -> list[str]:
    """Return the columns that some part reads; all where a part chooses them by their places."""
    walk = _Walk(len(names))
    walk.enter(estimator, walk.table)
    used = {place for reader in walk.readers for place in reader.columns or ()}
    return [name for place, name in enumerate(names) if place in used or not walk.chooses_by_name]


def _counts_columns(estimator: Any) -> bool:
    return hasattr(estimator, "n_features_in_") or hasattr(estimator, "feature_names_in_")


def _analyzes(part: Any) -> bool:
    return hasattr(part, "build_analyzer")


class _Walk:
    """Enters a part, and all that it holds, with the columns that it sees."""

    def __init__(self, width: int) -> None:
        self.table: Columns = tuple(range(width))
        self.readers: list[Reader] = []
        self.chooses_by_name = True
        self._entered: set[tuple[int, Columns]] = set()

    def enter(self, part: Any, columns: Columns) -> Columns:
        """Return the columns that come out of a part."""
        if part is None or isinstance(part, str) or hasattr(part, "fit_resample"):
            return columns
        if (id(part), columns) in self._entered:
            return None
        self._entered.add((id(part), columns))
        if hasattr(part, "steps"):
            for _, step in part.steps:
                columns = self.enter(step, columns)
            return columns
        if hasattr(part, "transformers_"):
            return self._branches(part, columns)
        if hasattr(part, "transformer_list"):
            return self._union([branch for _, branch in part.transformer_list], columns)
        if (models := [] if _selects(part) else [*_models(part)]) and not _analyzes(part):
            return self._models(part, models, columns)
        self.enter(getattr(part, "_preprocessor", None), columns)  # of a HistGradientBoosting: encodes its categories
        kept = _kept(part, columns)
        self.readers.append(Reader(part, kept if _selects(part) else columns))
        return kept

    def _branches(self, part: Any, columns: Columns) -> Columns:
        """Enter the branches of a ColumnTransformer."""
        names = [*map(str, getattr(part, "feature_names_in_", []))]
        spans = part.output_indices_
        outputs: list[int | None] = [None] * max((span.stop for span in spans.values()), default=0)
        for name, branch, selection in part.transformers_:
            if isinstance(branch, str) and branch == "drop":
                continue
            places = _places(selection, names, part.n_features_in_)
            if not places:
                continue  # it has never been fitted
            self.chooses_by_name = self.chooses_by_name and (columns != self.table or _is_of_names(selection))
            branch_columns = None if columns is None else tuple(columns[place] for place in places)
            if isinstance(branch, str):
                self.readers.append(Reader(branch, branch_columns))
            kept = self.enter(branch, branch_columns)
            if kept is not None and len(outputs[spans[name]]) == len(kept):
                outputs[spans[name]] = kept
        return tuple(outputs)

    def _union(self, branches: Sequence[Any], columns: Columns) -> Columns:
        kept = [self.enter(branch, columns) for branch in branches if branch != "drop"]
        self.readers.append(Reader("passthrough", columns)) if "passthrough" in branches else None
        known = [outputs for outputs in kept if outputs is not None]
        return tuple(place for outputs in known for place in outputs) if len(known) == len(kept) else None

    def _models(self, part: Any, models: Sequence[Any], columns: Columns) -> Columns:
        """Enter the models of a search, an ensemble, a wrapper, which see what it sees, or some columns of it."""
        subsets = getattr(part, "estimators_features_", None)
        if subsets is None or len(subsets) != len(models):
            subsets = [None] * len(models)
        for model, subset in zip(models, subsets, strict=True):
            is_whole = subset is None or columns is None
            self.enter(model, columns if is_whole else tuple(columns[place] for place in subset))  # type: ignore[index]
        if getattr(part, "passthrough", None) is True:  # a stack's last model sees the table too
            self.readers.append(Reader(part.final_estimator_, columns))
        return None


def _models(part: Any) -> Iterator[Any]:
    """Yield the fitted models in a part's attributes; else the one that it was given fitted."""
    attributes = getattr(part, "__dict__", {})
    fitted = [value for name, value in attributes.items() if name.endswith("_") and name[:1] != "_"]
    models = [model for value in fitted for model in _members(value) if _is_model(model)]
    models = [model for model in models if model is not attributes.get("final_estimator_")]
    given = attributes.get("estimator")
    yield from {id(model): model for model in models or [given] if _is_model(model)}.values()


def _members(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        return [*value.ravel()] if value.dtype == object else []
    if isinstance(value, Mapping):
        return [*value.values()]
    return [*value] if isinstance(value, list | tuple) else [value]


def _is_model(value: Any) -> bool:
    """Tell whether something is a fitted model; single trees, of which forests have many, count as none."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if isinstance(value, type) or hasattr(value, "tree_"):
        return False
    if not hasattr(value, "predict") and not hasattr(value, "predict_proba"):
        return False
    if not hasattr(value, "fit"):
        return True  # scikit-learn's own wrapper, such as those of CalibratedClassifierCV
    try:
        check_is_fitted(value)
    except (NotFittedError, TypeError):
        return False
    return True


def _selects(part: Any) -> bool:
    return callable(getattr(part, "get_support", None)) and hasattr(part, "transform")


def _kept(part: Any, columns: Columns) -> Columns:
    """Return what comes out of a part that leaves columns as they are, or fills them; None for any other."""
    if columns is None:
        return None
    if _selects(part):
        support = part.get_support()
        is_known = len(support) == len(columns)
        return tuple(place for place, is_kept in zip(columns, support, strict=True) if is_kept) if is_known else None
    if type(part).__name__ == "FunctionTransformer":
        return columns if part.func is None else None
    if type(part).__name__ != "SimpleImputer" or len(part.statistics_) != len(columns):
        return None
    filled = [part.keep_empty_features or json_value(value) is not None for value in part.statistics_]
    indicators = 0 if part.indicator_ is None else len(part.indicator_.features_)
    return (*(place for place, is_filled in zip(columns, filled, strict=True) if is_filled), *[None] * indicators)


def _is_of_names(selection: Any) -> bool:
    listed = [selection] if isinstance(selection, str) else [] if isinstance(selection, slice) else [*selection]
    return all(isinstance(name, str) for name in listed) and not isinstance(selection, slice)


def _places(selection: Any, names: Sequence[str], width: int) -> list[int]:
    """Return the places that a ColumnTransformer's selection means."""
    if isinstance(selection, slice):
        start, stop = selection.start, selection.stop
        start = names.index(start) if isinstance(start, str) else start
        stop = names.index(stop) + 1 if isinstance(stop, str) else stop
        return [*range(width)[start : stop : selection.step]]
    listed = [selection] if isinstance(selection, str | int | np.integer) else [*selection]
    if listed and isinstance(listed[0], bool | np.bool_):
        return [place for place, is_selected in enumerate(listed) if is_selected]
    return [names.index(place) if isinstance(place, str) else range(width)[int(place)] for place in listed]
