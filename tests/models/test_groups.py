"""How good a model is with each group that its owner names: measured on rows it wasn't trained on, kept in its card."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from deploy.base.errors import DeployError
from deploy.models.group_figures import LEAST_ROWS, MOST_GROUPS
from deploy.models.split import Split

ROWS = 300


@pytest.fixture
def table() -> pd.DataFrame:
    """A table whose answers are a matter of chance in the south; a few rows are elsewhere."""
    chance = np.random.default_rng(26)
    region = np.where(np.arange(ROWS) % 2, "north", "south")
    region[: LEAST_ROWS - 1] = "east"
    size = chance.normal(size=ROWS)
    is_high = np.where(region == "north", size > 0, chance.random(ROWS) > 0.5)
    return pd.DataFrame({"size": size, "smokes": np.arange(ROWS) % 3 == 0, "region": region,
                         "y": np.where(is_high, "high", "low")})  # fmt: skip


def added(add, estimator, table: pd.DataFrame, target: str, columns: list[str], **options) -> dict:
    file = add.file("model.joblib", estimator.fit(table[columns], table[target]))
    add.folder.joinpath("test.csv").write_text(table.to_csv(index=False))
    data = add.table(table[[*columns, target]].to_csv(index=False))
    folder = add(file, data=data, test=add.folder / "test.csv", target=target, **options)
    return yaml.safe_load((folder / "model.yaml").read_text())


def test_each_group_has_its_figure_whether_or_not_the_model_knows_the_column(add, table, capsys):
    contract = added(add, LogisticRegression(), table, "y", ["size", "smokes"], groups=["region", "smokes"])
    groups = {str(group["name"]): group for group in contract["card"]["groups"]}
    assert list(groups) == ["Region: north", "Region: south", "{'es': 'Smokes: no', 'en': 'Smokes: no'}",
                            "{'es': 'Smokes: sí', 'en': 'Smokes: yes'}"]  # fmt: skip
    north, south, *_ = groups.values()
    metric = "accuracy on rows not trained on"
    assert north["rows"] == (table["region"] == "north").sum()
    assert north["metrics"][metric] > 0.9 > 0.7 > south["metrics"][metric]
    assert f"Note: region east: {LEAST_ROWS - 1} rows are too few" in capsys.readouterr().out


def test_numbers_are_measured_by_how_far_they_are_off(add, table):
    table["price"] = 3 * table["size"] + np.where(table["region"] == "north", 0.0, 5.0)
    contract = added(add, LinearRegression(), table, "price", ["size", "smokes"], groups=["region"])
    errors = [group["metrics"]["mean absolute error on rows not trained on"] for group in contract["card"]["groups"]]
    fitted = LinearRegression().fit(table[["size", "smokes"]], table["price"])
    off = (table["price"] - fitted.predict(table[["size", "smokes"]])).abs()
    expected = [off[table["region"] == region].mean() for region in ("north", "south")]
    assert errors == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("column", ["region", "smokes", "y"])
def test_column_is_found_beside_a_model_that_knows_no_names(add, table, column):
    """One of the model's, one of others, and the answers themselves; named twice, as it may be."""
    rows = table.assign(smokes=table["smokes"].astype(int))
    rows = rows if column == "region" else rows.drop(columns="region")
    file = add.file("model.joblib", LogisticRegression().fit(rows[["size", "smokes"]].to_numpy(), rows["y"]))
    folder = add(file, data=add.table(rows[["size", "smokes", "y"]].to_csv(index=False)), target="y",
                 test=_written(add, rows[:200]), groups=[column, column])  # fmt: skip
    groups = yaml.safe_load((folder / "model.yaml").read_text())["card"]["groups"]
    assert len(groups) == 2


def test_texts_are_parted_by_another_column_of_texts(add):
    words = ["bueno", "malo", "regular", "muy bueno", "muy malo"] * 40
    answers = ["+" if "bueno" in word else "-" for word in words]
    table = pd.DataFrame({"texto": words, "shop": ["a", "b"] * 100, "y": answers})
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(table["texto"], table["y"])
    data = add.table(table.drop(columns="shop").to_csv(index=False))
    folder = add(add.file("model.joblib", model), data=data, target="y", test=_written(add, table), groups=["shop"])
    groups = yaml.safe_load((folder / "model.yaml").read_text())["card"]["groups"]
    assert [group["name"] for group in groups] == ["Shop: a", "Shop: b"]


def test_long_value_is_named_by_its_beginning(add, table):
    table["region"] = np.where(table["region"] == "north", "n" * 5000, "s")
    contract = added(add, LogisticRegression(), table, "y", ["size"], groups=["region"])
    assert max(len(group["name"]) for group in contract["card"]["groups"]) < 100


def _written(add, table: pd.DataFrame) -> Path:
    path = add.folder / "test.csv"
    path.write_text(table.to_csv(index=False))
    return path


def test_rows_that_were_held_out_are_parted_too(add, table):
    file = add.file("model.joblib", LogisticRegression().fit(table[["size"]], table["y"]))
    data = add.table(table[["size", "y", "region"]].to_csv(index=False))
    folder = add(file, data=data, target="y", held_out=Split(0.5, 42, True), groups=["region"])
    groups = yaml.safe_load((folder / "model.yaml").read_text())["card"]["groups"]
    assert 100 < sum(group["rows"] for group in groups) <= ROWS // 2


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"groups": ["nowhere"]}, "has no column nowhere"),
     ({"groups": ["size"]}, f"has {ROWS} values: a group is all rows of one of few"),
     ({"groups": ["smokes"], "test": None}, "--group parts rows that the model wasn't trained on, and there are none")],
)  # fmt: skip
def test_what_is_no_group_is_refused(add, table, options, reason):
    assert MOST_GROUPS < ROWS
    file = add.file("model.joblib", LogisticRegression().fit(table[["size", "smokes"]], table["y"]))
    add.folder.joinpath("test.csv").write_text(table.to_csv(index=False))
    data = add.table(table[["size", "smokes", "y"]].to_csv(index=False))
    with pytest.raises(DeployError) as refusal:
        add(file, data=data, target="y", **({"test": add.folder / "test.csv"} | options))
    assert reason in refusal.value.reason
