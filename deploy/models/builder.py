"""Builds the models: ``models/<name>`` (a contract, and what trains it or the given file) into ``bundles/<name>``.

``python -m deploy.models.builder`` builds those whose sources have changed.
"""

import hashlib
import importlib.util
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.model import FILES, MANIFEST, TIMINGS, Manifest
from deploy.base import engines
from deploy.base.errors import DeployError
from deploy.base.locks import alone
from deploy.base.paths import BUNDLES, KIT, MODELS, state
from deploy.models.sandbox.bubblewrap import Opened, sandbox
from deploy.models.sandbox.replies import ROWS, Compared, PandasType, Row, Value, visible

CONTRACT, RECORD = "model.yaml", "record.json"
GIVEN: Literal["model.joblib"] = "model.joblib"
TRAINING: Literal["train.py"] = "train.py"
"""What a model's folder holds: its contract, and either train.py or the given file with what was recorded of it."""

Origin = Literal["model.joblib", "train.py"]
"""What a bundle is made of: the file that was given, or the program that trains it."""

RANDOM_ROWS = 2_000
Table = tuple[Path, str]
"""A CSV file, and its column with the answers."""

PACKAGES = ("joblib", "numpy", "onnxruntime", "scikit-learn")
"""What a trained model depends on: a pickle is only good for the scikit-learn that wrote it."""

CODE = ("app/contract.py", "app/engines/*.py", "app/fields/*.py", "app/model.py", "app/predictions.py",
        "app/validator.py", "app/values.py",
        "deploy/models/boundary_rows.py", "deploy/models/builder.py", "deploy/models/compiler/*.py",
        "deploy/models/equivalence.py", "deploy/models/validation.py")  # fmt: skip
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


def models_locked() -> AbstractContextManager[None]:
    """Be the only one who writes bundles, for as long as they are to stay as they are."""
    return alone(state("locks", "models"))


def build_all() -> dict[str, bool]:
    """Build every model, drop the bundles of models that are gone; name → whether it had to be built."""
    with models_locked():
        return build_locked()


def build_locked() -> dict[str, bool]:
    """Do as `build_all` does, for whoever holds the lock and goes on to read the bundles."""
    folders = [contract.parent for contract in sorted(MODELS.glob(f"*/{CONTRACT}"))]
    if BUNDLES.exists() and not BUNDLES.is_dir():
        raise DeployError(f"{BUNDLES}: is no folder, and the models are built there", "Move it away, then try again.")
    for entry in set(BUNDLES.glob("*")) - {BUNDLES / folder.name for folder in folders}:
        if entry.is_dir() or entry.is_symlink():  # a file there is somebody's own, and in no release
            remove(entry)
    return {folder.name: _build_and_tell(folder) for folder in folders}


def _build_and_tell(folder: Path) -> bool:
    before = engines.of(BUNDLES / folder.name)
    built = build(folder, BUNDLES)
    now = engines.of(BUNDLES / folder.name)
    for sentence in engines.fallen({"": before} if before else {}, {"": now} if now else {}):
        print(f"{folder.name}{sentence}", file=sys.stderr)
    return built


def build(folder: Path, bundles: Path = BUNDLES, *, origin: Origin | None = None, table: Table | None = None,
          opened: Opened | None = None, random_rows: int = RANDOM_ROWS) -> bool:  # fmt: skip
    """Make the bundle of a model's folder; at once, returning False, when it is there and whole.

    Args:
        origin: what it is made of; None: what the folder says.
        table: that the given file was trained on, where it is at hand: its rows are tried too.
        opened: a sandbox in which given file and table are open already.
        random_rows: on how many the engine is compared with scikit-learn, beside all others.

    Raises:
        DeployError: the contract contradicts itself or the model.
    """
    source = _source(folder)
    bundle = bundles / folder.name
    if _is_whole(bundle, source):
        return False
    if (origin or origin_of(folder)) == GIVEN:
        made = _given(folder, table, opened, random_rows)
    else:
        made = _trained(folder, random_rows)
    _write(bundle, made.pop("data"), {"source": source, "version": source[:12], **made})
    return True


def origin_of(folder: Path) -> Origin:
    """Return what a model's folder says it is made of: record.json, which ``model add`` writes, names the given file.

    Raises:
        DeployError: it says both, or half of one.
    """
    is_given = (folder / RECORD).exists()
    if is_given and (folder / TRAINING).exists():
        raise DeployError(f"{folder}: holds {RECORD}, of a file that was added, and {TRAINING}: which makes the model?",
                          f"Take {TRAINING} away, or {RECORD} and {GIVEN}.")  # fmt: skip
    if not is_given and (folder / GIVEN).exists():
        raise DeployError(f"{folder / GIVEN}: has no {RECORD} beside it, which model add writes",
                          "Add the file: python3 -m deploy model add FILE --replace")  # fmt: skip
    return GIVEN if is_given else TRAINING


class Record(BaseModel):
    """What record.json says: rows of the table and their answers, which must hold ever after."""

    model_config = ConfigDict(strict=True, frozen=True)
    columns: list[PandasType]
    rows: Annotated[list[Row], Field(max_length=ROWS)]
    answers: Annotated[list[Value], Field(max_length=ROWS)]
    made_with: dict[str, str]


def _record(file: Path) -> Record:
    if not file.is_file():
        raise DeployError(f"{file}: is no file")
    try:
        return Record.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as fault:
        reason = fault.errors()[0]["msg"] if isinstance(fault, ValidationError) else fault
        raise DeployError(f"{file}: isn't what model add wrote: {reason}", "Add the file again: --replace") from fault


def _given(folder: Path, table: Table | None, opened: Opened | None, random_rows: int) -> dict[str, Any]:
    """Take the file that was added; its code never runs in this process, and what comes of it is of a strict type."""
    from deploy.models.contracts import read_contract
    from deploy.models.equivalence import tolerance

    contract, record = read_contract(folder / CONTRACT), _record(folder / RECORD)
    file, target = table or (None, "")
    files = [file] if file else []
    with nullcontext(opened) if opened else sandbox(folder / GIVEN, folder / CONTRACT, *files) as asked:
        found, graph = asked.ask("prove", Compared, contract=str(folder / CONTRACT), rows=record.rows,
                                 columns=record.columns, expected=record.answers, data=str(file or ""), target=target,
                                 random_rows=random_rows)  # fmt: skip
    names = [field.name for field in contract.fields]
    if len(found.columns) != len(names):
        raise DeployError(f"{folder / GIVEN}: what was found in it has other fields than the contract")
    said = found.model_dump(mode="json", exclude={"attached", "columns", "golden"})
    golden = [{"row": dict(zip(names, each.row, strict=True)), "value": each.value} for each in found.golden]
    return {
        "data": graph or (folder / GIVEN).read_bytes(), "contract": contract.model_dump(mode="json"),
        "metrics": contract.metrics, "made_with": record.made_with, **said,
        "columns": dict(zip(names, found.columns, strict=True)), "golden": golden,
        "tolerance": tolerance(each.value for each in found.golden).model_dump(),
    }  # fmt: skip


def _trained(folder: Path, random_rows: int) -> dict[str, Any]:
    import joblib

    from deploy.models.contracts import read_contract
    from deploy.models.validation import prove

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
    manifest["sha256"] = hashlib.sha256(data).hexdigest()
    try:
        Manifest.model_validate(manifest)
    except ValidationError as fault:
        first = fault.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DeployError(f"{bundle.name}: can't be built: {visible(place)}: {first['msg']}") from fault
    bundle.parent.mkdir(parents=True, exist_ok=True)
    _drop_leftovers(bundle)
    beside = Path(tempfile.mkdtemp(dir=bundle.parent, prefix=f".{bundle.name}-"))
    (beside / FILES[manifest["engine"]]).write_bytes(data)
    (beside / TIMINGS).write_text(json.dumps(manifest.pop("timings")) + "\n", encoding="utf-8")
    (beside / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.chmod(0o755)
    remove(bundle)
    beside.rename(bundle)


def remove(entry: Path) -> None:
    """Remove what has a name in a folder: a folder whole, of a link the link alone."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _drop_leftovers(bundle: Path) -> None:
    """Remove what a run that was cut off left: all that stands in the bundles' folder goes into the release."""
    for leftover in bundle.parent.glob(f".{bundle.name}-*"):
        remove(leftover)


def _is_whole(bundle: Path, source: str) -> bool:
    if bundle.is_symlink():  # the release would hold none
        return False
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        data = (bundle / FILES[manifest["engine"]]).read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not (bundle / TIMINGS).exists():
        return False
    return bool(manifest.get("source") == source and manifest.get("sha256") == hashlib.sha256(data).hexdigest())


def _source(folder: Path) -> str:
    """Return the SHA-256 of all that a bundle is made from."""
    digest = hashlib.sha256(" ".join(f"{name}=={version(name)}" for name in PACKAGES).encode())
    for file in _sources(folder):
        digest.update(f"{file.name}\0".encode())
        with file.open("rb") as stream:  # in pieces: a table beside train.py may be larger than the memory
            while block := stream.read(1 << 20):
                digest.update(block)
        digest.update(b"\0")
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    yield from (file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    yield from sorted(file for pattern in CODE for file in KIT.glob(pattern))


if __name__ == "__main__":
    sys.exit(main())
