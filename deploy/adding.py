"""``model add``: a stranger's file becomes ``models/<name>``, a contract to edit beside it."""

import json
import re
import shutil
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from deploy import bundles
from deploy.errors import DeployError
from deploy.project import BUNDLES, MODELS, state
from deploy.sandbox import sandbox

LARGEST_MIB = 1024
NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
MAGICS = (b"\x80", b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18")
"""How files begin that pickle wrote, or joblib: plain, zlib, gzip, bz2, xz, lzma, lz4."""

HEAD = """\
# yaml-language-server: $schema=../model.schema.json
# The contract of a model that was added ({estimator}): say in people's words what goes in and what comes out.
# A text may stand in both languages: {{es: "Edad", en: "Age"}}. What each key means: models/model.schema.json.
# Then: python3 -m deploy model check {name}
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
        replace: take the place of a model of that name.
        models, built: where models and bundles are.

    Raises:
        DeployError: what is wrong with file, table or name.
    """
    _must_be_a_model(file)
    called = name or re.sub(r"[^a-z0-9]+", "_", file.name.partition(".")[0].lower()).strip("_")
    folder = _free_folder(models, called, replace)
    if data is not None and not data.is_file():
        raise DeployError(f"{data}: no such file", status=2)
    with tempfile.TemporaryDirectory(dir=state("adding", called).parent) as scratch:
        draft = Path(scratch) / called
        draft.mkdir()
        try:
            found = _draft(file, draft, data, target, trust)
        except DeployError as fault:
            reason = re.sub(rf"{re.escape(str(draft))}/model\.(joblib|skops)", lambda _: str(file), fault.reason)
            raise DeployError(reason.replace(str(draft), called), fault.advice, fault.status) from fault
        _show(called, found, data)
        _move(draft, folder)
        _move(Path(scratch) / "bundles" / called, built / called)
    return folder


def _draft(file: Path, draft: Path, data: Path | None, target: str, trust: bool) -> dict[str, Any]:
    """Fill a model's folder, build its bundle beside it, and return what was found out of the file."""
    is_skops = zipfile.is_zipfile(file)
    given = (draft / bundles.GIVEN).with_suffix(".skops" if is_skops else ".joblib")
    shutil.copyfile(file, given)
    if not is_skops:
        _ask(file, trust)
    table = (data.resolve(), target) if data else None
    print(f"Opening {file} in a sandbox …", flush=True)
    with sandbox(given, *table[:1] if table else (), out=draft) as ask:
        trusted = _ask_types(file, ask("types")["types"], trust) if is_skops else []
        found = ask("describe", data=str(table[0] if table else ""), target=target, trusted=trusted, out=str(draft))
        _write(draft, draft.name, file, found)
        if is_skops:
            given.unlink()
        bundles.build(draft, draft.parent / "bundles", table=table, ask=None if is_skops else ask)
    return found


def _move(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(to, ignore_errors=True)
    folder.rename(to)


def _must_be_a_model(file: Path) -> None:
    """Check what kind of file it is, without opening what may run code.

    Raises:
        DeployError: it is neither that, nor joblib's, nor pickle's.
    """
    if not file.is_file():
        raise DeployError(f"{file}: no such file", status=2)
    size = file.stat().st_size
    if size > LARGEST_MIB << 20:
        raise DeployError(f"{file}: has {size / 2**30:.1f} GiB; at most {LARGEST_MIB} MiB go into a release",
                          "Train a smaller one, with fewer trees, or dump it with compress=3.")  # fmt: skip
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
    if folder.exists() and not replace:
        raise DeployError(f"{folder}: there is such a model already",
                          "Give another name (--name), or replace it (--replace).", status=2)  # fmt: skip
    return folder


def _ask(file: Path, trust: bool) -> None:
    _must_be_trusted(trust, f"{file}: opening a joblib or pickle file runs the code in it. It will be opened in a"
                     " sandbox here, and by the application on the server.")  # fmt: skip


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


def _write(draft: Path, name: str, file: Path, found: dict[str, Any]) -> None:
    contract = {
        "name": name,
        "title": name.replace("_", " ").replace("-", " ").capitalize(),
        "description": f"{found['estimator']}, trained elsewhere.",
        "trained": datetime.fromtimestamp(file.stat().st_mtime, UTC).date(),
        "metrics": found["metrics"],
        "predicts": _predicts(found["labels"]),
        "fields": [_field(field) for field in found["fields"]],
    }
    head = HEAD.format(estimator=found["estimator"], name=name)
    text = yaml.safe_dump(contract, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)
    (draft / bundles.CONTRACT).write_text(head + text, encoding="utf-8")
    record = {key: found[key] for key in ("columns", "rows", "answers", "made_with")}
    (draft / bundles.RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _predicts(labels: list[Any] | None) -> dict[str, Any]:
    if labels is None:
        return {"kind": "regression", "label": {"es": "Predicción", "en": "Prediction"}}
    named = [{"value": label, "label": _in_words(label)} for label in labels]
    return {"kind": "classification", "label": {"es": "Predicción", "en": "Prediction"}, "labels": named}


def _field(field: dict[str, Any]) -> dict[str, Any]:
    name = field["name"]
    said: dict[str, Any] = {"name": name, "kind": field["kind"], "label": name.replace("_", " ")}
    if field["missing"]:
        said["missing"] = True
    if "choices" in field:
        said["choices"] = [{"value": value, "label": _in_words(value)} for value in field["choices"]]
    return said | {key: field[key] for key in ("minimum", "maximum", "maximum_characters", "example") if key in field}


def _in_words(value: Any) -> Any:
    if isinstance(value, bool):
        return {"es": "sí" if value else "no", "en": "yes" if value else "no"}
    return str(value)


def _show(name: str, found: dict[str, Any], data: Path | None) -> None:
    print(f"{name}: {found['estimator']}")
    answers = "a number" if found["labels"] is None else f"one of {', '.join(map(str, found['labels'][:8]))}"
    print(f"  predicts {answers}")
    for field in found["fields"]:
        known = f"{field['minimum']:g} to {field['maximum']:g}" if "minimum" in field else ""
        known = known or ", ".join(map(str, field.get("choices", [])[:6]))
        print(f"  {field['name']:<30} {field['kind']:<9} {known}{', may be missing' if field['missing'] else ''}")
    if data is None:
        print("  Without --data ranges are not known, and no answers of its table are recorded.")
    for metric, value in found["metrics"].items():
        print(f"  {metric}: {value:g}")
