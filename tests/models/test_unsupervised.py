"""Models that find groups or outliers are served: exact, in words, with examples; what can't be is refused."""

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.cluster import Birch, BisectingKMeans, KMeans, MeanShift, MiniBatchKMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import SGDOneClassSVM
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from app import create_app
from app.engines.classes import classes_of, task_of
from app.settings import Settings
from deploy.base.errors import DeployError

CHANCE = np.random.default_rng(5)
CENTRES = np.array([[0, 0, 0], [8, 8, 0], [0, 8, 8]])
TABLE = pd.DataFrame(CHANCE.normal(size=(180, 3)) + np.repeat(CENTRES, 60, axis=0), columns=["u", "v", "w"]).round(3)
KINDS = {
    "kmeans": (KMeans(3, n_init=1, random_state=0), "onnx"),
    "batches": (MiniBatchKMeans(3, n_init=1, random_state=0), "onnx"),
    "shift": (MeanShift(bandwidth=4), "onnx"),
    "bisecting": (BisectingKMeans(3, random_state=0), "scikit_learn"),
    "birch": (Birch(n_clusters=3), "scikit_learn"),
    "mixture": (GaussianMixture(3, random_state=0), "scikit_learn"),
    "forest": (IsolationForest(n_estimators=10, random_state=0), "scikit_learn"),
    "border": (OneClassSVM(nu=0.1), None),
    "descent": (SGDOneClassSVM(random_state=0), "scikit_learn"),
    "isolated": (LocalOutlierFactor(novelty=True), "scikit_learn"),
}  # fmt: skip
"""Name → estimator, and the engine that serves it; either, where rows lie on the border."""

ADDED = ("kmeans", "mixture", "forest", "border", "isolated")
WORDS = {-1: "Fuera de lo común", 1: "Normal"}


@pytest.mark.parametrize("name", KINDS)
def test_labels_are_those_that_it_answers(name):
    estimator = make_pipeline(StandardScaler(), KINDS[name][0]).fit(TABLE)
    assert {*estimator.predict(TABLE).tolist()} <= {*classes_of(estimator)}
    assert task_of(estimator) == ("clusters" if 0 in classes_of(estimator) else "outliers")


@pytest.mark.parametrize("name", ADDED)
def test_it_is_served_as_scikit_learn_answers(add, name):
    estimator, engine = KINDS[name]
    fitted = make_pipeline(StandardScaler(), estimator).fit(TABLE)
    folder = add(add.file(f"{name}.joblib", fitted), data=add.table(TABLE.to_csv(index=False)))
    contract = yaml.safe_load((folder / "model.yaml").read_text())
    client = create_app(Settings(app_bundles=add.bundles, app_default_model=name)).test_client()
    rows = TABLE + np.random.default_rng(6).normal(size=TABLE.shape)
    card = client.get(f"/api/v1/models/{name}").json
    assert engine in (None, {"ONNX Runtime": "onnx", "scikit-learn": "scikit_learn"}[card["engine"]])
    reply = client.post(
        f"/api/v1/models/{name}/predictions", json=rows.to_dict("records"), headers={"Accept-Language": "es"}
    )
    answers = [prediction["value"] for prediction in reply.json["predictions"]]
    assert answers == fitted.predict(rows).tolist()
    labels = {prediction["value"]: prediction["label"] for prediction in reply.json["predictions"]}
    assert all(label == WORDS.get(value, label) for value, label in labels.items() if task_of(fitted) == "outliers")
    if task_of(fitted) == "clusters":
        assert labels == {0: "Grupo 0", 1: "Grupo 1", 2: "Grupo 2"}
        assert sorted(example["answer"] for example in contract["examples"]) == [0, 1, 2]
    assert contract["metrics"] == {"rows": len(TABLE)}, "nobody knows how good groups are"


def test_column_that_looks_like_answers_measures_no_groups(add):
    table = TABLE.assign(species=np.repeat(["a", "b", "c"], 60))
    folder = add(add.file("kmeans.joblib", KMeans(3, n_init=1).fit(TABLE)), data=add.table(table.to_csv(index=False)))
    assert yaml.safe_load((folder / "model.yaml").read_text())["metrics"] == {"rows": len(TABLE)}


def test_rows_not_trained_on_measure_no_groups(add):
    table, test = add.table(TABLE.to_csv(index=False)), add.folder / "test.csv"
    TABLE[:50].to_csv(test, index=False)
    with pytest.raises(DeployError, match="learned from rows alone"):
        add(add.file("kmeans.joblib", KMeans(3, n_init=1).fit(TABLE)), data=table, test=test)
