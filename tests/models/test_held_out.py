"""Rows that a model wasn't trained on: the honest figure, and intervals that hold on others still."""

import argparse
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from app import create_app
from app.settings import Settings
from deploy.base.errors import DeployError
from deploy.models import split
from deploy.models.conformal import LEAST_ROWS


@pytest.fixture
def chance() -> np.random.Generator:
    """A generator of the test's own, so that no other decides what it draws."""
    return np.random.default_rng(26)


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    table = load_diabetes(as_frame=True, scaled=False).frame
    return table.sample(frac=1, random_state=7, ignore_index=True)


def added(add, estimator, table: pd.DataFrame, test: pd.DataFrame, target: str):
    rows = table.drop(columns=target)
    file = add.file("model.joblib", estimator.fit(rows, table[target]))
    path = add.folder / "test.csv"
    test.to_csv(path, index=False)
    folder = add(file, data=add.table(table.to_csv(index=False)), test=path, target=target)
    return yaml.safe_load((folder / "model.yaml").read_text())


def test_interval_is_kept_said_and_true_of_further_rows(add, patients, capsys):
    train, test, new = patients[:200], patients[200:320], patients[320:]
    contract = added(add, RandomForestRegressor(20, random_state=0), train, test, "target")
    measured, metrics = contract["predicts"]["interval"], contract["metrics"]
    assert metrics["r2 on rows not trained on"] < metrics["r2 on the given table"]
    assert metrics["rows not trained on"] == measured["rows"] == len(test)
    output = capsys.readouterr().out
    assert "of 120 rows that it wasn't trained on its answers are at most" in output
    assert re.search(r"^Reading its table, and asking it … \d+\.\d s$", output, re.M)
    assert re.search(r"^Comparing its engines with scikit-learn … \d+\.\d s$", output, re.M)
    client = create_app(Settings(app_bundles=add.bundles, app_default_model="model")).test_client()
    rows = new.drop(columns="target").astype(object).to_dict("records")
    predictions = client.post("/api/v1/models/model/predictions", json=rows).json["predictions"]
    inside = [
        prediction["interval"]["low"] <= truth <= prediction["interval"]["high"]
        for prediction, truth in zip(predictions, new["target"], strict=True)
    ]
    assert 0.82 < np.mean(inside) < 0.97
    assert {prediction["interval"]["coverage"] for prediction in predictions} == {0.9}


def test_honest_figure_stands_beside_the_table_s_own(add, chance):
    table = pd.DataFrame(chance.normal(size=(400, 2)), columns=["u", "v"])
    table["y"] = np.where(table["u"] + chance.normal(size=400) > 0, "high", "low")
    metrics = added(add, RandomForestClassifier(20, random_state=0), table[:200], table[200:], "y")["metrics"]
    assert metrics["accuracy on the given table"] > 0.95 > 0.85 > metrics["accuracy on rows not trained on"]
    assert next(iter(metrics)) == "accuracy on rows not trained on"


def test_model_that_knows_its_table_by_heart_is_told_of(add, capsys, chance):
    table = pd.DataFrame(chance.normal(size=(400, 2)), columns=["u", "v"]).assign(y=chance.integers(0, 2, 400))
    metrics = added(add, RandomForestClassifier(20, random_state=0), table[:200], table[200:], "y")["metrics"]
    assert metrics["accuracy on rows not trained on"] < 0.6
    assert "Note: on rows it wasn't trained on: " in capsys.readouterr().out


def test_few_rows_give_no_interval_and_that_is_said(add, patients, capsys):
    few = patients[200 : 200 + LEAST_ROWS - 1]
    contract = added(add, RandomForestRegressor(5, random_state=0), patients[:200], few, "target")
    assert "interval" not in contract["predicts"]
    assert f"{LEAST_ROWS - 1} rows are too few for intervals" in capsys.readouterr().out


def test_owner_hears_how_to_get_one(add, patients, capsys):
    file = add.file("model.joblib", RandomForestRegressor(5).fit(patients.drop(columns="target"), patients["target"]))
    folder = add(file, data=add.table(patients.to_csv(index=False)), target="target")
    assert "--test FILE, the page says how good it is with new cases and how far" in capsys.readouterr().out
    assert "interval" not in yaml.safe_load((folder / "model.yaml").read_text())["predicts"]


REFUSED = {
    "the same table": (lambda table: table, "is the table of --data; --test takes rows"),
    "no answers": (lambda table: table[:9].assign(y=np.nan), "has no column with the answers"),
    "other columns": (lambda table: table[:9].drop(columns="u"), "lacks what the model was trained on: u"),
    "other labels": (lambda table: table[:9].assign(y="x"), "it answers 0, 1, and the table says x"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_rows_that_measure_nothing_are_refused(add, kind, chance):
    table = pd.DataFrame(chance.normal(size=(60, 2)), columns=["u", "v"])
    table["y"] = (table["u"] > 0).astype(int)
    make, message = REFUSED[kind]
    with pytest.raises(DeployError, match=message):
        added(add, LogisticRegression(), table, make(table), "y")
    assert add.left == []


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("0.25", {"test_size": 0.25, "shuffle": False}),
        ("0.2,42", {"test_size": 0.2, "random_state": 42}),
        ("0.3,7,stratified", {"test_size": 0.3, "random_state": 7, "stratify": "answer"}),
    ],
)
def test_share_that_was_held_out_is_the_one_of_the_notebook(add, chance, text, how):
    """As tutorials split: one table, of which the model knows a part by heart."""
    table = pd.DataFrame(chance.normal(size=(300, 3)), columns=["a", "b", "c"]).round(3)
    table["answer"] = np.where(table["a"] + chance.normal(size=300) > 0, "yes", "no")
    how = how | ({"stratify": table["answer"]} if "stratify" in how else {})
    train, test = train_test_split(table, **how)
    forest = RandomForestClassifier(20, random_state=0).fit(train[["a", "b", "c"]], train["answer"])
    honest = forest.score(test[["a", "b", "c"]], test["answer"])
    assert honest < 0.9 < forest.score(train[["a", "b", "c"]], train["answer"])
    file, data = add.file("model.joblib", forest), add.table(table.to_csv(index=False))
    folder = add(file, data=data, target="answer", held_out=split.parse(text))
    metrics = yaml.safe_load((folder / "model.yaml").read_text())["metrics"]
    assert metrics["accuracy on rows not trained on"] == pytest.approx(honest, abs=1e-4)
    assert metrics["rows not trained on"] == len(test)


@pytest.mark.parametrize("text", ["", "0", "1", "20%", "0.2,x", "0.2,42,shuffled", "nan", "0.2,42,stratified,1"])
def test_share_that_is_none_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"is no share of the rows: 0\.2"):
        split.parse(text)


def test_share_needs_a_table_that_can_be_split(add):
    table = pd.DataFrame({"a": [*range(20), 90], "b": [*[0] * 10, *[1] * 10, 2]})
    file = add.file("model.joblib", DecisionTreeClassifier().fit(table[["a"]], table["b"]))
    with pytest.raises(DeployError, match="--held-out is a share of the rows of --data, and there is none"):
        add(file, held_out=split.parse("0.2"))
    with pytest.raises(DeployError, match=r"can't be split by --held-out 0\.5,1,stratified: .*class"):
        add(file, data=add.table(table.to_csv(index=False)), target="b", held_out=split.parse("0.5,1,stratified"))
