"""The models that the gallery's pages are of: the project's, and those of the tests that are long, or many."""

import json
import shutil
from pathlib import Path

from deploy.base.paths import KIT, MODELS
from deploy.models.builder import build

OWN = ("diabetes", "exam", "titanic")
OF_TESTS = ("houses", "opinion")
MANY = 30
CARS = 5000

TRAINING = """
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from deploy.training import Trained

def train():
    chance = np.random.default_rng(1)
    table = pd.DataFrame({"car": CARS, "km": chance.uniform(0, 2e5, len(CARS)).round()})
    price = 20_000 - table.km * 0.05 + chance.normal(0, 500, len(CARS))
    columns = make_column_transformer((OneHotEncoder(), ["car"]), ("passthrough", ["km"]))
    return Trained(make_pipeline(columns, Ridge()).fit(table, price), {"r2": 0.9}, table.head(50).values.tolist())
"""


def built(folder: Path) -> dict[str, Path]:
    """Build the models once; return what a site has → the folder of its bundles."""
    every = folder / "every"
    if not every.is_dir():
        for name in OWN:
            build(MODELS / name, every)
        for name in OF_TESTS:
            build(KIT / "tests" / "unit" / name, every, random_rows=50)
        build(_cars(folder / "cars"), every, random_rows=20)
    return {
        "every": every,
        "one": _copies(folder / "one", every, ["exam"]),
        "three": _copies(folder / "three", every, OWN),
        "thirty": _copies(folder / "thirty", every, [OWN[number % len(OWN)] for number in range(MANY)]),
    }


def _cars(folder: Path) -> Path:
    """Write a model with one field of thousands of choices."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"Seat {number:04d} {'GT' if number % 3 else 'Familiar'}" for number in range(CARS)]
    (folder / "train.py").write_text(f"CARS = {names!r}\n{TRAINING}")
    contract = {
        "name": "cars",
        "title": {"es": "Coches usados", "en": "Used cars"},
        "description": {"es": "Predice el precio de un coche usado.", "en": "Predicts the price of a used car."},
        "card": {
            "intended_use": {"es": "Orientar a quien vende.", "en": "To give sellers an idea."},
            "out_of_scope": {"es": "Tasar para un seguro.", "en": "To assess for an insurance."},
            "limitations": {"es": "Solo precios inventados.", "en": "Invented prices alone."},
            "contact": "cars@example.org",
            "groups": [{"name": name, "rows": 50, "metrics": {"mean absolute error on rows not trained on": 400.0}}
                       for name in ("GT", "Familiar")],
        },
        "predicts": {"kind": "regression", "label": {"es": "Precio", "en": "Price"}, "unit": "€"},
        "fields": [
            {"name": "car", "kind": "category", "label": {"es": "Modelo", "en": "Model"}, "example": names[0],
             "choices": [{"value": name, "label": name} for name in names]},
            {"name": "km", "kind": "number", "label": {"es": "Recorrido", "en": "Distance"}, "unit": "km",
             "minimum": 0, "maximum": 200000, "example": 52000},
        ],
    }  # fmt: skip
    (folder / "model.yaml").write_text(json.dumps(contract, ensure_ascii=False))
    return folder


def _copies(folder: Path, every: Path, names: list[str] | tuple[str, ...]) -> Path:
    """Copy bundles; where there are several of a name, each gets one of its own, and a title."""
    if folder.is_dir():
        return folder
    for number, name in enumerate(names, 1):
        is_alone = len(set(names)) == len(names)
        copy = folder / (name if is_alone else f"{name}-{number:02d}")
        shutil.copytree(every / name, copy)
        if not is_alone:
            manifest = copy / "model.json"
            content = json.loads(manifest.read_text())
            contract = content["contract"]
            contract["name"] = copy.name
            contract["title"] = {language: f"{text} {number}" for language, text in contract["title"].items()}
            manifest.write_text(json.dumps(content))
    return folder
