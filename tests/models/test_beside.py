"""What lies beside a model, or in the same file, is asked for, put together with it, and answers as it did there."""

import re

import joblib
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.utils import all_estimators

from app import model
from deploy.base.errors import DeployError
from deploy.models import input_files, model_folder
from tests.models.project import Importer

CHANCE = np.random.default_rng(24)
ROWS = 300
PEOPLE = pd.DataFrame(
    {"ingresos": CHANCE.normal(42_000, 9_000, ROWS).round(), "deuda": CHANCE.normal(7_000, 2_500, ROWS).round()}
)
FAILS = (PEOPLE.deuda / PEOPLE.ingresos > 0.17).astype(int).rename("aprobado")
SCALER = StandardScaler().fit(PEOPLE)
MODEL = LogisticRegression().fit(SCALER.transform(PEOPLE), FAILS)
SPECIES = np.where(PEOPLE.deuda > 9_000, "ash", np.where(PEOPLE.ingresos > 42_000, "birch", "cedar"))


@pytest.fixture
def folder(add: Importer) -> Importer:
    PEOPLE.assign(aprobado=FAILS).to_csv(add.folder / "datos.csv", index=False)
    joblib.dump(SCALER, add.folder / "scaler.joblib")
    joblib.dump(MODEL, add.folder / "modelo_clasificador.joblib")
    return add


def answers(add: Importer, name: str) -> list[object]:
    served = model.load(add.bundles / name)
    rows = [served.validator.typed(row) for row in PEOPLE.astype(float).to_dict("records")]
    return [prediction.value for prediction in served.predict(rows)]


def test_scaler_beside_a_model_stops_it_with_the_line_to_type(folder):
    file, data = folder.folder / "modelo_clasificador.joblib", folder.folder / "datos.csv"
    with pytest.raises(DeployError) as refused:
        folder(file, data=data, target="aprobado")
    scaler = folder.folder / "scaler.joblib"
    line = f"python3 -m deploy model add {file} --before {scaler} --data {data} --target aprobado"
    assert line in refused.value.advice and folder.left == []
    encoder = folder.file("label_encoder.pkl", LabelEncoder().fit(SPECIES))
    with pytest.raises(DeployError) as refused:
        folder(file, data=data, name="otro")
    line = f"model add {file} --before {scaler} --labels {encoder} --data {data} --name otro"
    assert line in refused.value.advice and "label_encoder.pkl and scaler.joblib" in refused.value.reason
    encoder.unlink()
    folder(file, data=data, target="aprobado", before=[scaler])
    assert answers(folder, "modelo_clasificador") == MODEL.predict(SCALER.transform(PEOPLE)).tolist()


def test_file_called_after_an_estimator_that_answers_is_not_asked_for(tmp_path):
    kinds = {name.lower(): kind for name, kind in all_estimators()}
    for name in kinds:
        (tmp_path / f"{name}.joblib").touch()
    with pytest.raises(DeployError) as refused:
        input_files.require_no_companions(tmp_path / "modelo.joblib", None, {})
    asked = re.findall(r"(\w+)\.joblib", refused.value.reason.partition("there is ")[2])
    assert {"standardscaler", "columntransformer"} <= {*asked}
    assert not [name for name in asked if hasattr(kinds[name], "predict")]


def test_line_to_type_keeps_what_was_typed_and_has_the_usual_order(folder):
    file, data = folder.folder / "modelo_clasificador.joblib", folder.folder / "datos.csv"
    beside = [folder.file(name, b"") for name in ("imputer.pkl", "encoder.pkl", "pca.pkl", "transformer.pkl")]
    beside.insert(2, folder.folder / "scaler.joblib")
    code = folder.file("own.py", b"")
    options = {"test": data.with_name("t.csv"), "decimal": ",", "code": [code], "packages": ["xgboost"]}
    PEOPLE.assign(aprobado=0).to_csv(options["test"], index=False)
    with pytest.raises(DeployError) as refused:
        folder(file, data=data, keep_rows=False, **options)
    typed = f"--data {data} --test {options['test']} --decimal , --with xgboost --code {code} --trust --no-rows\n"
    assert f"model add {file} --before {' '.join(map(str, beside))} {typed}" in refused.value.advice
    assert "in the order in which the training applied them" in refused.value.advice
    with pytest.raises(DeployError) as refused:
        folder(file, data=data)
    assert "--with" not in refused.value.advice and "--no-rows" not in refused.value.advice


def test_without_its_scaler_its_answers_cannot_be_right(folder, capsys):
    file, data = folder.folder / "modelo_clasificador.joblib", folder.folder / "datos.csv"
    with pytest.raises(DeployError) as refused:
        folder(file, data=data, target="aprobado", before=[])
    assert "can't be right" in refused.value.reason and "always saying" in refused.value.reason
    assert "--before scaler.joblib" in refused.value.advice
    added = folder(file, data=data, target="aprobado", before=[], anyway=True)
    contract = yaml.safe_load((added / model_folder.CONTRACT).read_text())
    assert [*contract["metrics"]] == ["rows"], "no figure is boasted of"


@pytest.mark.parametrize("content", [{"model": MODEL, "scaler": SCALER}, (MODEL, SCALER), [SCALER, MODEL]])
def test_file_that_holds_both_says_so_and_is_put_together_when_told(folder, content):
    file = folder.file("both.joblib", content)
    (folder.folder / "scaler.joblib").unlink()
    with pytest.raises(DeployError) as refused:
        folder(file, data=folder.folder / "datos.csv")
    assert "LogisticRegression" in refused.value.reason and "StandardScaler" in refused.value.reason
    assert "To serve StandardScaler → LogisticRegression, in this order: --together" in refused.value.advice
    folder(file, data=folder.folder / "datos.csv", together=True)
    assert answers(folder, "both") == MODEL.predict(SCALER.transform(PEOPLE)).tolist()


def test_encoded_labels_get_their_words_from_the_table_or_from_their_encoder(folder):
    encoder = LabelEncoder().fit(SPECIES)
    forest = RandomForestClassifier(20, random_state=0).fit(PEOPLE, encoder.transform(SPECIES))
    table = folder.table(PEOPLE.assign(species=SPECIES).to_csv(index=False))
    added = folder(folder.file("trees.joblib", forest), data=table, before=[])
    named = folder(folder.file("named.joblib", forest), before=[], labels=folder.file("le.joblib", encoder))
    for contract in (yaml.safe_load((path / model_folder.CONTRACT).read_text()) for path in (added, named)):
        labels = contract["predicts"]["labels"]
        assert [(label["value"], label["label"]) for label in labels] == [(0, "ash"), (1, "birch"), (2, "cedar")]
    wrong = folder.file("other.joblib", LabelEncoder().fit(["a", "b"]))
    with pytest.raises(DeployError, match="the encoder of --labels has 2 classes"):
        folder(folder.file("again.joblib", forest), before=[], labels=wrong)


def test_answers_of_another_scale_are_stopped(folder):
    prices = np.exp(PEOPLE.ingresos / 10_000)
    line = LinearRegression().fit(PEOPLE, np.log(prices))
    table = folder.table(PEOPLE.assign(precio=prices).to_csv(index=False))
    with pytest.raises(DeployError) as refused:
        folder(folder.file("prices.joblib", line), data=table, before=[])
    assert "worse than the mean" in refused.value.reason and "a logarithm" in refused.value.advice


def test_transformer_that_transforms_no_table_is_refused(folder):
    file = folder.folder / "modelo_clasificador.joblib"
    for content, advice in ((LabelEncoder().fit(SPECIES), "give it as --labels"), (MODEL, "a scaler, an encoder")):
        with pytest.raises(DeployError) as refused:
            folder(file, before=[folder.file("first.joblib", content)])
        assert "transforms no table" in refused.value.reason and advice in refused.value.advice
    with pytest.raises(DeployError, match="no such file"):
        folder(file, before=[folder.folder / "gone.joblib"])
