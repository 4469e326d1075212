"""Titles, units and totals of training tables: read where there is no doubt, else refused with the line's number."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from deploy.base.errors import DeployError
from deploy.models import training_table
from deploy.models.table_source import TableSource
from tests.models.one_reader import added, answered, predictions

RANDOM = np.random.default_rng(1)
TABLE = pd.DataFrame({"shop": [f"s{number}" for number in range(30)], "area": RANDOM.uniform(20, 90, 30).round(1),
                      "staff": RANDOM.integers(1, 9, 30)})  # fmt: skip
TABLE["sales"] = TABLE["area"] * 3 + TABLE["staff"]
MODEL = Ridge().fit(TABLE[["area", "staff"]], TABLE["sales"])
NAMELESS = Ridge().fit(TABLE[["area", "staff"]].to_numpy(), TABLE["sales"])
CSV = TABLE.to_csv(index=False)
NAMES, ROWS = CSV.split("\n", 1)


def test_table_below_a_title_is_answered_alike():
    data = ("Shops of the north\n\n" + CSV).encode()
    rows = answered(added(MODEL, data, "sales"), data)
    assert np.allclose(predictions(rows), MODEL.predict(TABLE[["area", "staff"]]))


@pytest.mark.parametrize(
    ("text", "estimator", "sentence"),
    [
        (f"{NAMES}\n,m2,people,EUR\n{ROWS}", MODEL, "line 2 looks like units"),
        (f"{CSV}Total,900,100,2800\n", MODEL, "line 32 looks like a total"),
        (f"shop,area,,sales\n,,staff,\n{ROWS}", MODEL, "Line 2 has staff: write all names into one line"),
        (f"Shops of the north\n{NAMES[5:]}\n" + TABLE.drop(columns="shop").to_csv(index=False, header=False),
         NAMELESS, "Line 1 looks like a title"),
    ],
)  # fmt: skip
def test_line_that_is_no_row_is_named(tmp_path, text, estimator, sentence):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(DeployError) as refusal:
        training_table.describe_format(TableSource(tmp_path / "table.csv"), estimator)
    assert sentence in str(refusal.value)


def test_words_that_are_rows_are_read():
    totals = TABLE.assign(shop=["Total" if number % 10 == 9 else f"s{number}" for number in range(30)])
    data = totals.to_csv(index=False).encode()
    assert len(answered(added(MODEL, data, "sales"), data)) == 30


def test_sums_of_money_are_read_as_numbers():
    written = TABLE.assign(area=[f"{area:.1f} €".replace(".", ",") for area in TABLE["area"]])
    data = written.to_csv(index=False, sep=";", decimal=",").encode()
    rows = answered(added(MODEL, data, "sales"), data)
    assert np.allclose(predictions(rows), MODEL.predict(TABLE[["area", "staff"]]))
