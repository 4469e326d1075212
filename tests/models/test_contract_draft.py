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
from sklearn.linear_model import LogisticRegression
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
    assert (fields["age"]["kind"], fields["age"]["minimum"], fields["age"]["maximum"]) == ("integer", 20, 55)
    assert [choice["value"] for choice in fields["city"]["choices"]] == ["Lugo", "Madrid", "Sevilla"]
    assert (fields["income"]["maximum"], fields["income"]["missing"]) == (9.0, True)
    assert fields["city"]["missing"]
    assert fields["member"]["kind"] == "yes_no"
    assert [label["value"] for label in contract["predicts"]["labels"]] == ["leaves", "stays"]
    assert contract["metrics"]["rows"] == 20
    assert "accuracy on the given table" in contract["metrics"]
    assert len(model.load(add.bundles / "churn").manifest.golden) >= 4


def test_fields_without_names_or_table_are_numbered(add):
    folder = add(add.file("plain.joblib", LogisticRegression().fit(ROWS, HIGH)))
    contract = yaml.safe_load((folder / model_folder.CONTRACT).read_text())
    assert [field["name"] for field in contract["fields"]] == ["x0", "x1"]
