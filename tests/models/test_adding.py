"""``model add``: what it refuses and in which words, what it writes, and what a stranger's code can't do meanwhile."""

import io
import os
import pickle
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
import skops.io
import yaml
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from app import model
from deploy.base.errors import DeployError
from deploy.base.paths import KIT, VENV
from deploy.models import builder, cli, importer, model_folder
from deploy.models.sandbox import bubblewrap

ROWS = np.random.default_rng(1).uniform(size=(40, 2)).round(3)
HIGH = (ROWS[:, 0] > 0.5).astype(int)
TABLE = pd.DataFrame(ROWS, columns=["u", "v"]).assign(y=HIGH)


class Add:
    """Adds a file to a project of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.models, self.bundles = folder, folder / "models", folder / "bundles"

    def __call__(self, file: Path, **given: Any) -> Path:
        return importer.add(file, **{"trust": True, "models": self.models, "bundles": self.bundles} | given)

    def file(self, name: str, given: Any) -> Path:
        """Write what is to be added: bytes as they are, else by joblib."""
        path = self.folder / name
        path.write_bytes(given) if isinstance(given, bytes) else joblib.dump(given, path)
        return path

    def table(self, text: str = TABLE.to_csv(index=False), encoding: str = "utf-8") -> Path:
        path = self.folder / "table.csv"
        path.write_text(text, encoding=encoding)
        return path

    @property
    def left(self) -> list[str]:
        return [folder.name for folder in (self.models, self.bundles) if folder.exists()]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """With a state of its own: the checkout's may hold models that somebody replaced."""

    def state(*parts: str) -> Path:
        path = tmp_path.joinpath(".puerto", *parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    monkeypatch.setattr(importer, "state", state)
    return Add(tmp_path)


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


class Calls:
    """Unpickled, it calls a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


def cut_off() -> bytes:
    whole = io.BytesIO()
    joblib.dump(RandomForestClassifier(5).fit(ROWS, HIGH), whole)
    return whole.getvalue()[:3000]


NO_MODELS = {
    "a text": (lambda: b"a,b\n1,2\n", "is no model file: it isn't what joblib.dump, pickle.dump or"),
    "nothing": (lambda: b"", "is no model file"),
    "cut off": (cut_off, "can't be opened"),
    "a zip of something else": (lambda: b"PK\5\6" + bytes(18), "is no skops file"),
    "a dict": (lambda: {"a": 1}, "holds a dict, which has no predict"),
    "a scaler": (lambda: StandardScaler().fit(ROWS), "holds a StandardScaler, which has no predict"),
    "clusters": (lambda: KMeans(2, n_init=1).fit(ROWS), "a KMeans, which is neither a classifier nor a regressor"),
    "not fitted": (lambda: LogisticRegression(), "is it fitted?"),
    "another scikit-learn": (of_another_scikit_learn, f"scikit-learn 00000; this project runs {sklearn.__version__}"),
    "a module": (of_a_module_that_is_not_here, "needs the module boosted_stranger, which isn't installed"),
    "code that ends the process": (lambda: pickle.dumps(Calls(os._exit, (3,))), "ended the process that opened it"),
}  # fmt: skip
"""What a file is → how to make it, and the words with which it is refused."""


@pytest.mark.parametrize("kind", NO_MODELS)
def test_what_is_no_model_is_refused_and_leaves_nothing(add, kind):
    make, words = NO_MODELS[kind]
    file = add.file("stranger.joblib", make())
    with pytest.raises(DeployError) as refusal:
        add(file)
    assert refusal.value.reason.startswith(str(file))
    assert words in refusal.value.reason
    assert add.left == []


def test_file_of_two_gibibytes_is_refused_at_once(add):
    file = add.file("big.joblib", b"")
    os.truncate(file, 2 << 30)
    with pytest.raises(DeployError, match=r"has 2\.0 GiB; at most 1024 MiB can be taken"):
        add(file)


TABLES = {
    "no rows": ("u,v,y\n", {}, "has no rows"),
    "empty": ("", {}, "can't be read as a table"),
    "other columns": ("u,w\n1,2\n", {}, r"lacks what the model was trained on: v"),
    "no such target": (TABLE.to_csv(index=False), {"target": "z"}, "has no column z"),
    "texts for numbers": ("u,v\nred,1\ngreen,2\n", {}, "fails on the rows of"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_table_that_is_not_the_model_s_is_refused(add, kind):
    text, given, words = TABLES[kind]
    file = add.file("stranger.joblib", LogisticRegression().fit(TABLE[["u", "v"]], HIGH))
    with pytest.raises(DeployError, match=words):
        add(file, data=add.table(text), **given)
    assert add.left == []


def test_table_that_is_not_utf_8_is_refused(add):
    file = add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH))
    with pytest.raises(DeployError, match="can't be read as a table: 'utf-8' codec"):
        add(file, data=add.table("año,v\n1,2\n", encoding="latin-1"))


def test_column_too_many_is_refused_where_the_model_knows_no_names(add):
    file = add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH))
    with pytest.raises(DeployError, match="has 3 columns, but the model takes 2: u, v, y") as refusal:
        add(file, data=add.table())
    assert "--target" in refusal.value.advice


def test_model_called_bundles_is_one_like_others(add):
    file = add.file("bundles.joblib", LogisticRegression().fit(ROWS, HIGH))
    assert add(file).name == "bundles"
    assert model.load(add.bundles / "bundles").name == "bundles"


def test_contract_that_is_a_pipe_holds_up_nobody(tmp_path):
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "odd" / model_folder.CONTRACT)
    (tmp_path / "odd" / model_folder.TRAINING).touch()
    with pytest.raises(DeployError, match=r"model\.yaml: is no file"):
        builder.build(tmp_path / "odd", tmp_path / "built")


@pytest.mark.parametrize("name", ["Ünï", "1st", "../etc", "a" * 64])
def test_name_that_no_address_can_have(add, name):
    with pytest.raises(DeployError, match="can't be a model's name"):
        add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), name=name)


def test_name_that_is_taken_is_kept_unless_replaced(add):
    file = add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH))
    folder = add(file)
    before = (folder / model_folder.CONTRACT).read_text()
    with pytest.raises(DeployError, match="there is already a model of that name"):
        add(file)
    assert (folder / model_folder.CONTRACT).read_text() == before
    other = add.file("other.joblib", LinearRegression().fit(ROWS, HIGH))
    assert add(other, name="stranger", replace=True) == folder
    assert "kind: regression" in (folder / model_folder.CONTRACT).read_text()
    assert model.load(add.bundles / "stranger").contract.predicts.kind == "regression"


def test_model_that_is_replaced_is_kept_aside(add, capsys):
    folder = add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)))
    contract = folder / model_folder.CONTRACT
    contract.write_text(contract.read_text().replace("title: Stranger", "title: Words of mine"))
    add(add.file("stranger.joblib", LinearRegression().fit(ROWS, HIGH)), replace=True)
    aside = Path(re.search(r"is kept in (\S+)\.$", capsys.readouterr().out, re.M)[1])
    assert "Words of mine" in (aside / model_folder.CONTRACT).read_text()


@pytest.mark.parametrize("name", [model_folder.TRAINING, "churn.csv", "notes.md"])
def test_what_somebody_wrote_is_not_replaced(add, name):
    own = add.models / "stranger" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(DeployError, match=f"holds what model add didn't write: {name}"):
        add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), replace=True)
    assert own.read_text() == "mine"


def test_link_in_the_place_of_a_model_is_moved_and_not_followed(add):
    victim = add.folder / "victim"
    victim.mkdir()
    (victim / model_folder.CONTRACT).write_text("mine")
    add.models.mkdir()
    (add.models / "stranger").symlink_to(victim)
    folder = add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), replace=True)
    assert not folder.is_symlink()
    assert [(entry.name, entry.read_text()) for entry in victim.iterdir()] == [(model_folder.CONTRACT, "mine")]


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
    make, words = NO_FILES[kind]
    path = make(tmp_path / "odd")
    with pytest.raises(DeployError, match=words):
        add(path)
    with pytest.raises(DeployError, match=words):
        add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), data=path)
    assert add.left == []


def test_train_py_that_appears_beside_a_given_file_is_not_run(stranger, capsys):
    mark = stranger.parent / "mark"
    (stranger / model_folder.TRAINING).write_text(f"open({str(mark)!r}, 'w')")
    assert cli.main(["check", "stranger"]) == 1
    assert "which makes the model?" in capsys.readouterr().err
    (stranger / model_folder.MODEL_FILE).unlink()
    assert cli.main(["check", "stranger"]) == 1
    assert not mark.exists()


def test_given_file_without_its_record_is_refused(stranger, capsys):
    (stranger / model_folder.RECORD).rename(stranger / "record.txt")
    assert cli.main(["check", "stranger"]) == 1
    assert "has no record.json beside it" in capsys.readouterr().err
    (stranger / model_folder.RECORD).write_text('{"rows": "many"}')
    assert cli.main(["check", "stranger"]) == 1
    assert "isn't what model add wrote" in capsys.readouterr().err


def test_trust_must_be_said_where_nobody_can_be_asked(add, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(DeployError, match="nobody is there to ask") as refusal:
        add(add.file("stranger.joblib", LogisticRegression().fit(ROWS, HIGH)), trust=False)
    assert "--trust" in refusal.value.advice
    assert add.left == []


def test_code_in_a_file_can_t_write_read_or_call_home(add, tmp_path, monkeypatch):
    monkeypatch.delenv(bubblewrap.NO_SANDBOX, raising=False)
    secret, marks = tmp_path / "secret", [Path("/tmp/puerto-mark"), KIT / "puerto-mark", Path.home() / "puerto-mark"]
    secret.write_text("hunter2")
    tries = [f"echo x > {mark}" for mark in marks]
    tries += [f"cat {secret} >&2", f"ls {Path.home()} >&2", f"cat {KIT}/.env >&2"]
    tries += [f"{sys.executable} -c 'import socket; socket.create_connection((\"127.0.0.1\", 22)); print(9)' >&2"]
    done = add.file("evil.pkl", pickle.dumps(Calls(os.system, ("; ".join(tries),))))
    with pytest.raises(DeployError, match="holds a int, which has no predict") as refusal:
        add(done)
    assert [mark for mark in marks if mark.exists()] == []
    assert "hunter2" not in str(refusal.value)


def test_skops_file_is_opened_without_trust(add):
    estimator = LogisticRegression().fit(ROWS, HIGH)
    file = add.folder / "logit.skops"
    skops.io.dump(estimator, file)
    add(file, data=add.table(), target="y", trust=False)
    loaded = model.load(add.bundles / "logit")
    found = [each.probabilities for each in loaded.predict(ROWS[:5].tolist())]
    assert np.allclose(found, estimator.predict_proba(ROWS[:5]), rtol=0, atol=1e-15)


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
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    parts = make_column_transformer((make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["city"]),
                                    (SimpleImputer(), ["age", "income", "member"]))  # fmt: skip
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


@pytest.fixture
def stranger(add, monkeypatch):
    """A project with one model, that was added; the verbs look at it."""
    add(add.file("stranger.joblib", LogisticRegression().fit(TABLE[["u", "v"]], HIGH)), data=add.table())
    monkeypatch.setattr(cli, "MODELS", add.models)
    monkeypatch.setattr(cli, "BUNDLES", add.bundles)
    return add.models / "stranger"


def test_check_proves_and_refuses_what_an_edit_broke(stranger, capsys):
    assert cli.main(["check", "stranger"]) == 0
    assert "the contract fits" in capsys.readouterr().out
    contract = stranger / model_folder.CONTRACT
    contract.write_text(contract.read_text().replace("name: u", "name: w"))
    assert cli.main(["check"]) == 1
    assert f"{contract}:" in capsys.readouterr().err


def test_check_refuses_a_file_that_answers_otherwise(stranger, capsys):
    joblib.dump(LogisticRegression().fit(TABLE[["u", "v"]], 1 - HIGH), stranger / model_folder.MODEL_FILE)
    assert cli.main(["check", "stranger"]) == 1
    assert "the recorded answer is" in capsys.readouterr().err


def test_list_shows_each_model(stranger, capsys):
    assert cli.main(["list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split() == ["stranger", "classification", "2", "fields", "added", "file", "ONNX", "Runtime",
                            "Stranger"]  # fmt: skip


def test_check_of_a_name_that_no_model_has(stranger, capsys):
    assert cli.main(["check", "churn"]) == 2
    assert "there are: stranger" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["add"], ["check"], ["list"], ["build"]])
def test_help_teaches(words):
    command = [VENV / "bin" / "python", "-m", "deploy.models.cli", *words, "--help"]
    said = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("usage: python3 -m deploy model")
