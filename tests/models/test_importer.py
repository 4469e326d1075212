"""``model add``: what it refuses and in which words, and what a stranger's code can't do meanwhile."""

import io
import os
import pickle
import sys
import types
from pathlib import Path

import joblib
import pytest
import sklearn
from sklearn.cluster import DBSCAN, KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from deploy.base.errors import DeployError
from deploy.base.paths import KIT
from deploy.models.sandbox import bubblewrap
from deploy.models.sandbox.load_faults import load_fault
from tests.models.hostile import Calls
from tests.models.project import HIGH, ROWS, TABLE, Importer


def of_another_scikit_learn() -> bytes:
    text = pickle.dumps(LinearRegression().fit(ROWS, HIGH))
    version = sklearn.__version__.encode()
    return text.replace(version, b"0" * len(version))


def of_a_module_that_is_not_here() -> bytes:
    module = types.ModuleType("boosted_stranger")
    module.Model = type("Model", (), {"__module__": "boosted_stranger"})
    sys.modules["boosted_stranger"] = module
    try:
        return pickle.dumps(module.Model())
    finally:
        del sys.modules["boosted_stranger"]


def whole() -> bytes:
    file = io.BytesIO()
    joblib.dump(RandomForestClassifier(5, random_state=0).fit(ROWS, HIGH), file)
    return file.getvalue()


def cut_off() -> bytes:
    return whole()[:3000]


NO_MODELS = {
    "a text": (lambda: b"a,b\n1,2\n", "is no model file: it isn't what joblib.dump, pickle.dump or"),
    "nothing": (lambda: b"", "is no model file"),
    "cut off": (cut_off, "isn't complete: it ends in the middle"),
    "a zip of something else": (lambda: b"PK\5\6" + bytes(18), "is no skops file"),
    "a dict": (lambda: {"a": 1}, "holds a dict of a (int)"),
    "a scaler": (lambda: StandardScaler().fit(ROWS), "holds a StandardScaler, which has no predict"),
    "one group": (lambda: KMeans(1, n_init=1).fit(ROWS), "answers the same to everything"),
    "groups of known rows alone": (lambda: DBSCAN().fit(ROWS), "holds a DBSCAN, which has no predict"),
    "not fitted": (lambda: LogisticRegression(), "is it fitted?"),
    "another scikit-learn": (of_another_scikit_learn, f"scikit-learn 00000; what opens it is {sklearn.__version__}"),
    "a module": (of_a_module_that_is_not_here, "needs the module boosted_stranger, which isn't installed"),
    "code that ends the process": (lambda: pickle.dumps(Calls(os._exit, (3,))), "ended the process that opened it"),
}  # fmt: skip
"""What a file is → how to make it, and the words with which it is refused."""


@pytest.mark.parametrize("kind", NO_MODELS)
def test_what_is_no_model_is_refused_and_leaves_nothing(add, kind):
    make, message = NO_MODELS[kind]
    file = add.file("stranger.joblib", make())
    with pytest.raises(DeployError) as refusal:
        add(file)
    assert refusal.value.reason.startswith(str(file))
    assert message in refusal.value.reason
    assert add.left == []


def test_file_is_said_to_be_cut_off_wherever_it_is(tmp_path):
    file, data = tmp_path / "forest.joblib", whole()
    sentences = set()
    for length in range(20, len(data) - 20, 23):
        file.write_bytes(data[:length])
        with pytest.raises(Exception) as fault:
            joblib.load(file)
        sentences.add(load_fault("forest.joblib", fault.value).reason)
    assert sentences == {"forest.joblib: isn't complete: it ends in the middle"}


def test_file_of_two_gibibytes_is_refused_at_once(add):
    file = add.file("big.joblib", b"")
    os.truncate(file, 2 << 30)
    with pytest.raises(DeployError, match=r"has 2\.0 GiB; at most 1024 MiB can be taken"):
        add(file)


TABLES = {
    "no rows": ("u,v,y\n", {}, "has no rows"),
    "empty": ("", {}, "can't be read as a table"),
    "a picture": ("\x89PNG\0\1", {}, "The file is not text"),
    "a cell too many": ("u,v,y\n1,2,3\n1,2,3,4\n", {}, "line 3: has 4 cells, but the first line has 3"),
    "other columns": ("u,w\n1,2\n", {}, r"lacks what the model was trained on: v"),
    "no such target": (TABLE.to_csv(index=False), {"target": "z"}, "has no column z"),
    "texts for numbers": ("u,v\nred,1\ngreen,2\n", {}, "fails on the rows of"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_table_that_is_not_the_model_s_is_refused(add, kind):
    text, options, message = TABLES[kind]
    file = add.file("stranger.joblib", LogisticRegression().fit(TABLE[["u", "v"]], HIGH))
    with pytest.raises(DeployError, match=message):
        add(file, data=add.table(text), **options)
    assert add.left == []


def test_column_too_many_is_refused_where_the_model_knows_no_names(add):
    file = add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH))
    with pytest.raises(DeployError, match="has 3 columns, but the model takes 2: u, v, y") as refusal:
        add(file, data=add.table())
    assert "--target" in refusal.value.advice


def a_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def huge(path: Path) -> Path:
    path.touch()
    os.truncate(path, 10 << 30)
    return path


NO_FILES = {
    "a folder": (lambda path: path.parent, "is a folder, not a file"), "a pipe": (a_pipe, "is a pipe, not a file"),
    "a device": (lambda _: Path("/dev/zero"), "is a device, not a file"),
    "huge": (huge, "has 10.0 GiB; at most"), "none": (lambda path: path, "no such file"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_refused_at_once(add, tmp_path, kind):
    make, message = NO_FILES[kind]
    path = make(tmp_path / "odd")
    with pytest.raises(DeployError, match=message):
        add(path)
    with pytest.raises(DeployError, match=message):
        add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), data=path)
    assert add.left == []


def test_trust_must_be_said_where_nobody_can_be_asked(add, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(DeployError, match="nobody is there to ask") as refusal:
        add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), trust=False)
    assert "--trust" in refusal.value.advice
    assert add.left == []


WAYS_IN = [
    (lambda add, evil: add(evil), "holds a int, which has no predict"),
    (lambda add, evil: add(plain(add), before=[evil]), "a int transforms no table"),
    (lambda add, evil: add(plain(add), before=[], labels=evil), "the encoder of --labels has 0 classes"),
]  # fmt: skip


def plain(add: Importer) -> Path:
    return add.file("plain.joblib", LogisticRegression().fit(ROWS, HIGH))


@pytest.mark.parametrize(("adds", "refusal"), WAYS_IN)
def test_code_in_a_file_can_t_write_read_or_call_home(add, tmp_path, monkeypatch, adds, refusal):
    monkeypatch.delenv(bubblewrap.NO_SANDBOX, raising=False)
    secret, marks = tmp_path / "secret", [Path("/tmp/puerto-mark"), KIT / "puerto-mark", Path.home() / "puerto-mark"]
    secret.write_text("hunter2")
    tries = [f"echo x > {mark}" for mark in marks]
    tries += [f"cat {secret} >&2", f"ls {Path.home()} >&2", f"cat {KIT}/.env >&2"]
    tries += [f"{sys.executable} -c 'import socket; socket.create_connection((\"127.0.0.1\", 22)); print(9)' >&2"]
    done = add.file("evil.pkl", pickle.dumps(Calls(os.system, ("; ".join(tries),))))
    with pytest.raises(DeployError, match=refusal) as refused:
        adds(add, done)
    assert [mark for mark in marks if mark.exists()] == []
    assert "hunter2" not in str(refused.value)
