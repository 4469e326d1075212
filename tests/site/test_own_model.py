"""A stranger's model on a verified page: the README's commands, in a checkout of their own, as they stand there."""

import os
import pty
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import requests
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from deploy.models.json_values import json_value
from tests import readme
from tests.checkout import copied
from tests.models import strangers

COMMANDS = readme.commands("Your own model")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the checkout, whose hosts are removed at the end."""
    folder = copied(tmp_path_factory.mktemp("own") / "puerto")
    yield folder
    subprocess.run([sys.executable, "-m", "deploy", "down", "--all"], cwd=folder, check=True)


def answering_yes(command: str, cwd: Path) -> str:
    """Run a command at a terminal, answer y to what it asks, and return what it printed."""
    terminal, other = pty.openpty()
    with subprocess.Popen(command, shell=True, cwd=cwd, stdin=other, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:  # fmt: skip
        os.close(other)
        os.write(terminal, b"y\n")
        output = process.communicate()[0]
    os.close(terminal)
    assert process.returncode == 0, output
    return output


def test_section_has_at_most_three_commands():
    assert 2 <= len(COMMANDS) <= 3
    assert "churn.joblib --data churn.csv --target churn" in COMMANDS[0]


def trained(checkout: Path, table: pd.DataFrame, label: Any) -> Any:
    """Write the README's churn.joblib and churn.csv; return the pipeline."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = make_pipeline(strangers.preparation(), RandomForestClassifier(20, random_state=0)).fit(table, label)
    joblib.dump(pipeline, checkout / "churn.joblib")
    table.assign(churn=label).to_csv(checkout / "churn.csv", index=False)
    return pipeline


def test_section_makes_a_verified_page_of_a_stranger_s_model(checkout):
    table = strangers.mixed()
    pipeline = trained(checkout, table, np.where((table["age"] > 50) ^ (table["plan"] == "a"), "leaves", "stays"))

    outputs = [answering_yes(command, checkout) for command in COMMANDS]

    assert "Do you trust where it comes from?" in outputs[0]
    assert re.search(r"\d+ passed", outputs[-1]), "the host tests ran"
    name, address = re.search(r"http://([^/]+)/ on (\S+),", outputs[-1]).groups()
    page = requests.get(f"http://{address}/models/churn", headers={"Host": name, "Accept-Language": "en"}, timeout=30)
    assert page.status_code == 200
    assert page.text.count(' id="field-') >= table.shape[1]
    sample = table.head(40)
    rows = [{key: json_value(value) for key, value in row.items()} for row in sample.to_dict("records")]
    answer = requests.post(f"http://{address}/api/v1/models/churn/predictions", json=rows, headers={"Host": name},
                           timeout=30).json()  # fmt: skip
    assert [prediction["value"] for prediction in answer["predictions"]] == pipeline.predict(sample).tolist()
    shares = [
        [prediction["probabilities"][label] for label in pipeline.classes_] for prediction in answer["predictions"]
    ]
    assert np.array(shares) == pytest.approx(pipeline.predict_proba(sample), rel=1e-6)
    assert "churn" in subprocess.run([sys.executable, "-m", "deploy", "model", "list"], cwd=checkout, check=True,
                                     capture_output=True, text=True).stdout  # fmt: skip
