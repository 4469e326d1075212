"""What ``model add`` finds out about models that answer several things at once, and what it refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.ensemble import RandomForestRegressor, StackingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder
from sklearn.tree import DecisionTreeClassifier

from app.model import load
from deploy.base.errors import DeployError
from deploy.models.builder import build
from tests.models import several
from tests.models.several import MARKS, NUMBERS, VALUES, WORDS, client, close, table_of


def contract_of(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "model.yaml").read_text())


def test_names_units_and_figures_are_each_target_s_own(add, capsys):
    folder = add(add.file("flats.joblib", LinearRegression().fit(NUMBERS, VALUES)), data=table_of(add, NUMBERS, VALUES))
    contract = contract_of(folder)
    assert contract["predicts"] == {"name": "price_eur", "kind": "regression", "label": "Price", "unit": "€"}
    assert contract["also"] == [{"name": "rent", "kind": "regression", "label": "Rent"}]
    assert contract["metrics"] == {
        "rows": 160, "r2 of price_eur on the given table": 1.0, "r2 of rent on the given table": 1.0
    }  # fmt: skip
    assert contract["description"]["en"] == "Predicts “Price” and “Rent” from 3 properties."
    assert {example["label"]["es"] for example in contract["examples"]} == {
        "Price: valor bajo", "Price: valor medio", "Price: valor alto"
    }  # fmt: skip
    output = capsys.readouterr().out
    assert "  predicts price_eur: a number\n  predicts rent: a number\n" in output
    page = client(add, "flats").get("/models/flats", headers={"Accept-Language": "es"}).text
    assert "R² de «rent», con la tabla con la que se entrenó" in page


def test_array_s_targets_are_named_on_the_command_line_or_numbered(add):
    estimator = LinearRegression().fit(NUMBERS.to_numpy(), VALUES.to_numpy())
    named = add(add.file("named.joblib", estimator), data=table_of(add, NUMBERS, VALUES), target="price_eur,rent")
    assert [target["name"] for target in [contract_of(named)["predicts"], *contract_of(named)["also"]]] == [*VALUES]
    bare = contract_of(add(add.file("bare.joblib", estimator)))
    assert (bare["predicts"]["name"], bare["also"][0]["name"]) == ("target_1", "target_2")
    assert bare["also"][0]["label"] == {"es": "Predicción 2", "en": "Prediction 2"}


def test_column_whose_name_has_a_comma_is_one(add):
    answers = VALUES.rename(columns={"rent": "rent, monthly"})
    file = add.file("flats.joblib", LinearRegression().fit(NUMBERS.to_numpy(), answers.to_numpy()))
    folder = add(file, data=table_of(add, NUMBERS, answers), target=["price_eur", "rent, monthly"])
    assert contract_of(folder)["title"] == "Flats: price, rent, monthly"
    assert contract_of(folder)["also"][0]["name"] == "rent, monthly"


def test_rows_not_trained_on_measure_each_target(add, capsys):
    noisy = VALUES + np.random.default_rng(3).normal(size=VALUES.shape)
    estimator = RandomForestRegressor(10, random_state=0).fit(NUMBERS[:80], noisy[:80])
    test = add.folder / "test.csv"
    pd.concat([NUMBERS, noisy], axis=1)[80:].to_csv(test, index=False)
    folder = add(add.file("flats.joblib", estimator), data=table_of(add, NUMBERS[:80], noisy[:80]), test=test)
    contract = contract_of(folder)
    assert contract["predicts"]["interval"]["rows"] == contract["also"][0]["interval"]["rows"] == 80
    assert contract["predicts"]["interval"]["margin"] > 10 * contract["also"][0]["interval"]["margin"]
    assert "mean absolute error of rent on rows not trained on" in contract["metrics"]
    reply = client(add, "flats").post("/api/v1/models/flats/predictions", json=NUMBERS.to_dict("records")[0]).json
    (prediction,) = reply["predictions"]
    page = client(add, "flats").get("/models/flats/answer", query_string=NUMBERS.to_dict("records")[0])
    assert page.text.count("en 9 de cada 10 casos") == 2
    assert prediction["interval"]["rent"]["low"] < prediction["value"]["rent"] < prediction["interval"]["rent"]["high"]


REFUSED = {
    "another order": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES[["rent", "price_eur"]]), NUMBERS, VALUES, {}),
        "fit the columns of the table in another order: rent, price_eur",
    ),
    "too few names": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES, {"target": "rent"}),
        "the model answers 2 things, and --target names one thing",
    ),
    "a name twice": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES, {"target": "rent,rent"}),
        "--target names a column twice",
    ),
    "no such column": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES, {"target": "rent,size"}),
        "has no column size",
    ),
    "one target that is wrong": (
        lambda: (LinearRegression().fit(NUMBERS, VALUES), NUMBERS, VALUES.assign(rent=VALUES["rent"] * 9 + 90), {}),
        "its answers to rent of .* can't be right",
    ),
    "a target with one label": (
        lambda: (DecisionTreeClassifier().fit(NUMBERS, MARKS.assign(fog=1)), NUMBERS, MARKS, {}),
        "answers the same to everything as its target 3",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_served_is_refused_with_a_sentence(add, kind):
    make, message = REFUSED[kind]
    estimator, rows, answers, options = make()
    with pytest.raises(DeployError, match=message):
        add(add.file("several.joblib", estimator), data=table_of(add, rows, answers), **options)


def test_encoder_of_labels_is_not_for_several_targets(add):
    encoder = add.file("encoder.joblib", LabelEncoder().fit(["no", "yes"]))
    file = add.file("several.joblib", KNeighborsClassifier().fit(NUMBERS, MARKS))
    with pytest.raises(DeployError, match="answers 3 things at once; --labels gives the encoder of one"):
        add(file, data=table_of(add, NUMBERS, MARKS), labels=encoder)


ONE = {
    "numbers": (LinearRegression(), VALUES[["rent"]]),
    "labels": (MultiOutputClassifier(LogisticRegression()), WORDS[["size"]]),
    "marks": (ClassifierChain(LogisticRegression()), MARKS[["rain"]]),
}


@pytest.mark.parametrize("kind", ONE)
def test_column_of_one_target_is_one_answer(add, kind):
    estimator, answers = ONE[kind]
    folder = add(add.file("one.joblib", estimator.fit(NUMBERS, answers)), data=table_of(add, NUMBERS, answers))
    assert "also" not in contract_of(folder)
    rows = several.unseen(NUMBERS)
    reply = client(add, "one").post("/api/v1/models/one/predictions", json=rows.to_dict("records")).json
    assert close([[prediction["value"]] for prediction in reply["predictions"]], estimator.predict(rows))
    assert ("probabilities" in reply["predictions"][0]) == (kind != "numbers")


def test_probabilities_that_could_be_of_either_label_are_not_given(add):
    parts = [("near", KNeighborsClassifier()), ("tree", DecisionTreeClassifier(random_state=0))]
    estimator = StackingClassifier(parts, final_estimator=KNeighborsClassifier()).fit(NUMBERS, MARKS.to_numpy())
    add(add.file("stack.joblib", estimator), data=table_of(add, NUMBERS, MARKS))
    reply = client(add, "stack").post("/api/v1/models/stack/predictions", json=NUMBERS[:9].to_dict("records")).json
    answers = [[*prediction["value"].values()] for prediction in reply["predictions"]]
    assert answers == estimator.predict(NUMBERS[:9]).tolist()
    assert "probabilities" not in reply["predictions"][0]


TRAIN = """\
from sklearn.linear_model import LinearRegression
from deploy.training import Trained

ROWS = [[float(number), float(number * number % 7)] for number in range(40)]

def train():
    answers = [[one + other, 1e6 * one - other] for one, other in ROWS]
    return Trained(LinearRegression().fit(ROWS, answers), {}, ROWS, held_out=[(float(n), n + 0.5) for n in range(60)])
"""
CONTRACT = """\
name: trained
title: T
description: D
predicts: {name: sum, kind: regression, label: Sum}
also: [{name: mixed, kind: regression, label: Mixed}]
fields:
  - {name: a, kind: number, label: A, example: 3, minimum: 0, maximum: 40}
  - {name: b, kind: number, label: B, example: 2, minimum: 0, maximum: 7}
"""


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    folder = tmp_path / "trained"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    (folder / "model.yaml").write_text(CONTRACT)
    return folder


def test_model_that_is_trained_here_has_them_too(trained, tmp_path):
    assert build(trained, tmp_path / "bundles")
    manifest = load(tmp_path / "bundles" / "trained").manifest
    assert manifest.proof.why == "it answers several things at once" and manifest.engine == "scikit_learn"
    assert manifest.golden[0].value == {"sum": pytest.approx(0, abs=1e-6), "mixed": pytest.approx(0, abs=1e-6)}
    assert manifest.contract.predicts.interval.margin == 0.5
    sizes = [max(abs(row.value[name]) for row in manifest.golden) for name in ("sum", "mixed")]
    assert manifest.tolerance.absolute == pytest.approx(1e-12 * min(sizes)), "small answers count beside large ones"


FURTHER = "also: [{name: mixed, kind: regression, label: Mixed}]"
LABELS = "also: [{name: mixed, kind: classification, label: M, labels: [{value: 0, label: x}, {value: 1, label: y}]}]"
OTHERWISE = {
    "fewer targets": (
        CONTRACT.replace(FURTHER, "").replace("name: sum, ", ""),
        "the model answers 2 things, and its contract says 1",
    ),
    "labels": (CONTRACT.replace(FURTHER, LABELS), "also.0: the model answers numbers; say kind: regression"),
}


@pytest.mark.parametrize("kind", OTHERWISE)
def test_contract_that_says_otherwise_is_refused(trained, tmp_path, kind):
    text, message = OTHERWISE[kind]
    (trained / "model.yaml").write_text(text)
    with pytest.raises(DeployError, match=message):
        build(trained, tmp_path / "bundles")
