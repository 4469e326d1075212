"""``model add``: a stranger's file becomes ``models/<name>``, a contract to edit beside it."""

import re
import shutil
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.values import as_text
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, MODELS, state
from deploy.models import builder, bundle_folder, contract_draft, input_files
from deploy.models.model_folder import CONTRACT, MODEL_FILE, RECORD
from deploy.models.sandbox.bubblewrap import open_sandbox
from deploy.models.sandbox.replies import Description, UntrustedTypes
from deploy.models.sandbox.text import visible

REPLACED_KEPT = 10
"""Models that were replaced, and can be taken back by hand."""

DRAFT_BUNDLES = ".bundles"
"""Beside the draft of a model's folder, whose name it can't be."""

WRITTEN = (CONTRACT, RECORD, MODEL_FILE)
"""What this command puts into a model's folder."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def add(
    file: Path,
    *,
    data: Path | None = None,
    target: str = "",
    name: str | None = None,
    trust: bool = False,
    replace: bool = False,
    models: Path = MODELS,
    bundles: Path = BUNDLES,
) -> Path:
    """Make a model's folder out of a file and return it; nothing is left behind where it is refused.

    Args:
        data: the table that it was trained on.
        target: that table's column with the answers; empty: the one that the model doesn't know.
        name: the model's; None: the file's.
        trust: don't ask whether its code may run.
        replace: take the place of a model of that name that was added too; that is moved aside.
        models, bundles: the folders of all models and all bundles.

    Raises:
        DeployError: what is wrong with file, table or name.
    """
    input_files.check_model(file)
    folder = _free_folder(models, name or _name_of(file), replace)
    if data is not None:
        input_files.check_table(data)
    with tempfile.TemporaryDirectory(dir=state("adding", folder.name).parent) as scratch:
        draft = Path(scratch) / folder.name
        _print_summary(folder.name, _draft(file, draft, data, target, trust), data)
        _install(draft, folder, bundles / folder.name)
    return folder


def _name_of(file: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", file.name.partition(".")[0].lower()).strip("_")


def _draft(file: Path, draft: Path, data: Path | None, target: str, trust: bool) -> Description:
    """Fill a model's folder and build its bundle beside it; faults name the files that the user gave."""
    draft.mkdir()
    try:
        return _import(file, draft, data, target, trust)
    except DeployError as fault:
        copy = rf"{re.escape(str(draft.parent))}/({draft.name}/)?model\.(joblib|skops)"
        reason = re.sub(copy, lambda _: str(file), fault.reason)
        raise DeployError(reason.replace(str(draft), draft.name), fault.advice, fault.status) from fault


def _import(file: Path, draft: Path, data: Path | None, target: str, trust: bool) -> Description:
    """Fill a model's folder, build its bundle beside it, and return the description of the file."""
    is_skops = zipfile.is_zipfile(file)
    copy = draft.with_name("model.skops") if is_skops else draft / MODEL_FILE
    with file.open("rb") as stream:
        input_files.copy_model(stream, copy)
    if not is_skops:
        _ask_for_trust(file, trust)
    table = (data.resolve(), target) if data else None
    print(f"Opening {file} in a sandbox …", flush=True)
    # The contract is written once the model is described; the sandbox, which is open by then, reads it all the same.
    (draft / CONTRACT).touch()
    with open_sandbox(copy, draft / CONTRACT, *table[:1] if table else ()) as sandbox:
        trusted = []
        if is_skops:
            untrusted, _ = sandbox.run("untrusted_types", UntrustedTypes)
            trusted = _ask_for_types(file, untrusted.types, trust)
        description, estimator = sandbox.run(
            "describe", Description, data=str(table[0] if table else ""), target=target, trusted=trusted
        )
        if is_skops:
            (draft / MODEL_FILE).write_bytes(estimator)
        contract_draft.write(draft, file, description)
        opened = None if is_skops else sandbox
        builder.build(draft, draft.parent / DRAFT_BUNDLES, origin=MODEL_FILE, table=table, sandbox=opened)
    return description


def _install(draft: Path, folder: Path, bundle: Path) -> None:
    """Put a model's folder and its bundle where they belong."""
    with builder.models_locked():
        _replace(draft, folder)
        bundle_folder.remove(bundle)
        _move(draft.parent / DRAFT_BUNDLES / folder.name, bundle)


def _replace(draft: Path, folder: Path) -> None:
    """Put a model's folder where it belongs; what was there is kept aside."""
    if folder.is_symlink() or folder.exists():
        aside = state("replaced", f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{folder.name}")
        _move(folder, aside)
        print(f"The model that it replaces is kept in {aside}.")
        for old in sorted(aside.parent.iterdir())[:-REPLACED_KEPT]:
            bundle_folder.remove(old)
    _move(draft, folder)


def _move(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, to)


def _free_folder(models: Path, name: str, replace: bool) -> Path:
    if not NAME.fullmatch(name):
        raise DeployError(
            f"{name!r} can't be a model's name: lower-case letters, digits, _ and -, a letter first",
            "Choose one: --name my_model",
            status=2,
        )
    folder = models / name
    if not folder.is_symlink() and not folder.exists():
        return folder
    if not replace:
        raise DeployError(
            f"{folder}: there is already a model of that name",
            "Choose another name (--name), or replace it (--replace).",
            status=2,
        )
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    if own := [entry.name for entry in entries if entry.name not in (*WRITTEN, "__pycache__")]:
        raise DeployError(
            f"{folder}: holds what model add didn't write: {', '.join(map(visible, own[:5]))}",
            "Choose another name (--name), or move that folder away yourself.",
            status=2,
        )
    return folder


def _ask_for_trust(file: Path, trust: bool) -> None:
    warning = "opening a joblib or pickle file runs the code in it. It will be opened in a sandbox here"
    _require_trust(trust, f"{file}: {warning}; the application opens it too: on the server, and here under dev.")


def _ask_for_types(file: Path, names: list[str], trust: bool) -> list[str]:
    if names:
        listed = "\n".join(f"  {name}" for name in names)
        _require_trust(trust, f"{file}: holds types that skops doesn't know to be safe:\n{listed}")
    return names


def _require_trust(trust: bool, warning: str) -> None:
    if trust:
        return
    print(warning)
    if not sys.stdin.isatty():
        raise DeployError("nobody is there to ask", "Do you trust where it comes from? Then add --trust.", status=2)
    if input("Do you trust where it comes from? [y/N] ").strip().lower() not in ("y", "yes", "s", "si", "sí"):
        raise DeployError("not trusted: nothing was added")


def _print_summary(name: str, description: Description, data: Path | None) -> None:
    print(f"{name}: {description.estimator}")
    prediction = "a number" if description.labels is None else f"one of {_listed(description.labels[:8])}"
    print(f"  predicts {prediction}")
    for field in description.fields:
        is_range = field.minimum is not None and field.maximum is not None
        bounds = [visible(as_text(bound), 40) for bound in (field.minimum, field.maximum)]
        values = " to ".join(bounds) if is_range else _listed((field.choices or [])[:6])
        print(f"  {field.name:<30} {field.kind:<9} {values}{', may be missing' if field.missing else ''}")
    if data is None:
        print("  Without --data, ranges are unknown and no answers of its table are recorded.")
    for metric in description.metrics:
        print(f"  {metric.name}: {metric.value:g}")


def _listed(values: list[Any]) -> str:
    return ", ".join(visible(str(value), 40) for value in values)
