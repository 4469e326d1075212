"""Builds the models: ``models/<name>`` (a contract, and what trains it or the given file) into ``bundles/<name>``.

``python -m deploy.bundles``, in ``.venv``, builds those whose sources have changed.
"""

import hashlib
import importlib.util
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from deploy.errors import DeployError
from deploy.locks import alone
from deploy.project import BUNDLES, MODELS, ROOT, state
from deploy.sandbox import Ask, sandbox

CONTRACT, GIVEN, RECORD, TRAINING = "model.yaml", "model.joblib", "record.json", "train.py"
"""What a model's folder holds: its contract, and either train.py or the given file with what was recorded of it."""

PACKAGES = ("joblib", "numpy", "scikit-learn")
"""What a trained model depends on: a pickle is only good for the scikit-learn that wrote it."""

CODE = ("app/check.py", "app/contract.py", "app/model.py", "deploy/bundles.py", "deploy/proving.py")
"""What a bundle is made by: when it changes, bundles are made anew."""


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
    """Build every model, drop the bundles of models that are gone; name → whether it had to be built."""
    with alone(state("locks", "models")):
        folders = [contract.parent for contract in sorted(MODELS.glob(f"*/{CONTRACT}"))]
        for bundle in set(BUNDLES.glob("*")) - {BUNDLES / folder.name for folder in folders}:
            shutil.rmtree(bundle)
        return {folder.name: build(folder) for folder in folders}


def build(folder: Path, bundles: Path = BUNDLES, ask: Ask | None = None) -> bool:
    """Make the bundle of a model's folder; at once, returning False, when it is there and whole.

    Args:
        ask: a sandbox in which the given file is open already.

    Raises:
        DeployError: the contract contradicts itself or the model.
    """
    source = _source(folder)
    bundle = bundles / folder.name
    if _is_whole(bundle, source):
        return False
    made = _given(folder, ask) if (folder / GIVEN).exists() else _trained(folder)
    _write(bundle, made.pop("data"), {"source": source, "version": source[:12], **made})
    return True


def _given(folder: Path, ask: Ask | None) -> dict[str, Any]:
    """Take the file that was added; its code never runs in this process."""
    from deploy.contracts import read_contract

    if ask is None:
        with sandbox(folder / GIVEN, folder / CONTRACT) as asked:
            return _given(folder, asked)
    contract = read_contract(folder / CONTRACT)
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    proof = ask("prove", contract=str(folder / CONTRACT), rows=record["rows"], columns=record["columns"],
                expected=record["answers"])  # fmt: skip
    return {
        "data": (folder / GIVEN).read_bytes(), "contract": contract.model_dump(mode="json"),
        "metrics": contract.metrics, "made_with": record["made_with"], **proof,
    }  # fmt: skip


def _trained(folder: Path) -> dict[str, Any]:
    import joblib

    from deploy.contracts import read_contract
    from deploy.proving import prove

    contract = read_contract(folder / CONTRACT)
    trained = _module(folder / TRAINING).train()
    proof = prove(folder / CONTRACT, contract, trained.estimator, trained.rows)
    data = io.BytesIO()
    joblib.dump(trained.estimator, data)
    return {
        "data": data.getvalue(), "contract": contract.model_dump(mode="json"), "metrics": trained.metrics,
        "made_with": {name: version(name) for name in PACKAGES}, **asdict(proof),
    }  # fmt: skip


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"train_{file.parent.name}", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise DeployError(f"{file}: is missing: write one with a train() that returns a deploy.training.Trained",
                          "Or have the file of a trained model: python3 -m deploy model add FILE")  # fmt: skip
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _write(bundle: Path, data: bytes, manifest: dict[str, Any]) -> None:
    """Write beside, then rename: a run that is cut off leaves the old bundle or none."""
    bundle.parent.mkdir(parents=True, exist_ok=True)
    _drop_leftovers(bundle)
    beside = Path(tempfile.mkdtemp(dir=bundle.parent, prefix=f".{bundle.name}-"))
    (beside / "model.joblib").write_bytes(data)
    manifest["sha256"] = hashlib.sha256(data).hexdigest()
    (beside / "model.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
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
    yield from (ROOT / name for name in CODE)


if __name__ == "__main__":
    sys.exit(main())
