"""A model that needs a person's own classes and functions: they travel with it, and it answers as it did there."""

import shutil
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from app import model
from app.own_code import CODE
from deploy.base.errors import DeployError
from deploy.models import builder, own_code
from tests.models.project import TABLE, Importer

CLEANING = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class RatioAdder(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        X = np.asarray(X)
        return np.c_[X, X[:, 0] / (X[:, 1] + 1)]


def halves(X):
    return X / 2
"""
X = TABLE[["u", "v"]]
RENT = X.u * 3 + X.u / (X.v + 1)
RENTS = X.assign(rent=RENT).to_csv(index=False)


@pytest.fixture(autouse=True)
def imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a bundle makes importable is so for one test."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = {*sys.modules}
    yield
    for name in {*sys.modules} - before:
        if name.partition(".")[0] in ("cleaning", "shop"):
            del sys.modules[name]


@contextmanager
def module(name: str, text: str = CLEANING) -> Iterator[types.ModuleType]:
    """Have a module for as long as a file is saved."""
    made = types.ModuleType(name)
    exec(text, made.__dict__)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, name, made)
        yield made


def saved(add: Importer, name: str, made: types.ModuleType, own: str = "RatioAdder") -> tuple[Path, list[float]]:
    """Save a pipeline with one of a module's own, and return the file and what it answers to the table."""
    step = getattr(made, own) if own == "halves" else getattr(made, own)()
    step = FunctionTransformer(step) if own == "halves" else step
    pipeline = make_pipeline(step, LinearRegression()).fit(X, RENT)
    return add.file(name, pipeline), pipeline.predict(X).tolist()


def served(add: Importer, name: str) -> list[Any]:
    loaded = model.load(add.bundles / name)
    rows = [loaded.validator.typed(row) for row in X.to_dict("records")]
    return [prediction.value for prediction in loaded.predict(rows)]


@pytest.mark.parametrize("own", ["RatioAdder", "halves"])
def test_what_a_notebook_defined_is_found_in_the_code_that_is_given(add, own):
    with module("__main__") as notebook:
        file, expected = saved(add, "rent.joblib", notebook, own)
    table, code = add.table(RENTS), add.folder / "cleaning.py"
    with pytest.raises(DeployError) as refused:
        add(file, data=table)
    assert f"{file}: needs {own}, which the notebook or program" in refused.value.reason and add.left == []
    assert "--code my_code.py" in refused.value.advice
    code.write_text(CLEANING.replace(own, "Other"))
    with pytest.raises(DeployError, match="it isn't in cleaning"):
        add(file, data=table, target="rent", code=[code])
    code.write_text(CLEANING)
    folder = add(file, data=table, target="rent", code=[code])
    assert (folder / "code" / "cleaning.py").read_text() == CLEANING
    assert served(add, "rent") == pytest.approx(expected, rel=1e-12)
    assert not builder.build(folder, add.bundles), "up to date"
    (folder / "code" / "cleaning.py").write_text(CLEANING + "\n# changed\n")
    version = model.load(add.bundles / "rent").version
    assert builder.build(folder, add.bundles) and model.load(add.bundles / "rent").version != version


def test_modules_and_packages_travel_and_the_server_refuses_others(add):
    package = add.folder / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "steps.py").write_text(CLEANING)
    with module("shop"), module("shop.steps") as steps:
        file, expected = saved(add, "rent.joblib", steps)
    with pytest.raises(DeployError) as refused:
        add(file)
    assert "needs the module shop" in refused.value.reason and "--code shop.py" in refused.value.advice
    add(file, data=add.table(RENTS), target="rent", code=[package])
    assert served(add, "rent") == pytest.approx(expected, rel=1e-12)
    (add.bundles / "rent" / CODE).write_bytes(b"PK\5\6" + bytes(18))
    with pytest.raises(model.BundleError, match=r"code\.zip: is not the file that was built"):
        model.load(add.bundles / "rent")


def test_two_models_have_no_different_modules_of_one_name(add):
    code = add.folder / "cleaning.py"
    code.write_text(CLEANING)
    with module("cleaning") as cleaning:
        file, _ = saved(add, "rent.joblib", cleaning)
    table = {"data": add.table(RENTS), "target": "rent"}
    add(file, code=[code], **table)
    add(file, code=[code], name="again", **table)
    code.write_text(CLEANING + "\n# another\n")
    with pytest.raises(DeployError, match=r"is another module than .*, and one process serves both models"):
        add(file, code=[code], name="other", **table)
    assert not (add.models / "other").exists()
    code.rename(add.models / "again" / "code" / "cleaning.py")
    with pytest.raises(DeployError, match="is another module than"):
        own_code.require_distinct(sorted(add.models.iterdir()))


def test_link_that_leads_out_of_a_package_is_refused(tmp_path):
    package, secret = tmp_path / "shop", tmp_path / "id_ed25519"
    (package / "data").mkdir(parents=True)
    (package / "steps.py").write_text(CLEANING)
    (package / "again.py").symlink_to("steps.py")
    secret.write_text("secret")
    own_code.copy([package], tmp_path / "draft")
    for target in (secret, tmp_path):
        (package / "data" / "key").symlink_to(target)
        with pytest.raises(DeployError, match="data/key: is a link that leads out of shop, and would be copied"):
            own_code.copy([package], tmp_path / f"draft-{target.name}")
        assert not [*(tmp_path / f"draft-{target.name}").rglob("key")]
        (package / "data" / "key").unlink()


def test_packages_whose_files_have_other_names_are_distinct(tmp_path):
    for folder, name in (("one", "a.py"), ("two", "b.py")):
        package = tmp_path / folder / "code" / "shop"
        package.mkdir(parents=True)
        (package / name).write_text(CLEANING)
    with pytest.raises(DeployError, match="is another module than"):
        own_code.require_distinct([tmp_path / "one", tmp_path / "two"])


def test_file_of_another_name_is_another_source(tmp_path):
    code = tmp_path / "code" / "shop"
    (code / "a").mkdir(parents=True)
    (code / "a" / "steps.py").write_text(CLEANING)
    before = builder._source(tmp_path)
    (code / "a").rename(code / "b")
    assert builder._source(tmp_path) != before
    assert builder._source(shutil.copytree(tmp_path, tmp_path.with_name("again"))) == builder._source(tmp_path)


WRONG = {
    "gone.py": "no such file",
    "analysis.ipynb": "is a notebook, not a module",
    "my-code.py": "is no module of Python",
    "data.csv": "is no module of Python",
    "numpy.py": "numpy is the name of a module that is installed",
    "random.py": "random is the name of a module that is installed",
    "app.py": "app is the name of a module that is installed",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_module_of_one_s_own_is_refused(add, name):
    if name != "gone.py":
        (add.folder / name).write_text("")
    with pytest.raises(DeployError, match=WRONG[name]):
        add(add.file("line.joblib", LinearRegression().fit(X, RENT)), code=[add.folder / name])
    assert add.left == []


def test_code_that_fails_says_where(add):
    with module("cleaning") as cleaning:
        file, _ = saved(add, "rent.joblib", cleaning)
    code = add.folder / "cleaning.py"
    code.write_text("import numpy\n\nopen('train.csv')\n")
    with pytest.raises(DeployError) as refused:
        add(file, code=[code])
    assert f"{file}: the code given with it fails: cleaning.py, line 3: FileNotFoundError" in refused.value.reason
    assert "No training, no files" in refused.value.advice


TRAINING = """
from pathlib import Path
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from deploy.training import Trained
{CLEANING}
def train():
    table = pd.read_csv(Path(__file__).with_name("rent.csv"))
    model = make_pipeline(RatioAdder(), LinearRegression()).fit(table[["u", "v"]], table.rent)
    return Trained(model, {{"r2": 1.0}}, table[["u", "v"]].to_numpy().tolist())
"""
CONTRACT = """
name: rent
title: Rent
description: Rent
predicts: {kind: regression, label: Rent}
fields:
- {name: u, kind: number, label: u, minimum: 0, maximum: 1, example: 0.5}
- {name: v, kind: number, label: v, minimum: 0, maximum: 1, example: 0.5}
"""


def test_class_of_a_train_py_goes_with_its_model(add):
    folder = add.models / "rent"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(TRAINING.format(CLEANING=CLEANING))
    (folder / "rent.csv").write_text(RENTS)
    (folder / "model.yaml").write_text(CONTRACT)
    assert builder.build(folder, add.bundles)
    assert "train_rent" not in sys.modules
    assert served(add, "rent") == pytest.approx(RENT.tolist(), rel=1e-9)
