"""Tables that others made, and one of them dressed as people's programs write tables: answered exactly, or refused.

Their models are trained on what pandas reads; sources: ``real_tables/README.md``.
"""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from python_calamine import load_workbook
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from app.model import Model
from app.tables import Table
from deploy.base.errors import DeployError
from deploy.models.json_values import json_value
from tests.models.one_reader import MOST_COLUMNS, added, answered, predictions
from tests.models.test_one_reader import alike
from tests.unit.app.test_workbooks import workbook

FOLDER = Path(__file__).parent / "real_tables"
TARGETS = {
    "CuZn-LeftCensoredDataset.csv": "group", "antibiotics.csv": " gram", "auto-mpg.csv": "mpg",
    "browsers_nov_2013.csv": "Market Share Perc. (Nov 2013)", "cancer.csv": "population", "ccard.csv": "AVGEXP",
    "committee.csv": "BILLS103", "copper.csv": "TIME", "cows.csv": "breed", "cpunish.csv": "DEGREE", "heart.csv": "age",
    "iowa-electricity.csv": "net_generation", "la-riots.csv": "latitude", "larynx.csv": "Stage_IV",
    "longley.csv": "YEAR", "lung.csv": "sex", "lymphoma.csv": "Censor", "multicenter_aids_cohort.tsv": "D",
    "penguins.csv": "species", "probly.csv": "Chances Are Slight", "scotvote.csv": "COUTAX_FEMALEUNEMP",
    "stackloss.csv": "ACIDCONC", "statecrime.csv": "urban",
}  # fmt: skip
"""Table that is answered → its column with the answers."""

SAID = re.compile("columns not used|line . names the columns")
"""What is said of a whole table, which warns of nothing."""

PENGUINS = pd.read_csv(FOLDER / "penguins.csv")


def trained(table: pd.DataFrame, target: str) -> Pipeline:
    """Return a model of a table: what is missing is filled, texts are encoded."""
    rows = table.drop(columns=target)
    texts = [name for name in rows if str(rows[name].dtype) in ("str", "object")]
    numbers = [name for name in rows if name not in texts]
    parts = make_column_transformer((SimpleImputer(), numbers), (OneHotEncoder(handle_unknown="ignore"), texts))
    model = RandomForestClassifier(5, random_state=0) if str(table[target].dtype) == "str" else Ridge()
    return make_pipeline(parts, model).fit(rows, table[target])


def assert_exact(table: pd.DataFrame, target: str, data: bytes) -> Model:
    """Add a model with the bytes of its table, upload them, and post its rows: all answers are scikit-learn's."""
    estimator, inputs = trained(table, target), table.drop(columns=target)
    model, expected = added(estimator, data, target), estimator.predict(inputs).tolist()
    rows = uploaded(model, data)
    column = [name for name in rows[0] if name.startswith("prediction")][-1]
    assert alike(predictions(rows, column), expected)
    assert not [row["warning"] for row in rows if row["warning"] and not SAID.match(row["warning"])]
    posted = [{name: json_value(value) for name, value in row.items()} for row in inputs.to_dict("records")]
    assert alike([answer.value for answer in model.predict([*map(model.validator.typed, posted)])], expected)
    return model


def uploaded(model: Model, data: bytes) -> list[dict[str, str]]:
    """Return the rows of the table that comes back, a CSV or a workbook."""
    if not data.startswith(b"PK"):
        return answered(model, data)
    returned = b"".join(Table(model, io.BytesIO(data), MOST_COLUMNS).predicted())
    header, *rows = load_workbook(io.BytesIO(returned)).get_sheet_by_index(0).to_python()
    return [{str(name): str(cell) for name, cell in zip(header, row, strict=True)} for row in rows]


@pytest.mark.parametrize("name", TARGETS)
def test_real_table_is_answered_exactly(name):
    data = (FOLDER / name).read_bytes()
    table = pd.read_csv(io.BytesIO(data), sep="\t" if name.endswith("tsv") else ",", encoding_errors="replace")
    assert_exact(table, TARGETS[name], data)


def test_columns_between_blanks_are_refused():
    data = (FOLDER / "anderson.csv").read_bytes()
    with pytest.raises(DeployError, match="separated by blanks: save the table with commas or semicolons"):
        added(trained(pd.read_csv(io.BytesIO(data), sep=" "), "Rx"), data, "Rx")


def test_categories_that_differ_by_blanks_alone_are_refused():
    data = (FOLDER / "sprint.csv").read_bytes()
    with pytest.raises(DeployError, match=r"column (Name|Country|Medal): the model knows .* differ by blanks"):
        added(trained(pd.read_csv(io.BytesIO(data)), " Year"), data, " Year")


def _semicolons(table: pd.DataFrame, **options: Any) -> str:
    return str(table.to_csv(index=False, sep=";", decimal=",", **options))


def _grouped(table: pd.DataFrame) -> str:
    mass = [f"{value:,.1f}".translate(str.maketrans(".,", ",.")) for value in table["body_mass_g"]]
    return _semicolons(table.assign(body_mass_g=[text.replace("nan", "") for text in mass]))


def _title_above(table: pd.DataFrame) -> str:
    return "Pingüinos de Palmer;;\r\n" + _semicolons(table)


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    return table.join(pd.DataFrame(np.arange(table.shape[0] * 500).reshape(-1, 500) / 8).add_prefix("x"))


def _commented(table: pd.DataFrame) -> pd.DataFrame:
    remarks = [f'said "quack", {number}\nand left; twice' * 20 for number in range(len(table))]
    return table.assign(remark=remarks, blank=np.nan, one="same", code=[f"{row:05}" for row in range(len(table))])


DRESSES: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "UTF-8 with a mark, semicolons, CRLF": lambda table: _semicolons(table, lineterminator="\r\n").encode("utf-8-sig"),
    "UTF-16, tabs": lambda table: table.to_csv(index=False, sep="\t").encode("utf-16"),
    "Windows-1252, thousands": lambda table: _grouped(table.assign(año=1)).encode("cp1252"),
    "CR alone": lambda table: table.to_csv(index=False, lineterminator="\r").encode(),
    "separators at the ends": lambda table: _semicolons(table).replace("\n", ";;\n").encode(),
    "bars, everything quoted": lambda table: table.to_csv(index=False, sep="|", quoting=1).encode(),
    "an index": lambda table: table.to_csv().encode(),
    "missing: NA": lambda table: table.to_csv(index=False, na_rep="NA").encode(),
    "missing: n/a": lambda table: table.to_csv(index=False, na_rep="n/a").encode(),
    "missing: -": lambda table: _semicolons(table, na_rep="-").encode(),
    "missing: ?": lambda table: table.to_csv(index=False, na_rep="?").encode(),
    "missing: null": lambda table: table.to_csv(index=False, na_rep="null").encode(),
    "500 other columns": lambda table: _wide(table).to_csv(index=False).encode(),
    "remarks of several lines, a blank column, codes": lambda table: _commented(table).to_csv(index=False).encode(),
    "a name twice": lambda table: table.assign(note=1, n=2).rename(columns={"n": "note"}).to_csv(index=False).encode(),
    "blank lines": lambda table: (_semicolons(table).replace("\n", "\n\n") + ";;;;;;;\n\n").encode(),
    "numbers with decimals": lambda table: table.to_csv(index=False, float_format="%.6f").encode(),
    "a workbook": lambda table: workbook([[*table], *table.astype(object).where(table.notna(), None).values.tolist()]),
    "a workbook of texts": lambda table: workbook(
        [[*table], *([str(value) if pd.notna(value) else "" for value in row] for row in table.values.tolist())]
    ),
    "a title above": lambda table: _title_above(table).encode(),
    "a comment above": lambda table: b"# exported 2024\n" + table.to_csv(index=False).encode(),
}  # fmt: skip
"""How a table is written → its bytes."""


@pytest.mark.parametrize("dress", DRESSES)
def test_same_table_written_otherwise_is_answered_exactly(dress):
    assert_exact(PENGUINS, "species", DRESSES[dress](PENGUINS))


UNREADABLE = {
    "NUL": (lambda table: table.to_csv(index=False).encode().replace(b"Adelie", b"\0", 1), "not text"),
    "a needed name twice": (
        lambda table: table.to_csv(index=False).encode().replace(b"\n", b",sex\n", 1), "appears twice"
    ),
    "a row too long": (lambda table: table.to_csv(index=False).encode() + b"1,2,3,4,5,6,7,8,9\n", "line 117: has 9"),
    "percents": (
        lambda table: table.assign(year=table["year"].astype(str) + " %").to_csv(index=False).encode(), "fails on"
    ),
}  # fmt: skip
"""How a table is written → its bytes, and why it is refused."""


@pytest.mark.parametrize("dress", UNREADABLE)
def test_what_cannot_be_read_is_refused(dress):
    write, reason = UNREADABLE[dress]
    with pytest.raises(DeployError, match=reason):
        added(trained(PENGUINS, "species"), write(PENGUINS), "species")


def test_held_out_rows_of_a_real_table_are_answered_and_warned_where_outside():
    place = np.arange(len(PENGUINS)) % 2 == 0
    known, others = PENGUINS[place], PENGUINS[~place].assign(year=lambda table: table["year"] + 1)
    estimator = trained(known, "species")
    model = added(estimator, known.to_csv(index=False).encode(), "species")
    rows = answered(model, others.to_csv(index=False).encode())
    assert alike(predictions(rows), estimator.predict(others.drop(columns="species")).tolist())
    unusual = pd.Series(False, index=others.index)
    for name in known.columns.drop("species"):
        if str(known[name].dtype) == "str":
            unusual |= others[name].notna() & ~others[name].isin(known[name].dropna())
        else:
            unusual |= (others[name] < known[name].min()) | (others[name] > known[name].max())
        unusual |= others[name].isna() & known[name].notna().all()
    warned = [bool(row["warning"].removeprefix("columns not used: species").strip("; ")) for row in rows]
    assert warned == unusual.tolist()
    assert 10 < sum(warned) < len(others)
