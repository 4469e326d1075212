"""Builds the models: ``models/<name>`` (a contract, and what trains it or the given file) into ``bundles/<name>``.

``python -m deploy.bundles``, in ``.venv``, builds those whose sources have changed.
"""

import base64
import hashlib
import importlib.util
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from app.model import FILES, MANIFEST, TIMINGS
from deploy.errors import DeployError
from deploy.locks import alone
from deploy.project import BUNDLES, MODELS, ROOT, state
from deploy.sandbox import Ask, sandbox

CONTRACT, GIVEN, RECORD, TRAINING = "model.yaml", "model.joblib", "record.json", "train.py"
"""What a model's folder holds: its contract, and either train.py or the given file with what was recorded of it."""

RANDOM_ROWS = 2_000
Table = tuple[Path, str]
"""A CSV file, and its column with the answers."""

PACKAGES = ("joblib", "numpy", "onnxruntime", "scikit-learn")
"""What a trained model depends on: a pickle is only good for the scikit-learn that wrote it."""

CODE = ("app/check.py", "app/contract.py", "app/engines/*.py", "app/model.py", "deploy/bundles.py",
        "deploy/compiler/*.py", "deploy/exactness.py", "deploy/proving.py", "deploy/thresholds.py")  # fmt: skip
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


def build(folder: Path, bundles: Path = BUNDLES, *, table: Table | None = None, ask: Ask | None = None,
          random_rows: int = RANDOM_ROWS) -> bool:  # fmt: skip
    """Make the bundle of a model's folder; at once, returning False, when it is there and whole.

    Args:
        table: that the given file was trained on, where it is at hand: its rows are tried too.
        ask: a sandbox in which given file and table are open already.
        random_rows: on how many the engine is compared with scikit-learn, beside all others.

    Raises:
        DeployError: the contract contradicts itself or the model.
    """
    source = _source(folder)
    bundle = bundles / folder.name
    if _is_whole(bundle, source):
        return False
    made = _given(folder, table, ask, random_rows) if (folder / GIVEN).exists() else _trained(folder, random_rows)
    _write(bundle, made.pop("data"), {"source": source, "version": source[:12], **made})
    return True


def _given(folder: Path, table: Table | None, ask: Ask | None, random_rows: int) -> dict[str, Any]:
    """Take the file that was added; its code never runs in this process."""
    from deploy.contracts import read_contract

    contract = read_contract(folder / CONTRACT)
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    file, target = table or (None, "")
    files = [file] if file else []
    with nullcontext(ask) if ask else sandbox(folder / GIVEN, folder / CONTRACT, *files) as asked:
        proved = asked("prove", contract=str(folder / CONTRACT), rows=record["rows"], columns=record["columns"],
                       expected=record["answers"], data=str(file or ""), target=target,
                       random_rows=random_rows)  # fmt: skip
    graph = base64.b64decode(proved.pop("graph"))
    return {
        "data": graph or (folder / GIVEN).read_bytes(), "contract": contract.model_dump(mode="json"),
        "metrics": contract.metrics, "made_with": record["made_with"], **proved,
    }  # fmt: skip


def _trained(folder: Path, random_rows: int) -> dict[str, Any]:
    import joblib

    from deploy.contracts import read_contract
    from deploy.proving import prove

    contract = read_contract(folder / CONTRACT)
    trained = training(folder / TRAINING).train()
    proved = prove(folder / CONTRACT, contract, trained.estimator, trained.rows, random_rows=random_rows)
    data = io.BytesIO()
    joblib.dump(trained.estimator, data)
    return {
        "data": proved.graph or data.getvalue(), "contract": contract.model_dump(mode="json"),
        "metrics": trained.metrics, "made_with": {name: version(name) for name in PACKAGES}, **proved.said,
    }  # fmt: skip


def training(file: Path) -> ModuleType:
    """Return a train.py as a module.

    Raises:
        DeployError: there is none.
    """
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
    (beside / FILES[manifest["engine"]]).write_bytes(data)
    manifest["sha256"] = hashlib.sha256(data).hexdigest()
    (beside / TIMINGS).write_text(json.dumps(manifest.pop("timings")) + "\n", encoding="utf-8")
    (beside / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.chmod(0o755)
    shutil.rmtree(bundle, ignore_errors=True)
    beside.rename(bundle)


def _drop_leftovers(bundle: Path) -> None:
    """Remove what a run that was cut off left: all that stands in the bundles' folder goes into the release."""
    for leftover in bundle.parent.glob(f".{bundle.name}-*"):
        shutil.rmtree(leftover)


def _is_whole(bundle: Path, source: str) -> bool:
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        data = (bundle / FILES[manifest["engine"]]).read_bytes()
    except (OSError, ValueError, KeyError):
        return False
    if not (bundle / TIMINGS).exists():
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
    yield from sorted(file for pattern in CODE for file in ROOT.glob(pattern))


if __name__ == "__main__":
    sys.exit(main())
