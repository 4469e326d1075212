"""Files that another scikit-learn wrote: opened in that one, and served with its answers; or why not, in words."""

import bz2
import gzip
import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from app import model
from deploy.base import variables
from deploy.base.errors import DeployError
from deploy.base.paths import tool
from deploy.models import builder, scikit_learns
from deploy.models.sandbox import worker, writers
from tests.models import fitted
from tests.models.project import HIGH, ROWS

OLD, OURS = "1.3.2", scikit_learns.made_with(None)["scikit-learn"]
SERVED = [name for name in fitted.MODELS if name != "neighbours"]
LONG = [("1.3.2", SERVED[1:]), ("1.6.1", SERVED), ("1.9.0", SERVED)]
CASES = [
    pytest.param(OLD, SERVED[0]),
    *(pytest.param(version, name, marks=pytest.mark.long) for version, names in LONG for name in names),
]


@pytest.fixture(scope="module")
def fitted_by(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Have models fitted by a scikit-learn, in the packages in which `model add` opens its files."""

    def fit(version: str, name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        environment = variables.inherited() | {"PYTHONPATH": str(scikit_learns.installed(version))}
        subprocess.run([tool("python"), fitted.__file__, folder, name], env=environment, check=True)
        return folder / f"{name}.joblib"

    return fit


def named(version: str, estimator: Any) -> bytes:
    """Return a file that says that another version wrote it."""
    return pickle.dumps(estimator.fit(ROWS, HIGH)).replace(OURS.encode(), version.encode())


@pytest.mark.parametrize(("version", "name"), CASES)
def test_model_of_another_scikit_learn_answers_as_that_one_does(add, fitted_by, version, name):
    file = fitted_by(version, name)
    folder = add(file, data=file.with_suffix(".csv"), target="answer")
    served, own = model.load(add.bundles / name), json.loads(file.with_suffix(".json").read_text())
    assert served.manifest.engine == "onnx"
    is_patch = version.rpartition(".")[0] == OURS.rpartition(".")[0]
    assert served.manifest.made_with["scikit-learn"] == (OURS if is_patch else version)
    rows = pd.read_csv(file.with_suffix(".csv")).drop(columns="answer").astype(object)
    answers = served.predict(rows.where(rows.notna(), None).to_numpy().tolist())
    if "classes" not in own:
        assert [answer.value for answer in answers] == pytest.approx(own["predict"], rel=1e-9)
    else:
        assert [answer.value for answer in answers] == own["predict"]
        order = [own["classes"].index(label.value) for label in served.contract.predicts.labels]
        for answer, probabilities in zip(answers, own["probabilities"], strict=True):
            assert answer.probabilities == pytest.approx([probabilities[place] for place in order], abs=1e-12)
    assert builder.build(folder, add.folder / "again"), "the record says which scikit-learn that was"
    graph = "model.onnx"
    assert (add.folder / "again" / name / graph).read_bytes() == (add.bundles / name / graph).read_bytes()


def test_what_that_one_alone_could_run_is_refused_with_the_way_that_is_left(add, fitted_by):
    file = fitted_by(OLD, "neighbours")
    with pytest.raises(DeployError, match=rf"made by scikit-learn {OLD}, and can be served only where") as refusal:
        add(file, data=file.with_suffix(".csv"), target="answer")
    assert str(file) in refusal.value.reason and "KNeighborsClassifier has no graph" in refusal.value.reason
    assert f"pip install scikit-learn=={OURS}" in refusal.value.advice
    assert add.left == []


@pytest.mark.parametrize(
    ("version", "words"),
    [("1.0.2", "files of 1.2 and later can be opened"), ("1.99.0", "can't install: there are 1.")],
)
def test_version_that_can_t_be_had_is_refused_with_those_that_can(add, version, words):
    file = add.file("stranger.pkl", named(version, LogisticRegression()))
    with pytest.raises(DeployError, match=f"made by scikit-learn {version}") as refusal:
        add(file)
    assert words in refusal.value.reason and f"scikit-learn=={OURS}" in refusal.value.advice
    assert add.left == []


def test_files_of_two_versions_are_not_put_together(add):
    file = add.file("stranger.pkl", named("1.6.1", LogisticRegression()))
    scaler = add.file("first.pkl", named("1.5.2", StandardScaler()))
    with pytest.raises(DeployError, match=rf"stranger\.pkl by 1\.6\.1, {scaler} by 1\.5\.2"):
        add(file, before=[scaler])


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A state of its own, without a scikit-learn."""

    def path_of(*parts: str) -> Path:
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    monkeypatch.setattr(scikit_learns, "state", path_of)
    return path_of


def test_what_was_installed_runs_in_the_sandbox_alone(tmp_path, state, monkeypatch):
    mark = tmp_path / "mark"

    def install(console: Any, writer: str, to: Path) -> None:
        (to / "sklearn").mkdir(parents=True)
        (to / "sklearn" / "__init__.py").write_text(f"open({str(mark)!r}, 'w')")

    monkeypatch.setattr(scikit_learns, "_run_pip", install)
    with pytest.raises(DeployError, match=r"scikit-learn 1\.6\.1, which wrote the file, doesn't work here"):
        scikit_learns.installed("1.6.1")
    assert not mark.exists() and [*(tmp_path / scikit_learns.NAME).iterdir()] == []


def test_download_that_fails_leaves_nothing(tmp_path, state, monkeypatch):
    for name, value in {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    state(scikit_learns.NAME, f".1.6.1-{scikit_learns.sys.implementation.cache_tag}-killed", "sklearn").mkdir()
    with pytest.raises(DeployError, match=r"scikit-learn 1\.6\.1, which wrote the file, can't be installed"):
        scikit_learns.packages(tmp_path / "stranger.pkl", "1.6.1")
    assert [*(tmp_path / scikit_learns.NAME).iterdir()] == []


@pytest.mark.parametrize("protocol", range(6))
def test_writer_is_read_from_a_pickle_of_each_protocol(tmp_path, protocol):
    file = tmp_path / "stranger.pkl"
    for opener in (open, gzip.open, bz2.open):
        with opener(file, "wb") as stream:
            pickle.dump({"a": bytes(2 << 20), "model": LogisticRegression().fit(ROWS, HIGH)}, stream, protocol)
        assert writers.version(file) == OURS


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("xz", 3), ("lzma", 3)])
def test_writer_is_read_from_what_joblib_compressed(tmp_path, compress):
    joblib.dump(LogisticRegression().fit(ROWS, HIGH), tmp_path / "a.joblib", compress=compress)
    assert writers.version(tmp_path / "a.joblib") == OURS


def test_writer_is_read_from_skops_and_from_nothing_else(tmp_path):
    skops.io.dump(LogisticRegression().fit(ROWS, HIGH), tmp_path / "a.skops")
    assert writers.version(tmp_path / "a.skops") == OURS
    for content in (b"", b"PK\5\6" + bytes(18), b"\x1f\x8bnothing", b"\x80\x04_sklearn_version\x94\x8c\x059.x.1"):
        (tmp_path / "b.pkl").write_bytes(content)
        assert writers.version(tmp_path / "b.pkl") == ""


class OldTree:
    """Pickled, it is a tree as scikit-learn 1.2 wrote them: without a place for missing values."""

    def __reduce__(self) -> Any:
        made = DecisionTreeClassifier().fit(ROWS, HIGH).tree_.__reduce__()
        nodes = made[2]["nodes"]
        return made[0], made[1], made[2] | {"nodes": nodes[[*nodes.dtype.names][:7]].copy()}


WORDS = {
    "nodes of other trees": (pickle.dumps(OldTree()), "whose trees have other nodes", f"scikit-learn=={OURS}"),
    "a module that moved": (b"\x80\x04csklearn.ensemble.forest\nRandomForestClassifier\n.",
                            "which has no sklearn.ensemble.forest", f"scikit-learn=={OURS}"),
    "a class that is gone": (b"\x80\x04csklearn.preprocessing\nImputer\n.",
                             "which has no sklearn.preprocessing.Imputer", f"scikit-learn=={OURS}"),
    "pandas' of another time": (b"\x80\x04cpandas.core.indexes.numeric\nInt64Index\n.",
                                "was made by another pandas than this one", "Train it again with pandas"),
    "Python 2": (b"\x80\x02U\x04caf\xe9q\x00.", "was made by Python 2", f"scikit-learn=={OURS}"),
    "an end in the middle": (pickle.dumps(LogisticRegression().fit(ROWS, HIGH))[:-40],
                             "isn't complete: it ends in the middle", "Copy it once more"),
    "lz4": (b"\x04\x22\x4d\x18" + bytes(50), "is compressed by lz4", "compress=3"),
    "no pickle": (b"\x80\x04" + bytes(range(256)), "is damaged, or isn't what joblib.dump", "Copy it once more"),
    "a module of one's own": (b"\x80\x04cmy_cleaning\nCleaner\n.", "needs the module my_cleaning", "--code my_c"),
}  # fmt: skip
"""What a file is → its bytes, the reason that is given, the next step."""


@pytest.mark.parametrize("kind", WORDS)
def test_why_a_file_can_t_be_opened_is_said_with_the_next_step(tmp_path, kind):
    content, reason, advice = WORDS[kind]
    (tmp_path / "stranger.pkl").write_bytes(content)
    with pytest.raises(DeployError) as refusal:
        worker.loaded(tmp_path / "stranger.pkl")  # files of this test's own, which can do without a sandbox
    assert reason in refusal.value.reason and advice in refusal.value.advice
    assert "Error" not in refusal.value.reason
