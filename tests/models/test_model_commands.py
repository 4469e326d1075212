"""``model check``, ``model list``, and the help of all of them: what they find in a model's folder."""

import subprocess

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

from deploy.base.paths import KIT, VENV
from deploy.models import cli, model_folder
from tests.models.project import HIGH, TABLE


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
    assert line.split() == [
        "stranger",
        "classification",
        "2",
        "fields",
        "added",
        "file",
        "ONNX",
        "Runtime",
        "Stranger:",
        "y",
    ]


def test_check_of_a_name_that_no_model_has(stranger, capsys):
    assert cli.main(["check", "churn"]) == 2
    assert "there are: stranger" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["add"], ["check"], ["list"], ["build"]])
def test_help_teaches(arguments):
    command = [VENV / "bin" / "python", "-m", "deploy.models.cli", *arguments, "--help"]
    completed = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.startswith("usage: python3 -m deploy model")
    if arguments == ["add"]:
        assert completed.stdout.count("\n    model add ") == 7
