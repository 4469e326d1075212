"""Builds the models: ``models/<name>`` (a contract and what trains it) into the bundle ``bundles/<name>``.

``python -m deploy.model``, in ``.venv``, builds those whose sources have changed.
"""

import difflib
import hashlib
import importlib.util
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.locks import alone
from deploy.project import ROOT, state

MODELS = ROOT / "models"
BUNDLES = ROOT / "bundles"
PACKAGES = ("joblib", "numpy", "scikit-learn")
"""What a trained model depends on: a pickle is only good for the scikit-learn that wrote it."""


def main() -> int:
    """Build every model and say so."""
    try:
        for name, built in build_all().items():
            print(f"{name}: {'built' if built else 'up to date'}")
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1
    return 0


def build_all() -> dict[str, bool]:
    """Build every model; name → whether it had to be built."""
    with alone(state("locks", "models")):
        return {contract.parent.name: build(contract.parent) for contract in sorted(MODELS.glob("*/model.yaml"))}


def build(folder: Path, bundles: Path = BUNDLES) -> bool:
    """Make the bundle of a model's folder; at once, returning False, when it is there and whole.

    Raises:
        DeployError: the contract contradicts itself or the model.
    """
    source = _source(folder)
    bundle = bundles / folder.name
    if _is_whole(bundle, source):
        return False
    contract = read_contract(folder / "model.yaml")
    pipeline, metrics = _train(folder, contract)
    _write(bundle, pipeline, {
        "contract": contract, "metrics": metrics, "source": source, "version": source[:12],
        "made_with": {name: version(name) for name in PACKAGES},
    })  # fmt: skip
    return True


def read_contract(file: Path) -> dict[str, Any]:
    """Return a contract, checked.

    Raises:
        DeployError: a sentence per fault, each with file and place.
    """
    import yaml
    from pydantic import ValidationError

    from app.contract import Contract

    try:
        contract = Contract.model_validate(yaml.safe_load(file.read_bytes()))
    except (yaml.YAMLError, UnicodeError) as fault:
        raise DeployError(f"{file}: is no YAML: {' '.join(str(fault).split())}") from fault
    except ValidationError as fault:
        raise DeployError("\n".join(f"{file}: {_sentence(dict(error))}" for error in fault.errors())) from fault
    if contract.name != file.parent.name:
        raise DeployError(f"{file}: name: {contract.name} is not the folder's name, {file.parent.name}")
    return contract.model_dump(mode="json")


def _sentence(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg'].removeprefix('Value error, ')}".removeprefix(": ")
    near = difflib.get_close_matches(str(error["loc"][-1]), _known_keys(), n=1, cutoff=0.0)[0]
    return f"{place}: no such key; the nearest is {near}"


def _known_keys() -> list[str]:
    from app.contract import Contract, NumberField, Text

    return [name for part in (Contract, NumberField, Text) for name in part.model_fields]


def _train(folder: Path, contract: dict[str, Any]) -> tuple[Any, dict[str, float]]:
    file = folder / "train.py"
    spec = importlib.util.spec_from_file_location(f"train_{folder.name}", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise DeployError(f"{file}: is missing: write one with a train() that returns the pipeline and its metrics")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pipeline, metrics = module.train()
    if sorted(pipeline.classes_) != sorted(contract["labels"]):
        raise DeployError(f"{folder / 'model.yaml'}: labels: the model was trained on {sorted(pipeline.classes_)}")
    if pipeline.n_features_in_ != len(contract["fields"]):
        raise DeployError(f"{folder / 'model.yaml'}: fields: the model takes {pipeline.n_features_in_}")
    return pipeline, metrics


def _write(bundle: Path, pipeline: Any, manifest: dict[str, Any]) -> None:
    """Write beside, then rename: a run that is cut off leaves the old bundle or none."""
    import joblib

    data = io.BytesIO()
    joblib.dump(pipeline, data)
    bundle.parent.mkdir(parents=True, exist_ok=True)
    _drop_leftovers(bundle)
    beside = Path(tempfile.mkdtemp(dir=bundle.parent, prefix=f".{bundle.name}-"))
    (beside / "model.joblib").write_bytes(data.getvalue())
    manifest["sha256"] = hashlib.sha256(data.getvalue()).hexdigest()
    (beside / "model.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.chmod(0o755)
    shutil.rmtree(bundle, ignore_errors=True)
    beside.rename(bundle)


def _drop_leftovers(bundle: Path) -> None:
    """Remove what a run that was cut off left: all that stands in the bundles' folder goes into the release."""
    for leftover in bundle.parent.glob(f".{bundle.name}-*"):
        shutil.rmtree(leftover)


def _is_whole(bundle: Path, source: str) -> bool:
    try:
        manifest = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
        data = (bundle / "model.joblib").read_bytes()
    except (OSError, ValueError):
        return False
    return bool(manifest.get("source") == source and manifest.get("sha256") == hashlib.sha256(data).hexdigest())


def _source(folder: Path) -> str:
    """Return the SHA-256 of all that a bundle is made from."""
    digest = hashlib.sha256(" ".join(f"{name}=={version(name)}" for name in PACKAGES).encode())
    for file in _sources(folder):
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    yield from (file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    yield ROOT / "app" / "contract.py"
    yield Path(__file__)


if __name__ == "__main__":
    sys.exit(main())
