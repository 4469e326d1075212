"""Contracts: each contradiction is refused with file, line and sentence; one file is all that a field needs."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from app import create_app
from app.settings import Settings
from deploy.base.errors import DeployError
from deploy.base.paths import MODELS
from deploy.generate import schema
from deploy.models import contracts
from deploy.models.builder import build

EXAM = (MODELS / "exam" / "model.yaml").read_text()
TITANIC = (MODELS / "titanic" / "model.yaml").read_text()

CONTRADICTIONS = [
    (EXAM, "minimum: 0", "minimum: 30", "fields.0: minimum 30 must be less than maximum 24", "- name: estudio"),
    (EXAM, "example: 6", "example: 99", "fields.0: example 99 is outside 0 to 24", "- name: estudio"),
    (EXAM, "example: 6", "example: 6\n    default: 99", "fields.0: default 99 is outside 0 to 24", "- name: estudio"),
    (EXAM, "minimum: 0", "minimum: false", "fields.0.minimum: is not a valid number", "minimum: false"),
    (EXAM, "maximum: 24", "maximun: 24", "fields.0.maximun: no such key; the nearest is maximum", "maximun: 24"),
    (EXAM, "kind: number", "kind: numbr", "'numbr' is none of the kinds: 'number'", "- name: estudio"),
    (EXAM, "name: sueno", "name: estudio", "field 'estudio' appears twice", "name: exam"),
    (EXAM, "name: sueno", "name: csrf_token", "can't be used", "- name: csrf_token"),
    (EXAM, "name: estudio", "name: ' estudio'", "can't be used", "- name: ' estudio'"),
    (EXAM, ", en: Hours of study}", "}", "fields.0.label.en: is required", "label: {es: Horas de estudio}"),
    (EXAM, "{value: Aprobado, label: {es: Aprobado, en: Pass}}", "{value: Suspendido, label: x}",
     "label 'Suspendido' appears twice", "predicts:"),
    (EXAM, "    unit: h", "    missing: true\n    default: 3", "default and missing contradict each other",
     "- name: estudio"),
    (EXAM, "trained: 2026-11-20", "trained: yesterday", "trained: ", "trained: yesterday"),
    (EXAM, "name: exam", "name: Exam", "name: can have lower-case letters", "name: Exam"),
    (EXAM, "name: exam", "name: other", "name: other is not the folder's name, exam", "name: other"),
    (TITANIC, "value: second", "value: first", "choice 'first' appears twice", "- name: class"),
    (TITANIC, "value: crew", "value: 2001-01-01", "is not a text, a number, true or false", "{value: 2001-01-01,"),
    (TITANIC, "example: third", "example: fourth", "example 'fourth' is not one of the choices", "- name: class"),
    (TITANIC, "value: crew", "value: ''", "an empty choice looks like a missing value", "- name: class"),
]  # fmt: skip
"""Contract, what is replaced once, by what, words of the sentence, and what the named line begins with."""


def written(parent: Path, text: str) -> Path:
    file = parent / yaml.safe_load(EXAM if "estudio" in text else TITANIC)["name"] / "model.yaml"
    file.parent.mkdir()
    file.write_text(text)
    return file


@pytest.mark.parametrize(("text", "old", "new", "sentence", "begins"), CONTRADICTIONS,
                         ids=[f"{case[1]} → {case[2]}" for case in CONTRADICTIONS])  # fmt: skip
def test_contradiction_is_refused_with_file_line_and_sentence(tmp_path, text, old, new, sentence, begins):
    file = written(tmp_path, text.replace(old, new, 1))
    with pytest.raises(DeployError) as refusal:
        contracts.read_contract(file)
    place, _, said = refusal.value.reason.splitlines()[0].partition(": ")
    assert sentence in said
    path, _, line = place.rpartition(":")
    assert path == str(file)
    assert file.read_text().splitlines()[int(line) - 1].lstrip(" -").startswith(begins.lstrip(" -"))


def test_every_fault_is_told_at_once(tmp_path):
    file = written(tmp_path, EXAM.replace("minimum: 0", "minimum: x").replace("example: 6", "exmple: 6"))
    with pytest.raises(DeployError) as refusal:
        contracts.read_contract(file)
    assert len(refusal.value.reason.splitlines()) == 4


@pytest.mark.parametrize(("text", "line"), [("title: {es: ¿?".encode(), ":1"), (b"a: 1\nb: [", ":2"), (b"\xff", "")])
def test_contract_that_is_no_yaml(tmp_path, text, line):
    file = tmp_path / "model.yaml"
    file.write_bytes(text)
    with pytest.raises(DeployError) as refusal:
        contracts.read_contract(file)
    assert refusal.value.reason.startswith(f"{file}{line}: is no YAML")


@pytest.mark.parametrize("text", ["", "[]", "hello", "1"])
def test_contract_that_is_no_mapping(tmp_path, text):
    file = tmp_path / "model.yaml"
    file.write_text(text)
    with pytest.raises(DeployError, match="valid dictionary"):
        contracts.read_contract(file)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{value: Suspendido, label: {es: Suspendido,", "{value: Otro, label: {es: Suspendido,", "was trained on"),
        ("kind: classification", "kind: regression", "say kind: classification"),
        ("  - name: sueno", "  - {name: cafe, kind: number, label: C, example: 1}\n  - name: sueno", "takes 2, not 3"),
    ],
)
def test_contract_that_the_model_does_not_fit_is_refused_with_its_line(tmp_path, old, new, sentence):
    folder = tmp_path / "exam"
    shutil.copytree(MODELS / "exam", folder)
    text = EXAM.replace(old, new)
    if "regression" in new:
        text = text[: text.index("  labels:")] + text[text.index("# What the model is given") :]
    (folder / "model.yaml").write_text(text)
    with pytest.raises(DeployError, match=rf"model\.yaml:\d+: .*{sentence}"):
        build(folder, tmp_path / "bundles")


def test_range_that_the_model_fails_in_is_refused(tmp_path):
    """Proven at build, rather than met by a visitor."""
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "train.py").write_text(ROOTS)
    (folder / "model.yaml").write_text(ROOTS_CONTRACT)
    with pytest.raises(DeployError, match=r"the model fails on what the contract lets in: x=-1\.0"):
        build(folder, tmp_path / "bundles")


ROOTS = """
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from deploy.training import Trained

def train():
    x = np.arange(1.0, 9).reshape(-1, 1)
    roots = FunctionTransformer(lambda x: np.emath.logn(2, x))
    return Trained(make_pipeline(roots, LinearRegression()).fit(x, x[:, 0]), {}, [])
"""
ROOTS_CONTRACT = """
name: roots
title: Roots
description: Of numbers.
predicts: {kind: regression, label: Root}
fields:
  - {name: x, kind: number, label: x, minimum: -1, maximum: 9, example: 4}
"""

TRAINED_ON_ITS_CONTRACT = """
from pathlib import Path
import numpy as np, yaml
from sklearn.linear_model import LinearRegression
from deploy.training import Trained

def train():
    fields = yaml.safe_load((Path(__file__).parent / "model.yaml").read_text())["fields"]
    rows = np.random.default_rng(0).uniform(size=(50, len(fields)))
    return Trained(LinearRegression().fit(rows, rows.sum(axis=1)), {}, rows.tolist())
"""
FIELD = "  - {name: %s, kind: number, label: The %s, minimum: 0, maximum: 1, example: 0.5}\n"


def served(folder: Path):
    assert build(folder, folder.parent / "bundles")
    settings = Settings(app_bundles=folder.parent / "bundles", app_default_model="", secret_key="x" * 32)
    return create_app(settings).test_client()


def test_adding_a_field_changes_one_file(tmp_path):
    """The contract alone: form, picture, table, API, document and protocols follow."""
    folder = tmp_path / "sums"
    folder.mkdir()
    (folder / "train.py").write_text(TRAINED_ON_ITS_CONTRACT)
    contract = folder / "model.yaml"
    contract.write_text(ROOTS_CONTRACT.replace("roots", "sums").replace("maximum: 9, ", "").replace("-1", "0"))
    before = served(folder)
    assert "third" not in before.get("/models/sums").text

    contract.write_text(contract.read_text() + FIELD % ("third", "third"))

    client, row = served(folder), {"x": 0.5, "third": 0.25}
    page = client.get("/models/sums?example").text
    assert '<label class="form-label" for="field-1">The third</label>' in page
    document = client.get("/api/v1/openapi.json").json
    assert document["components"]["schemas"]["SumsRow"]["properties"]["third"]["maximum"] == 1
    parameters = document["paths"]["/api/v1/models/sums/prediction"]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["x", "third"]
    answers = [
        client.post("/api/v1/models/sums/predictions", json=row).json["predictions"][0]["value"],
        client.get("/api/v1/models/sums/prediction?x=0.5&third=0.25").json["prediction"]["value"],
        client.post("/invocations", json={"instances": [row]}).json["predictions"][0],
        client.post("/invocations", data="third,x\n0.25,0.5\n", content_type="text/csv").json["predictions"][0],
        client.post("/v2/models/sums/infer", json={"inputs": [
            {"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in row.items()
        ]}).json["outputs"][0]["data"][0],
        client.post("/modelo", json=row).json["predict"],
    ]  # fmt: skip
    assert answers == pytest.approx([0.75] * 6)
    lacking = client.post("/modelo", json={"x": 0.5}).json
    assert [each["field"] for each in lacking["errors"]] == ["third"]
    assert [each["name"] for each in client.get("/v2/models/sums").json["inputs"]] == ["x", "third"]


def test_schema_for_editors_knows_every_kind_of_field():
    kinds = {each["properties"]["kind"]["const"] for each in json.loads(schema.text())["$defs"].values()
             if "kind" in each.get("properties", {})}  # fmt: skip
    assert kinds == {"category", "classification", "date", "integer", "number", "regression", "text", "yes_no"}
