"""The folder that ``model add`` makes: its name, and what it takes the place of."""

import os
import re
from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from app import model
from deploy.base.errors import DeployError
from deploy.models import builder, model_folder
from tests.models.project import HIGH, ROWS


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
