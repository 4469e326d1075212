"""Runs inside the sandbox: opens a model file and works on tasks about it, a line of JSON for each.

A request is JSON with ``task``, ``model`` and the task's arguments. A reply is one of replies.py, and the bytes that
are attached to it; whoever reads it knows that the file's own code may have written either.
"""

import functools
import io
import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from deploy.base.errors import DeployError
from deploy.models.sandbox import own_modules, replies, resampling, versions, writers
from deploy.models.sandbox.load_faults import load_fault
from deploy.models.table_source import TableSource

MEMORY_BYTES = 8 << 30
CPU_SECONDS = 500
LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_NPROC: 512,
}
"""What this process, and whatever the file's code makes of it, can have; no file is written."""

RawReply = tuple[dict[str, Any], bytes]
"""A reply, and what is attached to it."""


def main() -> int:
    """Reply to each line; what the file's own code prints goes nowhere."""
    for limit, most in LIMITS.items():
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))
    requests, output = os.fdopen(os.dup(sys.stdin.fileno()), "rb"), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdin, sys.stdout):
        os.dup2(null, stream.fileno())
    _send(output, {"ready": True}, b"")
    for line in requests:
        _send(output, *_run(**json.loads(line)))
    return 0


def _send(output: IO[bytes], reply: dict[str, Any], attached: bytes) -> None:
    output.write(replies.encode(reply, attached))
    output.flush()


def _run(task: str, model: str, code: str, **arguments: Any) -> RawReply:
    try:
        with own_modules.notebook(code):
            return TASKS[task](model=model, **arguments)
    except DeployError as fault:
        return {"fault": fault.reason, "advice": fault.advice}, b""
    except MemoryError:
        return {"fault": f"{model}: needs more than {MEMORY_BYTES >> 30} GiB of memory"}, b""
    except Exception as fault:
        traceback.print_exc()
        return {"fault": f"{model}: {type(fault).__name__}: {' '.join(str(fault).split())[:300]}"}, b""


def written_by(model: str, files: list[str]) -> RawReply:
    """Return the scikit-learns that wrote files, without opening one."""
    return {"versions": [writers.version(Path(file)) for file in [model, *files]]}, b""


def import_packages(model: str) -> RawReply:
    """Return the versions of what must work together, for a model to be looked at and compiled."""
    import onnx
    import onnxruntime
    import pandas
    import sklearn

    return {"versions": [package.__version__ for package in (sklearn, pandas, onnx, onnxruntime)]}, b""


def describe_table(model: str, data: dict[str, Any], trusted: list[str]) -> RawReply:
    """Return how the table is written that a model was trained on."""
    from deploy.models import training_table

    estimator = opened(Path(model), tuple(trusted))
    return training_table.describe_format(TableSource.requested(data), estimator), b""


def describe(
    model: str,
    data: dict[str, Any] | None,
    test: dict[str, Any] | None,
    targets: list[str],
    trusted: list[str],
    labels: str,
    anyway: bool,
    held_out: dict[str, Any] | None,
) -> RawReply:
    """Return what a contract needs to know of a model and its tables; and the estimator, where the file isn't kept."""
    from deploy.models import held_out as measuring
    from deploy.models import introspection

    estimator = opened(Path(model), tuple(trusted))
    source = TableSource.requested(data) if data else None
    encoder = loaded(labels) if labels else None
    description = introspection.describe(model, estimator, source, targets, encoder, anyway)
    if other := test or (data if held_out else None):
        measuring.add(description, model, estimator, TableSource.requested(other), held_out)
    description["metrics"] = [{"name": name, "value": value} for name, value in description["metrics"].items()]
    description |= {"training_only": sorted(resampling.left_out), "made_by": sorted(versions.patches_apart)}
    file = io.BytesIO()
    if model.endswith(".skops") or own_modules.came_with_file() or resampling.left_out or versions.patches_apart:
        import joblib

        joblib.dump(estimator, file)
    return description, file.getvalue()


def validate(
    model: str,
    contract: str,
    rows: list[list[Any]],
    columns: list[str],
    expected: list[Any],
    data: dict[str, Any] | None,
    random_rows: int,
) -> RawReply:
    """Return what a bundle says of its model; refuse one whose answers are no longer the recorded ones."""
    from deploy.models import introspection, validation
    from deploy.models.contracts import read_contract

    file, promised = Path(contract), read_contract(Path(contract))
    estimator = opened(Path(model), ())
    decimal = promised.table.decimal if promised.table else None
    table = introspection.rows(estimator, replace(TableSource.requested(data), decimal=decimal)) if data else []
    table_rows = validation.TableRows(rows, table, columns)
    validated = validation.validate(file, promised, estimator, table_rows, random_rows)
    validation.require_recorded_answers(file, estimator, promised, validated, rows, expected)
    validation.require_example_answers(file, estimator, promised, validated)
    manifest = validated.manifest
    golden = [{"row": [*entry["row"].values()], "value": _answer(entry["value"])} for entry in manifest["golden"]]
    return manifest | {"columns": [*manifest["columns"].values()], "golden": golden}, validated.graph


def _answer(value: Any) -> Any:
    return [*value.values()] if isinstance(value, dict) else value


def compose(model: str, before: list[str], together: bool) -> RawReply:
    """Return, as joblib has it, the estimator of a file behind the transformers that its rows pass first."""
    import joblib

    from deploy.models.composition import composed

    output = io.BytesIO()
    joblib.dump(composed(model, loaded(model), [*map(loaded, before)], together), output)
    return {"composed": True}, output.getvalue()


def untrusted_types(model: str) -> RawReply:
    """Return the types of a skops file that must be trusted by name."""
    from skops.io import get_untrusted_types

    try:
        return {"types": sorted(get_untrusted_types(file=model))}, b""
    except Exception as fault:
        raise DeployError(f"{model}: is no skops file: {fault}") from fault


@functools.cache
def opened(file: Path, trusted: tuple[str, ...]) -> Any:
    """Return the estimator in a file.

    Raises:
        DeployError: it holds none, or one that this scikit-learn can't run.
    """
    from deploy.models.composition import composed

    estimator = composed(str(file), loaded(file, trusted), (), together=False)
    if not callable(getattr(estimator, "predict", None)):
        kind = type(estimator).__name__
        raise DeployError(f"{file}: holds a {kind}, which has no predict", "Save the fitted model or pipeline itself.")
    return estimator


def loaded(file: Path | str, trusted: tuple[str, ...] = ()) -> Any:
    """Return what a file holds.

    Raises:
        DeployError: it can't be opened, or a scikit-learn of another minor version wrote it.
    """
    resampling.find_without_package()
    with versions.recorded() as messages:
        try:
            content = _load(Path(file), trusted)
        except MemoryError:
            raise
        except Exception as fault:
            raise load_fault(str(file), versions.of_another_minor(messages) or fault) from fault
    if other := versions.of_another_minor(messages):
        raise load_fault(str(file), other)
    return content


def _load(file: Path, trusted: tuple[str, ...]) -> Any:
    if file.suffix == ".skops":
        from skops.io import load

        return load(file, trusted=list(trusted))
    import joblib

    return joblib.load(file)


TASKS: dict[str, Callable[..., RawReply]] = {
    "written_by": written_by,
    "import_packages": import_packages,
    "describe": describe,
    "describe_table": describe_table,
    "validate": validate,
    "compose": compose,
    "untrusted_types": untrusted_types,
}

if __name__ == "__main__":
    sys.exit(main())
