"""Prints what an explanation costs, and an answer's page with it and without, in ms of CPU time.

``python3 -m deploy model build; .venv/bin/python -m tests.bench.explanations [bundles/NAME …]``
"""

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flask import Flask

from app import create_app
from app.attribution import attribute
from app.model import Model
from app.settings import Settings
from app.unknowns import unknowns
from app.values import Row
from deploy.base.paths import BUNDLES
from tests.csrf import token

ROUNDS = 20


def main(folders: list[Path]) -> None:
    """Print a line for each bundle."""
    print("| model | fields | explanation | all fields left open | JSON | page without | page with |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for folder in folders:
        print(line(folder))


def line(folder: Path) -> str:
    """Return a bundle's line."""
    app = create_app(Settings(app_bundles=folder.parent, secret_key="x" * 32, app_default_model=""))
    logging.disable()
    model: Model = app.extensions["models"][folder.name]
    row: Row = [field.example for field in model.contract.fields]
    background, prediction = model.manifest.background, model.predict([row])[0]
    if not background:
        return f"| {model.name} | {len(row)} | | | | | |"
    with app.test_request_context():
        explained = _least_ms(lambda: attribute(model.engine, background, row, prediction.label))
        opened = _least_ms(lambda: unknowns(model, row, prediction, range(len(row))))
    client, address = app.test_client(), f"/api/v1/models/{model.name}/predictions"
    document = model.contract.example
    json = _least_ms(lambda: client.post(address, json=document))
    pages = [_page_ms(app, model, us) for us in (None, 1.0)]
    figures = " | ".join(f"{ms:.1f}" for ms in (explained, opened, json, *pages))
    return f"| {model.name} | {len(row)} | {figures} |"


def _page_ms(app: Flask, model: Model, us_per_explanation: float | None) -> float:
    """Return what an answer's page takes, where the build is said to have measured an explanation so."""
    timings = model.timings.model_copy(update={"us_per_explanation": us_per_explanation})
    app.extensions["models"][model.name] = replace(model, timings=timings)
    client, address = app.test_client(), f"/models/{model.name}"
    with app.test_request_context():
        entries = {field.name: field.entry(field.example) for field in model.contract.fields}
    entries["csrf_token"] = token(client.get(address).text)
    page = client.post(address, data=entries).text
    assert ('class="moves"' in page) == bool(us_per_explanation), page
    return _least_ms(lambda: client.post(address, data=entries))


def _least_ms(action: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return min(times) * 1e3


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]] or sorted(BUNDLES.iterdir()))
