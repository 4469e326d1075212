"""Every row of a table that a model answers when it is added is answered alike when the same bytes are uploaded.

And when its values are posted as JSON. Tables are drawn: their columns, their holes, and the way they are written.
"""

import codecs
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from deploy.models.json_values import json_value
from deploy.models.tolerance import TOLERANCE
from tests.models.one_reader import added, answered, predictions
from tests.run import FULL

ROWS = 24
NUMBERS = ("decimals", "grams", "whole", "large")
KINDS = (*NUMBERS, "city", "None or one", "postcode", "class", "yes_no")
ENCODINGS = {"utf-8": b"", "utf-8 with a mark": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE,
             "utf-16-be": codecs.BOM_UTF16_BE, "cp1252": b""}  # fmt: skip
MODELS = (Ridge(), DecisionTreeRegressor(max_depth=4, random_state=0), LogisticRegression(max_iter=500),
          RandomForestClassifier(5, random_state=0))  # fmt: skip


@dataclass(frozen=True)
class Writing:
    """How a table is written."""

    separator: str
    mark: str
    groups: bool
    encoding: str
    end: str
    missing: str
    quotes: bool
    index: bool
    spaces: bool
    tail: str
    """What follows the rows: empty lines, or lines of separators, which are written |."""

    def bytes(self, table: pd.DataFrame) -> bytes:
        lines = [[*([""] if self.index else []), *table.columns]]
        for number, row in enumerate(table.itertuples(index=False)):
            lines.append([*([str(number)] if self.index else []), *map(self.cell, row)])
        text = self.end.join(self.separator.join(map(self.written, line)) for line in lines) + self.end
        codec = self.encoding.removesuffix(" with a mark")
        return ENCODINGS[self.encoding] + (text + self.tail.replace("|", self.separator)).encode(codec)

    def cell(self, value: Any) -> str:
        value = json_value(value)
        if value is None:
            return self.missing
        if isinstance(value, bool | str):
            return str(value)
        text = f"{value:,}" if self.groups else f"{value}"
        return text if self.mark == "." else text.translate(str.maketrans(".,", ",."))

    def written(self, cell: str) -> str:
        padded = f" {cell} " if self.spaces else cell
        needs_quotes = self.quotes or self.separator in cell or "\n" in cell
        return '"' + padded.replace('"', '""') + '"' if needs_quotes else padded


WRITINGS = st.builds(
    Writing,
    separator=st.sampled_from(",;\t|"),
    mark=st.sampled_from(".,"),
    groups=st.booleans(),
    encoding=st.sampled_from([*ENCODINGS]),
    end=st.sampled_from(["\n", "\r\n"]),
    missing=st.sampled_from(["", "NA", "n/a", "?", "-", "#N/D", "null"]),
    quotes=st.booleans(),
    index=st.booleans(),
    spaces=st.booleans(),
    tail=st.sampled_from(["", "\n\n", "||||\n"]),
)


def column(kind: str, random: np.random.Generator) -> list[Any]:
    """Return a column of a kind."""
    return {
        "decimals": lambda: random.uniform(-9, 2000, ROWS).round(1).tolist(),
        "grams": lambda: random.uniform(0, 9, ROWS).round(3).tolist(),
        "whole": lambda: random.integers(0, 90, ROWS).tolist(),
        "large": lambda: random.integers(1000, 9_000_000, ROWS).tolist(),
        "city": lambda: random.choice(["A Coruña", "Cádiz; 2", "Lugo, 1", 'the "Big" one'], ROWS).tolist(),
        "None or one": lambda: random.choice(["None", "one", "?"], ROWS).tolist(),
        "postcode": lambda: random.choice(["08001", "28013", "03003"], ROWS).tolist(),
        "class": lambda: random.choice([1, 2, 3], ROWS).tolist(),
        "yes_no": lambda: random.choice([True, False], ROWS).tolist(),
    }[kind]()


def fitted(model: Any, table: pd.DataFrame, answers: Any) -> Any:
    """Return a pipeline fitted on a table: numbers are filled, others are encoded; unknown ones are an error."""
    numbers = [name for name in table if name in NUMBERS]
    others = [name for name in table if name not in (*NUMBERS, "yes_no")]
    parts = make_column_transformer((SimpleImputer(), numbers), (OneHotEncoder(), others), remainder="passthrough")
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # how well it fits doesn't matter
        return make_pipeline(parts, model).fit(table, answers)


@settings(
    max_examples=200 if FULL else 15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(
    writing=WRITINGS,
    kinds=st.sets(st.sampled_from(KINDS), min_size=2),
    holes=st.sets(st.sampled_from([*NUMBERS, "city"])),
    model=st.sampled_from(MODELS),
    seed=st.integers(0, 1000),
)
@example(
    Writing(";", ",", True, "cp1252", "\r\n", "", False, False, False, "||||\n"), {*KINDS}, {"large"}, MODELS[0], 1
)
@example(Writing(",", ".", False, "utf-8", "\n", "NA", False, True, False, "\n\n"), {*KINDS}, {"city"}, MODELS[3], 2)
@example(Writing("|", ",", False, "utf-16-le", "\n", "?", True, True, True, ""), {*KINDS}, {"grams"}, MODELS[1], 3)
def test_same_bytes_get_the_same_answers(writing, kinds, holes, model, seed):
    random = np.random.default_rng(seed)
    names = sorted({*kinds, "decimals"})  # which say what the mark is
    table = pd.DataFrame({name: pd.Series(column(name, random), dtype=object) for name in names})
    for name in holes.intersection(names):
        table.loc[random.choice(ROWS, 5, replace=False), name] = None
    table = table.infer_objects()
    answers = random.uniform(0, 9, ROWS).round(2)
    target = np.where(answers > 4, "high", "low") if hasattr(model, "predict_proba") else answers
    estimator = fitted(model, table, target)
    data = writing.bytes(table.assign(target=target))
    puerto = added(estimator, data, "target")
    expected = estimator.predict(table).tolist()
    assert alike(predictions(answered(puerto, data)), expected)
    rows = [{name: json_value(value) for name, value in row.items()} for row in table.to_dict("records")]
    posted = puerto.predict([puerto.validator.typed(row) for row in rows])
    assert alike([prediction.value for prediction in posted], expected)


def alike(values: list[Any], expected: list[Any]) -> bool:
    """Tell whether labels are equal, and numbers but for rounding."""
    if len(values) != len(expected) or not values:
        return False
    if isinstance(expected[0], str):
        return values == expected
    return bool(np.allclose(values, expected, rtol=TOLERANCE, atol=TOLERANCE))
