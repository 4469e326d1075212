"""What ``model add`` writes: the contract's draft, out of file and table."""

import io

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from app import model
from deploy.base.errors import DeployError
from deploy.models import model_folder
from tests.models.project import HIGH, ROWS


def test_skops_file_is_opened_without_trust(add):
    estimator = LogisticRegression().fit(ROWS, HIGH)
    file = add.folder / "logit.skops"
    skops.io.dump(estimator, file)
    add(file, data=add.table(), target="y", trust=False)
    loaded = model.load(add.bundles / "logit")
    probabilities = [prediction.probabilities for prediction in loaded.predict(ROWS[:5].tolist())]
    assert np.allclose(probabilities, estimator.predict_proba(ROWS[:5]), rtol=0, atol=1e-15)


def test_types_that_a_skops_file_must_be_trusted_with_are_named(add, capsys, monkeypatch):
    file = add.folder / "forest.skops"
    skops.io.dump(RandomForestClassifier(3).fit(ROWS, HIGH), file)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(DeployError, match="nobody is there to ask"):
        add(file, trust=False)
    assert "sklearn.tree._tree.Tree" in capsys.readouterr().out
    add(file, data=add.table(), target="y")
    assert model.load(add.bundles / "forest").contract.predicts.kind == "classification"


def test_contract_says_what_file_and_table_say(add):
    people = pd.DataFrame({"age": [20, 30, 40, 55] * 5, "city": ["Madrid", "Sevilla", None, "Lugo"] * 5,
                           "income": [1.5, 2.5, np.nan, 9] * 5, "member": [True, False, True, True] * 5})  # fmt: skip
    parts = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["city"]),
        (SimpleImputer(), ["age", "income", "member"]),
    )
    pipeline = make_pipeline(parts, LogisticRegression()).fit(people, ["stays", "leaves"] * 10)
    text = people.assign(outcome=["stays", "leaves"] * 10).to_csv(index=False, sep=";", decimal=",")
    folder = add(add.file("churn.joblib", pipeline), data=add.table(text))
    contract = yaml.safe_load((folder / model_folder.CONTRACT).read_text())
    fields = {field["name"]: field for field in contract["fields"]}
    assert [*fields] == ["age", "city", "income", "member"]
    assert fields["age"]["kind"] == "number"
    assert fields["age"]["seen"] == {"missing": False, "minimum": 20, "maximum": 55, "whole": True}
    assert [choice["value"] for choice in fields["city"]["choices"]] == ["Lugo", "Madrid", "Sevilla"]
    assert (fields["income"]["seen"]["maximum"], fields["income"]["missing"]) == (9.0, True)
    assert fields["city"]["missing"]
    assert fields["member"]["kind"] == "yes_no"
    assert [label["value"] for label in contract["predicts"]["labels"]] == ["leaves", "stays"]
    assert (contract["title"], contract["predicts"]["label"]) == ("Churn: outcome", "Outcome")
    assert contract["description"]["en"] == "Predicts “Outcome” from 4 properties."
    assert contract["method"]["es"].startswith("Regresión logística: ")
    assert contract["metrics"]["rows"] == 20
    assert "accuracy on the given table" in contract["metrics"]
    assert len(model.load(add.bundles / "churn").manifest.golden) >= 4


def test_fields_without_names_or_table_are_numbered(add):
    folder = add(add.file("plain.joblib", LogisticRegression().fit(ROWS, HIGH)))
    contract = yaml.safe_load((folder / model_folder.CONTRACT).read_text())
    assert [field["name"] for field in contract["fields"]] == ["x0", "x1"]


def test_answer_keeps_its_unit_and_number_labels_say_of_what(add, capsys):
    sizes = pd.DataFrame({"u": ROWS[:, 0], "v": ROWS[:, 1]})
    priced = add(add.file("flats.joblib", LinearRegression().fit(sizes, 100 * ROWS[:, 0])), target="sale_price_eur",
                 data=add.table(sizes.assign(sale_price_eur=100 * ROWS[:, 0]).to_csv(index=False)))  # fmt: skip
    contract = yaml.safe_load((priced / model_folder.CONTRACT).read_text())
    assert contract["predicts"] == {"kind": "regression", "label": "Sale price", "unit": "€"}
    assert contract["title"] == "Flats: sale price"
    table = add.table(sizes.assign(Survived=HIGH).to_csv(index=False))
    sunk = add(add.file("model.joblib", LogisticRegression().fit(sizes, HIGH)), data=table)
    contract = yaml.safe_load((sunk / model_folder.CONTRACT).read_text())
    assert [label["label"] for label in contract["predicts"]["labels"]] == ["Survived: 0", "Survived: 1"]
    assert contract["title"] == "Survived"
    assert "What do its answers mean?" in capsys.readouterr().out


def test_units_of_names_stand_beside_numbers_alone(add):
    table = pd.DataFrame({"bill_length_mm": [39.1, 40.3, 36.7, 41.0] * 5, "price_eur": [1, 2, 3, 4] * 5,
                          "body mass": [1.5, 2.5, 3.5, 4.5] * 5, "size_cm": ["s", "l", "m", "s"] * 5})  # fmt: skip
    parts = make_column_transformer((OneHotEncoder(), ["size_cm"]), remainder="passthrough")
    pipeline = make_pipeline(parts, LogisticRegression()).fit(table, [0, 1] * 10)
    folder = add(add.file("birds.joblib", pipeline), data=add.table(table.assign(y=[0, 1] * 10).to_csv(index=False)))
    fields = yaml.safe_load((folder / model_folder.CONTRACT).read_text())["fields"]
    assert [(field["label"], field.get("unit")) for field in fields] == [
        ("Bill length", "mm"), ("Price", "€"), ("Body mass", None), ("Size cm", None)
    ]  # fmt: skip
