"""``model add``: a stranger's file becomes ``models/<name>``, a contract to edit beside it."""

import json
import os
import re
import shutil
import stat
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import yaml

from app.values import as_text
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, MODELS, state
from deploy.models import builder
from deploy.models.sandbox.bubblewrap import sandbox
from deploy.models.sandbox.replies import Described, FoundField, Types, visible

LARGEST_MIB, LARGEST_TABLE_MIB = 1024, 4096
REPLACED_KEPT = 10
"""Models that were replaced, and can be taken back by hand."""

BUILT = ".bundles"
"""Beside the draft of a model's folder, whose name it can't be."""

WRITTEN = (builder.CONTRACT, builder.RECORD, builder.GIVEN)
"""What this command puts into a model's folder."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
MAGICS = (b"\x80", b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18")
"""How files begin that pickle wrote, or joblib: plain, zlib, gzip, bz2, xz, lzma, lz4."""

HEAD = """\
# yaml-language-server: $schema=../model.schema.json
# The contract of a model that was added: say in people's words what goes in and what comes out.
# A text may stand in both languages: {es: "Edad", en: "Age"}. What each key means: models/model.schema.json.
# Then: python3 -m deploy model check, and the model's name
---
"""


def add(file: Path, *, data: Path | None = None, target: str = "", name: str | None = None, trust: bool = False,
        replace: bool = False, models: Path = MODELS, built: Path = BUNDLES) -> Path:  # fmt: skip
    """Make a model's folder out of a file and return it; nothing is left behind where it is refused.

    Args:
        data: the table that it was trained on.
        target: that table's column with the answers; empty: the one that the model doesn't know.
        name: the model's; None: the file's.
        trust: don't ask whether its code may run.
        replace: take the place of a model of that name that was added too; that is moved aside.
        models, built: where models and bundles are.

    Raises:
        DeployError: what is wrong with file, table or name.
    """
    _must_be_a_model(file)
    called = name or re.sub(r"[^a-z0-9]+", "_", file.name.partition(".")[0].lower()).strip("_")
    folder = _free_folder(models, called, replace)
    if data is not None:
        _must_be_a_file(data, LARGEST_TABLE_MIB, "Give fewer of its rows: ranges and answers need no more.")
    with tempfile.TemporaryDirectory(dir=state("adding", called).parent) as scratch:
        draft = Path(scratch) / called
        draft.mkdir()
        try:
            found = _draft(file, draft, data, target, trust)
        except DeployError as fault:
            given = rf"{re.escape(scratch)}/({called}/)?model\.(joblib|skops)"
            reason = re.sub(given, lambda _: str(file), fault.reason)
            raise DeployError(reason.replace(str(draft), called), fault.advice, fault.status) from fault
        _show(called, found, data)
        with builder.models_locked():
            _take_place(draft, folder)
            builder.remove(built / called)
            _move(Path(scratch) / BUILT / called, built / called)
    return folder


def _draft(file: Path, draft: Path, data: Path | None, target: str, trust: bool) -> Described:
    """Fill a model's folder, build its bundle beside it, and return what was found out of the file."""
    is_skops = zipfile.is_zipfile(file)
    given = draft.with_name("model.skops") if is_skops else draft / builder.GIVEN
    with file.open("rb") as stream:
        _copy(stream, given)
    if not is_skops:
        _ask(file, trust)
    table = (data.resolve(), target) if data else None
    print(f"Opening {file} in a sandbox …", flush=True)
    # The contract is written once it is known what goes in; the sandbox, which is open by then, reads it all the same.
    (draft / builder.CONTRACT).touch()
    with sandbox(given, draft / builder.CONTRACT, *table[:1] if table else ()) as opened:
        trusted = _ask_types(file, opened.ask("types", Types)[0].types, trust) if is_skops else []
        found, estimator = opened.ask("describe", Described, data=str(table[0] if table else ""), target=target,
                                      trusted=trusted)  # fmt: skip
        if is_skops:
            (draft / builder.GIVEN).write_bytes(estimator)
        _write(draft, draft.name, file, found)
        builder.build(draft, draft.parent / BUILT, origin=builder.GIVEN, table=table,
                      opened=None if is_skops else opened)  # fmt: skip
    return found


def _copy(stream: IO[bytes], to: Path) -> None:
    """Copy a file that may have become another since it was looked at.

    Raises:
        DeployError: it is no file any more, or grows without end.
    """
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        raise DeployError(f"{stream.name}: is no file")
    left = LARGEST_MIB << 20
    with to.open("xb") as copy:
        while block := stream.read(min(1 << 20, left + 1)):
            left -= copy.write(block)
            if left < 0:
                raise DeployError(f"{stream.name}: grows while it is read; at most {LARGEST_MIB} MiB go into a release")


def _take_place(draft: Path, folder: Path) -> None:
    """Put a model's folder where it belongs; what was there is kept aside."""
    if folder.is_symlink() or folder.exists():
        aside = state("replaced", f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{folder.name}")
        _move(folder, aside)
        print(f"The model that it replaces is kept in {aside}.")
        for old in sorted(aside.parent.iterdir())[:-REPLACED_KEPT]:
            builder.remove(old)
    _move(draft, folder)


def _move(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, to)


def _must_be_a_file(file: Path, largest_mib: int, advice: str) -> None:
    """Check that it is a file, of a size that can be taken.

    Raises:
        DeployError: it is none.
    """
    try:
        found = file.stat()
    except OSError as fault:
        reason = "no such file" if isinstance(fault, FileNotFoundError) else fault.strerror
        raise DeployError(f"{file}: {reason}", status=2) from fault
    if not stat.S_ISREG(found.st_mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise DeployError(f"{file}: is {kinds.get(stat.S_IFMT(found.st_mode), 'a device')}, not a file", status=2)
    if found.st_size > largest_mib << 20:
        size = f"{found.st_size / 2**30:.1f} GiB"
        raise DeployError(f"{file}: has {size}; at most {largest_mib} MiB can be taken", advice)


def _must_be_a_model(file: Path) -> None:
    """Check what kind of file it is, without opening what may run code.

    Raises:
        DeployError: it is neither that, nor joblib's, nor pickle's.
    """
    _must_be_a_file(file, LARGEST_MIB, "Train a smaller one, with fewer trees, or dump it with compress=3.")
    with file.open("rb") as stream:
        begins = stream.read(8)
    if not begins.startswith(MAGICS) and not zipfile.is_zipfile(file):
        raise DeployError(f"{file}: is no model file: it isn't what joblib.dump, pickle.dump or skops.io.dump write",
                          "In the notebook that trained it: joblib.dump(model, 'model.joblib')")  # fmt: skip


def _free_folder(models: Path, name: str, replace: bool) -> Path:
    if not NAME.fullmatch(name):
        raise DeployError(f"{name!r} can't be a model's name: lower-case letters, digits, _ and -, a letter first",
                          "Give one: --name my_model", status=2)  # fmt: skip
    folder = models / name
    if not folder.is_symlink() and not folder.exists():
        return folder
    if not replace:
        raise DeployError(f"{folder}: there is such a model already",
                          "Give another name (--name), or replace it (--replace).", status=2)  # fmt: skip
    own = [entry.name for entry in sorted(folder.iterdir()) if entry.name not in WRITTEN] if folder.is_dir() else []
    if own := [entry for entry in own if entry != "__pycache__"]:
        raise DeployError(f"{folder}: holds what model add didn't write: {', '.join(map(visible, own[:5]))}",
                          "Give another name (--name), or move that folder away yourself.", status=2)  # fmt: skip
    return folder


def _ask(file: Path, trust: bool) -> None:
    warning = "opening a joblib or pickle file runs the code in it. It will be opened in a sandbox here"
    _must_be_trusted(trust, f"{file}: {warning}; the application opens it too: on the server, and here under dev.")


def _ask_types(file: Path, names: list[str], trust: bool) -> list[str]:
    if names:
        listed = "\n".join(f"  {name}" for name in names)
        _must_be_trusted(trust, f"{file}: holds types that skops doesn't know to be safe:\n{listed}")
    return names


def _must_be_trusted(trust: bool, warning: str) -> None:
    if trust:
        return
    print(warning)
    if not sys.stdin.isatty():
        raise DeployError("nobody is there to ask", "Do you trust where it comes from? Then add --trust.", status=2)
    if input("Do you trust where it comes from? [y/N] ").strip().lower() not in ("y", "yes", "s", "si", "sí"):
        raise DeployError("not trusted: nothing was added")


def _write(draft: Path, name: str, file: Path, found: Described) -> None:
    contract = {
        "name": name,
        "title": name.replace("_", " ").replace("-", " ").capitalize(),
        "description": f"{found.estimator}, trained elsewhere.",
        "trained": datetime.fromtimestamp(file.stat().st_mtime, UTC).date(),
        "metrics": {metric.name: metric.value for metric in found.metrics},
        "predicts": _predicts(found.labels),
        "fields": [_field(field) for field in found.fields],
    }
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)
    (draft / builder.CONTRACT).write_text(HEAD + text, encoding="utf-8")
    made_with = {package: version(package) for package in ("joblib", "numpy", "scikit-learn")}
    record = {"columns": found.columns, "rows": found.rows, "answers": found.answers, "made_with": made_with}
    (draft / builder.RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _predicts(labels: list[Any] | None) -> dict[str, Any]:
    if labels is None:
        return {"kind": "regression", "label": {"es": "Predicción", "en": "Prediction"}}
    named = [{"value": label, "label": _in_words(label)} for label in labels]
    return {"kind": "classification", "label": {"es": "Predicción", "en": "Prediction"}, "labels": named}


def _field(field: FoundField) -> dict[str, Any]:
    said: dict[str, Any] = {"name": field.name, "kind": field.kind, "label": field.name.replace("_", " ")}
    if field.missing:
        said["missing"] = True
    if field.choices is not None:
        said["choices"] = [{"value": value, "label": _in_words(value)} for value in field.choices]
    known = field.model_dump(exclude_none=True)
    return said | {key: known[key] for key in ("minimum", "maximum", "maximum_characters", "example") if key in known}


def _in_words(value: Any) -> Any:
    if isinstance(value, bool):
        return {"es": "sí" if value else "no", "en": "yes" if value else "no"}
    return str(value)


def _show(name: str, found: Described, data: Path | None) -> None:
    print(f"{name}: {found.estimator}")
    answers = "a number" if found.labels is None else f"one of {_listed(found.labels[:8])}"
    print(f"  predicts {answers}")
    for field in found.fields:
        is_range = field.minimum is not None and field.maximum is not None
        ends = [visible(as_text(end), 40) for end in (field.minimum, field.maximum)]
        known = " to ".join(ends) if is_range else _listed((field.choices or [])[:6])
        print(f"  {field.name:<30} {field.kind:<9} {known}{', may be missing' if field.missing else ''}")
    if data is None:
        print("  Without --data ranges are not known, and no answers of its table are recorded.")
    for metric in found.metrics:
        print(f"  {metric.name}: {metric.value:g}")


def _listed(values: list[Any]) -> str:
    return ", ".join(visible(str(value), 40) for value in values)
