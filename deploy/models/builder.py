"""Builds the models: ``models/<name>`` (a contract, and train.py or an added file) into ``bundles/<name>``.

``python -m deploy.models.builder`` builds those whose sources have changed.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.contract import Contract
from deploy.base import engines
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import BUNDLES, KIT, MODELS, state
from deploy.models import bundle_folder, own_code, scikit_learns
from deploy.models.accepted_rows import accepted
from deploy.models.background import background_rows
from deploy.models.conformal import interval
from deploy.models.contracts import read_contract
from deploy.models.golden_rows import as_list, golden
from deploy.models.model_folder import CONTRACT, MODEL_FILE, RECORD, TRAINING, Origin, Record, origin_of, read_record
from deploy.models.sandbox.bubblewrap import Sandbox, open_sandbox
from deploy.models.sandbox.replies import Validation
from deploy.models.table_source import TableSource
from deploy.models.tolerance import tolerance_of
from deploy.models.training_module import pickled, training

RANDOM_ROWS = 2_000
PACKAGES = ("joblib", "numpy", "onnxruntime", "scikit-learn")
"""What a trained model depends on: a pickle is only good for the scikit-learn that wrote it."""

CODE = (
    "app/attribution.py", "app/contract.py", "app/engines/*.py", "app/fields/*.py", "app/model.py", "app/numerals.py",
    "app/own_code.py", "app/predictions.py", "app/validator.py", "app/values.py", "deploy/models/accepted_rows.py",
    "deploy/models/background.py", "deploy/models/boundary_rows.py", "deploy/models/builder.py",
    "deploy/models/bundle_folder.py", "deploy/models/compiler/*.py", "deploy/models/conformal.py",
    "deploy/models/contract_fit.py", "deploy/models/crossings.py", "deploy/models/dict_rows.py",
    "deploy/models/equivalence.py", "deploy/models/example_rows.py", "deploy/models/golden_rows.py",
    "deploy/models/json_values.py", "deploy/models/own_code.py", "deploy/models/structure.py",
    "deploy/models/tolerance.py", "deploy/models/validation.py",
)  # fmt: skip
"""What a bundle is made by: when it changes, bundles are built again."""


def main() -> int:
    """Build every model and print which were built."""
    try:
        for name, built in build_all().items():
            print(f"{name}: {'built' if built else 'up to date'}")
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1
    return 0


def models_locked() -> AbstractContextManager[None]:
    """Be the only one who writes bundles, for as long as they are to stay as they are."""
    return exclusive(state("locks", "models"))


def build_all() -> dict[str, bool]:
    """Build every model, drop the bundles of models that are gone; name → whether it had to be built."""
    with models_locked():
        return build_locked()


def build_locked() -> dict[str, bool]:
    """Do as `build_all` does, for whoever holds the lock and goes on to read the bundles."""
    folders = [contract.parent for contract in sorted(MODELS.glob(f"*/{CONTRACT}"))]
    if BUNDLES.exists() and not BUNDLES.is_dir():
        raise DeployError(f"{BUNDLES}: is no folder, but the models are built there", "Move it away, then try again.")
    for entry in set(BUNDLES.glob("*")) - {BUNDLES / folder.name for folder in folders}:
        if entry.is_dir() or entry.is_symlink():  # a file there is somebody's own, and in no release
            bundle_folder.remove(entry)
    own_code.require_distinct(folders)
    return {folder.name: _build_and_report(folder) for folder in folders}


def _build_and_report(folder: Path) -> bool:
    before = engines.of(BUNDLES / folder.name)
    built = build(folder, BUNDLES)
    now = engines.of(BUNDLES / folder.name)
    for sentence in engines.downgrades({"": before} if before else {}, {"": now} if now else {}):
        print(f"{folder.name}{sentence}", file=sys.stderr)
    return built


def build(
    folder: Path,
    bundles: Path = BUNDLES,
    *,
    origin: Origin | None = None,
    table: TableSource | None = None,
    sandbox: Sandbox | None = None,
    random_rows: int = RANDOM_ROWS,
) -> bool:
    """Make the bundle of a model's folder; at once, returning False, when it is there and whole.

    Args:
        origin: what it is made of; None: what the folder says.
        table: that the added file was trained on, where it is at hand: its rows are tried too.
        sandbox: one in which added file and table can be read already; None: a new one.
        random_rows: on how many the engine is compared with scikit-learn, beside all others.

    Raises:
        DeployError: the contract contradicts itself or the model.
    """
    source, bundle = _source(folder), bundles / folder.name
    if bundle_folder.is_up_to_date(bundle, source):
        return False
    if (origin or origin_of(folder)) == MODEL_FILE:
        data, manifest = _from_file(folder, table, sandbox, random_rows)
    else:
        data, manifest = _from_training(folder, random_rows)
    code = own_code.archive(folder) if manifest["engine"] == "scikit_learn" else b""
    bundle_folder.write(bundle, data, {"source": source, "version": source[:12], **manifest}, code)
    return True


def _from_file(
    folder: Path, table: TableSource | None, sandbox: Sandbox | None, random_rows: int
) -> tuple[bytes, dict[str, Any]]:
    """Take the file that was added; its code never runs in this process, and what comes of it is of a strict type."""
    contract, record = read_contract(folder / CONTRACT), read_record(folder / RECORD)
    files, writer = [table.file] if table else [], record.made_with.get(scikit_learns.NAME, "")
    packages = scikit_learns.packages(folder / MODEL_FILE, writer)
    with ExitStack() as stack:
        code = stack.enter_context(own_code.packed(folder))
        new = open_sandbox(folder / MODEL_FILE, folder / CONTRACT, *files, code=code, packages=packages)
        opened = sandbox or stack.enter_context(new)
        reply, graph = opened.run(
            "validate",
            Validation,
            contract=str(folder / CONTRACT),
            rows=record.rows,
            columns=record.columns,
            expected=record.answers,
            data=table.request if table else None,
            random_rows=random_rows,
        )
    _require_fit(folder / MODEL_FILE, contract, reply)
    if packages and not graph:
        raise scikit_learns.uncompiled(folder / MODEL_FILE, writer, reply.proof.why)
    return graph or (folder / MODEL_FILE).read_bytes(), {
        **_manifest(contract, record, reply),
        "background": background_rows(contract, [*accepted(contract, record.rows)]),
    }


def _require_fit(file: Path, contract: Contract, reply: Validation) -> None:
    """Refuse what a file's own code may have replied: other fields or targets than the contract's."""
    widths = {len(as_list(row.value)) for row in reply.golden} | {len(contract.targets)}
    if len(reply.columns) != len(contract.fields) or len(widths) > 1:
        raise DeployError(f"{file}: its fields or answers are not those of the contract")


def _manifest(contract: Contract, record: Record, reply: Validation) -> dict[str, Any]:
    names = [field.name for field in contract.fields]
    return {
        "contract": contract.model_dump(mode="json"),
        "metrics": contract.metrics,
        "made_with": record.made_with,
        **reply.model_dump(mode="json", exclude={"attached", "columns", "golden"}),
        "columns": dict(zip(names, reply.columns, strict=True)),
        "golden": [golden(contract, row.row, as_list(row.value)) for row in reply.golden],
        "tolerance": tolerance_of(row.value for row in reply.golden).model_dump(),
    }


def _from_training(folder: Path, random_rows: int) -> tuple[bytes, dict[str, Any]]:
    from deploy.models.validation import TableRows, require_example_answers, validate

    contract = read_contract(folder / CONTRACT)
    module = training(folder / TRAINING)
    trained = module.train()
    validated = validate(folder / CONTRACT, contract, trained.estimator, TableRows(trained.rows), random_rows)
    require_example_answers(folder / CONTRACT, trained.estimator, contract, validated)
    document = contract.model_dump(mode="json")
    if document["predicts"]["kind"] == "regression" and (measured := interval(trained.held_out)):
        document["predicts"]["interval"] = measured
    return validated.graph or pickled(trained.estimator, module), {
        "contract": document,
        "metrics": trained.metrics,
        "made_with": {name: version(name) for name in PACKAGES},
        "background": background_rows(contract, [*accepted(contract, trained.rows)]),
        **validated.manifest,
    }


def _source(folder: Path) -> str:
    """Return the SHA-256 of all that a bundle is made from."""
    digest = hashlib.sha256(" ".join(f"{name}=={version(name)}" for name in PACKAGES).encode())
    for root, file in _sources(folder):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        with file.open("rb") as stream:  # in pieces: a table beside train.py may be larger than the memory
            while block := stream.read(1 << 20):
                digest.update(block)
        digest.update(b"\0")
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file, behind the folder from which its name counts."""
    own = (file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    yield from ((folder, file) for file in own)
    yield from sorted((KIT, file) for pattern in CODE for file in KIT.glob(pattern))


if __name__ == "__main__":
    sys.exit(main())
