"""What training left in a file and serving doesn't need: steps that resample, another patch version."""

import pickle
import sys
import types
from typing import Any

import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from app import model
from deploy.base.errors import DeployError
from tests.models.project import HIGH, TABLE, Importer

X = TABLE[["u", "v"]]


def served(add: Importer, name: str) -> list[Any]:
    loaded = model.load(add.bundles / name)
    rows = [loaded.validator.typed(row) for row in X.to_dict("records")]
    return [prediction.value for prediction in loaded.predict(rows)]


class Resampled(Pipeline):
    """As imbalanced-learn pickles a pipeline."""

    __qualname__ = "Pipeline"


class SMOTE(BaseEstimator):
    """As imbalanced-learn names a step of training."""

    def fit_resample(self, rows: Any, answers: Any) -> Any:
        return rows, answers


def resampled(last: Any) -> Any:
    """Return a fitted pipeline whose second step is of training alone."""
    scaler = StandardScaler().fit(X)
    fitted = last.fit(scaler.transform(X), HIGH)
    return Resampled([("scale", scaler), ("smote", SMOTE()), ("predict", fitted)])


@pytest.mark.parametrize("in_search", [False, True])
def test_steps_of_training_alone_are_left_out(add, capsys, in_search):
    pipeline = resampled(LogisticRegression())
    expected = make_pipeline(pipeline[0], pipeline[2]).predict(X).tolist()
    if in_search:
        search = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {}, cv=2).fit(X, HIGH)
        search.estimator, search.best_estimator_ = resampled(LogisticRegression()), pipeline
        pipeline = search
    names = ("imblearn", "imblearn.pipeline", "imblearn.over_sampling", "imblearn.over_sampling._smote.base")
    with pytest.MonkeyPatch.context() as patched:
        for name in names:
            patched.setitem(sys.modules, name, types.ModuleType(name))
        for kind, name, called in ((Resampled, names[1], "Pipeline"), (SMOTE, names[3], "SMOTE")):
            patched.setattr(sys.modules[name], called, kind, raising=False)
            patched.setattr(kind, "__module__", name)
        file = add.file("loans.joblib", pickle.dumps(pipeline))
    add(file, data=add.table())
    assert "left out, as only training uses it: SMOTE" in capsys.readouterr().out
    assert served(add, "loans") == expected


def test_what_imbalanced_learn_predicts_with_is_asked_for_by_its_name(add):
    with pytest.raises(DeployError, match=r"needs the module imblearn\.ensemble"):
        add(add.file("loans.joblib", b"\x80\x04cimblearn.ensemble._forest\nBalancedRandomForestClassifier\n."))


def test_file_of_a_patch_version_apart_is_taken_and_says_so(add, capsys):
    fitted = LogisticRegression().fit(X, HIGH)
    ours = sklearn.__version__
    other = ours[:-1] + ("0" if ours[-1] != "0" else "9")
    file = add.file("loans.joblib", pickle.dumps(fitted).replace(ours.encode(), other.encode()))
    folder = add(file, data=add.table())
    assert f"made by scikit-learn {other}, opened and served by {ours}" in capsys.readouterr().out
    assert served(add, "loans") == fitted.predict(X).tolist()
    assert other.encode() not in (folder / "model.joblib").read_bytes(), "the server takes ours alone"
