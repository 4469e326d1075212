"""Clients that are generated from the API's document, asked of a running application; and Redocly's opinion of it."""

import importlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.base.paths import VENV, tool
from tests.served import Served, served

PACKAGES = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@redocly/cli@2.77.0")
"""Of npm's registry, as these tests have passed with."""

PROGRAM = """
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });
const rows = [{ estudio: 6, sueno: 8 }, { estudio: 1, sueno: 4.5 }];
const { data } = await client.POST("/api/v1/models/exam/predictions", { body: rows });
const one = await client.GET("/api/v1/models/exam/prediction", { params: { query: rows[0] } });
const { error } = await client.POST("/api/v1/models/exam/predictions", { body: { estudio: 25, sueno: 8 } });
const labels: ("Aprobado" | "Suspendido")[] = data!.predictions.map((prediction) => prediction.value);
console.log(JSON.stringify({ labels, one: one.data!.prediction.value, fields: error!.errors!.map((e) => e.field) }));
"""
"""What is typed wrongly is an error of the compiler's."""


@pytest.fixture(scope="module")
def site(bundles: Path) -> Iterator[Served]:
    with served(bundles, GUNICORN_WORKERS="1") as server:
        yield server


@pytest.fixture(scope="module")
def python_client(site: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The package that openapi-python-client makes of the document."""
    folder = tmp_path_factory.mktemp("python")
    command = [tool("openapi-python-client"), "generate", "--url", f"http://{site.address}/api/v1/openapi.json",
               "--output-path", str(folder / "puerto_client"), "--meta", "none", "--fail-on-warning"]  # fmt: skip
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | {"PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield importlib.import_module("puerto_client")


def test_python_client_predicts_with_every_model(python_client, site, app):
    models = importlib.import_module("puerto_client.models")
    with python_client.Client(base_url=f"http://{site.address}") as client:
        for name, model in app.extensions["models"].items():
            ask = importlib.import_module(f"puerto_client.api.api.{name}_predictions").sync
            row_class = getattr(models, f"{name.title().replace('_', '')}Row")
            row = row_class.from_dict(model.contract.example)
            (expected,) = site("POST", f"/api/v1/models/{name}/predictions", model.contract.example)["predictions"]
            for body in (row, [row, row]):
                answer = ask(client=client, body=body)
                assert (answer.model, answer.version) == (name, model.version)
                assert [item.to_dict() for item in answer.predictions] == [expected] * len(answer.predictions)


def test_python_client_gets_errors_and_cards(python_client, site):
    models = importlib.import_module("puerto_client.models")
    api = {name: importlib.import_module(f"puerto_client.api.api.{name}") for name in ("exam_prediction", "models")}
    with python_client.Client(base_url=f"http://{site.address}") as client:
        problem = api["exam_prediction"].sync(client=client, estudio=25, sueno=8)
        assert isinstance(problem, models.Problem)
        assert [error.field for error in problem.errors] == ["estudio"]
        assert api["exam_prediction"].sync(client=client, estudio=6, sueno=8).prediction.value == "Aprobado"
        assert [card.name for card in api["models"].sync(client=client)] == [
            "diabetes",
            "every_kind",
            "exam",
            "titanic",
        ]


@pytest.fixture(scope="module")
def npm(site: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's packages and the document."""
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    must_run(folder, "npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES)
    (folder / "openapi.json").write_text(json.dumps(site("GET", "/api/v1/openapi.json")))
    return folder


def must_run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.long
def test_typescript_client_is_typed_and_predicts(npm, site):
    """By hand: ``npx openapi-typescript http://…/api/v1/openapi.json -o api.d.ts``, and openapi-fetch."""
    must_run(npm, "npx", "openapi-typescript", "openapi.json", "-o", "api.d.ts")
    (npm / "program.ts").write_text(PROGRAM)
    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom")
    (npm / "process.d.ts").write_text("declare const process: { argv: string[] };")
    must_run(npm, "npx", "tsc", *options, "program.ts", "process.d.ts")
    answer = json.loads(must_run(npm, "node", "program.js", f"http://{site.address}"))
    assert answer == {"labels": ["Aprobado", "Suspendido"], "one": "Aprobado", "fields": ["estudio"]}


@pytest.mark.long
def test_redocly_has_nothing_to_say(npm):
    """By hand: ``npx @redocly/cli lint --extends recommended-strict http://…/api/v1/openapi.json``."""
    must_run(npm, "npx", "redocly", "lint", "--extends", "recommended-strict", "openapi.json")
