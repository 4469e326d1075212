"""Contracts: each contradiction is refused with file, line and sentence; a new field is a change of one file."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient

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
    (EXAM, "kind: number", "kind: numbr", "'numbr' is none of the kinds: 'yes_no', 'number'", "- name: estudio"),
    (EXAM, "name: sueno", "name: estudio", "field 'estudio' appears twice", "name: exam"),
    (EXAM, "name: sueno", "name: csrf_token", "can't be used", "- name: csrf_token"),
    (EXAM, "name: estudio", "name: '  '", "can't be used", "- name: '  '"),
    (EXAM, ", en: Hours of study}", "}", "fields.0.label.en: is required", "label: {es: Horas de estudio}"),
    (EXAM, "{value: Aprobado, label: {es: Aprobado, en: Pass}}", "{value: Suspendido, label: x}",
     "label 'Suspendido' appears twice", "predicts:"),
    (EXAM, "predicts:\n", "predicts:\n  name: aprobado\n", "only what is one of several targets has a name",
     "name: exam"),
    (EXAM, "fields:\n", "also: [{kind: regression, label: Nota}]\nfields:\n",
     "where there are several targets, each needs a name, that of predicts too", "name: exam"),
    (EXAM, "kind: classification", "kind: regression", "predicts.cases: no such key here", "cases: {es"),
    (EXAM, "fields:\n", "also: [{kind: regression, label: x, unti: h}]\nfields:\n", "also.0.unti: no such key",
     "also: ["),
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
"""Contract, text that is replaced once, its replacement, part of the sentence, and how the named line begins."""


def write_contract(parent: Path, text: str) -> Path:
    file = parent / yaml.safe_load(EXAM if "estudio" in text else TITANIC)["name"] / "model.yaml"
    file.parent.mkdir()
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "old", "new", "sentence", "line_start"),
    CONTRADICTIONS,
    ids=[f"{case[1]} → {case[2]}" for case in CONTRADICTIONS],
)
def test_contradiction_is_refused_with_file_line_and_sentence(tmp_path, text, old, new, sentence, line_start):
    file = write_contract(tmp_path, text.replace(old, new, 1))
    with pytest.raises(DeployError) as error:
        contracts.read_contract(file)
    place, _, message = error.value.reason.splitlines()[0].partition(": ")
    assert sentence in message
    path, _, line = place.rpartition(":")
    assert path == str(file)
    assert file.read_text().splitlines()[int(line) - 1].lstrip(" -").startswith(line_start.lstrip(" -"))


def test_all_errors_are_reported_at_once(tmp_path):
    file = write_contract(tmp_path, EXAM.replace("minimum: 0", "minimum: x").replace("example: 6", "exmple: 6"))
    with pytest.raises(DeployError) as error:
        contracts.read_contract(file)
    assert len(error.value.reason.splitlines()) == 4


@pytest.mark.parametrize(("text", "line"), [("title: {es: ¿?".encode(), ":1"), (b"a: 1\nb: [", ":2"), (b"\xff", "")])
def test_contract_that_is_no_yaml(tmp_path, text, line):
    file = tmp_path / "model.yaml"
    file.write_bytes(text)
    with pytest.raises(DeployError) as error:
        contracts.read_contract(file)
    assert error.value.reason.startswith(f"{file}{line}: isn't valid YAML")


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
    text = text[: text.index("# Rows that a click")] + text[text.index("# What the model is given") :]
    if "regression" in new:
        text = text[: text.index("  cases:")] + text[text.index("# What the model is given") :]
    (folder / "model.yaml").write_text(text)
    with pytest.raises(DeployError, match=rf"model\.yaml:\d+: .*{sentence}"):
        build(folder, tmp_path / "bundles")


def test_range_that_the_model_fails_in_is_refused(tmp_path):
    """The build finds it, rather than a visitor."""
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "train.py").write_text(ROOTS)
    (folder / "model.yaml").write_text(ROOTS_CONTRACT)
    with pytest.raises(DeployError, match=r"the model fails on a row that the contract accepts: x=-1\.0"):
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


def client_of(folder: Path) -> FlaskClient:
    """Build a model and return a client of an application that serves it."""
    assert build(folder, folder.parent / "bundles")
    settings = Settings(app_bundles=folder.parent / "bundles", app_default_model="", secret_key="x" * 32)
    return create_app(settings).test_client()


def names(objects: list[dict]) -> list[str]:
    return [mapping["name"] for mapping in objects]


def predictions(client: FlaskClient, row: dict) -> list[float]:
    """Return a row's prediction by each address and protocol."""
    tensors = [{"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in row.items()]
    query = "&".join(f"{name}={value}" for name, value in row.items())
    csv = f"{','.join(reversed(row))}\n{','.join(map(str, reversed(row.values())))}\n"
    return [
        client.post("/api/v1/models/sums/predictions", json=row).json["predictions"][0]["value"],
        client.get(f"/api/v1/models/sums/prediction?{query}").json["prediction"]["value"],
        client.post("/invocations", json={"instances": [row]}).json["predictions"][0],
        client.post("/invocations", data=csv, content_type="text/csv").json["predictions"][0],
        client.post("/v2/models/sums/infer", json={"inputs": tensors}).json["outputs"][0]["data"][0],
        client.post("/modelo", json=row).json["predict"],
    ]


def test_adding_a_field_changes_one_file(tmp_path):
    """The contract alone: form, picture, table, API, document and protocols follow."""
    folder = tmp_path / "sums"
    folder.mkdir()
    (folder / "train.py").write_text(TRAINED_ON_ITS_CONTRACT)
    contract = folder / "model.yaml"
    contract.write_text(ROOTS_CONTRACT.replace("roots", "sums").replace("maximum: 9, ", "").replace("-1", "0"))
    assert "third" not in client_of(folder).get("/models/sums").text

    contract.write_text(contract.read_text() + FIELD % ("third", "third"))

    client = client_of(folder)
    page = client.get("/models/sums?example").text
    assert '<label class="form-label" for="field-1">The third</label>' in page
    document = client.get("/api/v1/openapi.json").json
    assert document["components"]["schemas"]["SumsRow"]["properties"]["third"]["maximum"] == 1
    assert names(document["paths"]["/api/v1/models/sums/prediction"]["get"]["parameters"]) == ["x", "third"]
    assert predictions(client, {"x": 0.5, "third": 0.25}) == pytest.approx([0.75] * 6)
    incomplete = client.post("/modelo", json={"x": 0.5}).json
    assert [error["field"] for error in incomplete["errors"]] == ["third"]
    assert names(client.get("/v2/models/sums").json["inputs"]) == ["x", "third"]


def test_schema_for_editors_knows_every_kind_of_field():
    definitions = json.loads(schema.text())["$defs"].values()
    properties = [definition.get("properties", {}) for definition in definitions]
    kinds = {schemas["kind"]["const"] for schemas in properties if "kind" in schemas}
    assert kinds == {"category", "classification", "date", "integer", "number", "regression", "text", "yes_no"}
