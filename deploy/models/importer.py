"""``model add``: a stranger's file becomes ``models/<name>``, a contract to edit beside it."""

import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, MODELS, state
from deploy.models import builder, contract_draft, input_files, own_code, own_packages, scikit_learns, words
from deploy.models.addition import Addition
from deploy.models.installation import DRAFT_BUNDLES, free_folder, install
from deploy.models.model_folder import CONTRACT, MODEL_FILE
from deploy.models.sandbox.bubblewrap import Sandbox, open_sandbox
from deploy.models.sandbox.replies import Composed, Description, TableReport, UntrustedTypes
from deploy.models.steps import step
from deploy.models.summary import print_held_out, print_kept_rows, print_summary
from deploy.models.table_format import table_format
from deploy.models.table_source import TableSource

Descriptions = tuple[Description, TableReport | None]
"""Of the file that was added, and of its table."""


def add(file: Path, *, models: Path = MODELS, bundles: Path = BUNDLES, **options: Any) -> Path:
    """Make a model's folder out of a file and return it; nothing is left behind where it is refused.

    Args:
        models, bundles: the folders of all models and all bundles.
        options: the other attributes of `Addition`.

    Raises:
        DeployError: what is wrong with file, table or name.
    """
    addition = Addition(file, **options)
    addition.check()
    folder = free_folder(models, addition.name or _name_of(file), addition.replace)
    others = [other for other in sorted(models.glob("*")) if other != folder]
    addition.require_no_companions()
    with (
        own_packages.added(addition.packages),
        tempfile.TemporaryDirectory(dir=state("adding", folder.name).parent) as scratch,
    ):
        draft = Path(scratch) / folder.name
        own_code.copy(addition.code, draft)
        own_code.require_distinct([*others, draft])
        description, report = _draft(addition, draft)
        print_summary(folder.name, description, report)
        print_held_out(description)
        print_kept_rows(description, addition.keep_rows)
        install(draft, folder, bundles / folder.name)
    return folder


def _name_of(file: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", file.name.partition(".")[0].lower()).strip("_")


def _draft(addition: Addition, draft: Path) -> Descriptions:
    """Fill a model's folder and build its bundle beside it; faults name the files that the user gave."""
    copies = dict(_copied(addition, draft))
    try:
        with own_code.packed(draft) as code:
            return _import(addition, draft, [*copies], code)
    except DeployError as fault:
        reason = fault.reason
        for copy, file in {**copies, draft / MODEL_FILE: addition.file}.items():
            reason = reason.replace(str(copy), str(file))
        raise DeployError(reason.replace(str(draft), draft.name), fault.advice, fault.status) from fault


def _copied(addition: Addition, draft: Path) -> Iterator[tuple[Path, Path]]:
    """Copy the files that are given, the model's first: copy → file."""
    copies = [draft.with_name("model.skops") if zipfile.is_zipfile(addition.file) else draft / MODEL_FILE]
    files = addition.files
    copies += [draft.with_name(f"beside-{number}.joblib") for number in range(1, len(files))]
    for file, copy in zip(files, copies, strict=True):
        with file.open("rb") as stream:
            input_files.copy_model(stream, copy)
        yield copy, file


def _import(addition: Addition, draft: Path, copies: list[Path], code: Path | None) -> Descriptions:
    """Fill a model's folder, build its bundle beside it, and return the descriptions of file and table."""
    file, source = addition.file, addition.table
    is_skops = copies[0].suffix == ".skops"
    if not is_skops or len(copies) > 1:
        _ask_for_trust(file, addition.trust)
    print(f"Opening {file} in a sandbox …", flush=True)
    # The contract is written once the model is described; the sandbox, which is open by then, reads it all the same.
    (draft / CONTRACT).touch()
    labels = copies[-1:] if addition.labels else []
    files = [*copies, draft / CONTRACT, *(one.file for one in (source, addition.test_table) if one)]
    with ExitStack() as stack:
        sandbox = stack.enter_context(open_sandbox(*files, code=code))
        if packages := scikit_learns.of_files(sandbox, *copies):
            sandbox = stack.enter_context(open_sandbox(*files, code=code, packages=packages))
        if addition.before or addition.together:
            _compose(addition, copies, sandbox)
        trusted = _trusted_types(addition, sandbox) if is_skops else []
        table, description, estimator = _described(addition, sandbox, labels, trusted)
        if estimator:
            (draft / MODEL_FILE).write_bytes(estimator)
        made_with = scikit_learns.made_with(packages)
        description = _of_another_version(description, made_with) if packages else description
        contract_draft.write(draft, file, description, table, made_with, addition.keep_rows)
        if words.is_attended():
            words.go_through(draft / CONTRACT, is_draft=True)
        opened = None if estimator else sandbox
        with step("Comparing its engines with scikit-learn"):
            builder.build(draft, draft.parent / DRAFT_BUNDLES, origin=MODEL_FILE, table=source, sandbox=opened)
    return description, table


def _described(
    addition: Addition, sandbox: Sandbox, labels: list[Path], trusted: list[str]
) -> tuple[TableReport | None, Description, bytes]:
    """Return the descriptions of table and file, and the estimator where the file isn't kept."""
    table, data = _format(sandbox, addition.table, trusted)
    _, test = _format(sandbox, addition.test_table, trusted)
    with step("Reading its table, and asking it" if data else "Asking it what it takes"):
        description, estimator = sandbox.run(
            "describe",
            Description,
            data=data,
            test=test,
            targets=addition.targets,
            trusted=trusted,
            labels="".join(map(str, labels)),
            anyway=addition.anyway,
            held_out=asdict(addition.held_out) if addition.held_out else None,
        )
    return table, description, estimator


def _format(
    sandbox: Sandbox, source: TableSource | None, trusted: list[str]
) -> tuple[TableReport | None, dict[str, Any] | None]:
    """Return how a table is written, and the request that says so."""
    if not source:
        return None, None
    report = table_format(sandbox, source, trusted)
    return report, replace(source, decimal=report.decimal).request


def _of_another_version(description: Description, made_with: dict[str, str]) -> Description:
    """Say which scikit-learn made a model, and return its description without what ours would have made of that."""
    version = f"{scikit_learns.NAME} {made_with[scikit_learns.NAME]}"
    print(f"  made by {version}: opened, compiled and compared there; the server needs none of it")
    return description.model_copy(update={"made_by": []})


def _compose(addition: Addition, copies: list[Path], sandbox: Sandbox) -> None:
    """Put a model together with what its rows pass first, and both into its file, which the sandbox reads again."""
    if copies[0].suffix == ".skops":
        raise DeployError(
            f"{addition.file}: a skops file isn't put together with others",
            "Make one pipeline of them where they were trained: make_pipeline(scaler, model), and save that.",
        )
    before = copies[1 : 1 + len(addition.before or ())]
    _, data = sandbox.run("compose", Composed, before=[*map(str, before)], together=addition.together)
    copies[0].write_bytes(data)


def _ask_for_trust(file: Path, trust: bool) -> None:
    warning = "opening a joblib or pickle file runs the code in it. It will be opened in a sandbox here"
    _require_trust(trust, f"{file}: {warning}; the application opens it too: on the server, and here under dev.")


def _trusted_types(addition: Addition, sandbox: Sandbox) -> list[str]:
    """Return the types of a skops file that may be opened."""
    names = sandbox.run("untrusted_types", UntrustedTypes)[0].types
    if names:
        listed = "\n".join(f"  {name}" for name in names)
        _require_trust(addition.trust, f"{addition.file}: holds types that skops doesn't know to be safe:\n{listed}")
    return names


def _require_trust(trust: bool, warning: str) -> None:
    if trust:
        return
    print(warning)
    if not sys.stdin.isatty():
        raise DeployError("nobody is there to ask", "Do you trust where it comes from? Then add --trust.", status=2)
    if input("Do you trust where it comes from? [y/N] ").strip().lower() not in ("y", "yes", "s", "si", "sí"):
        raise DeployError("not trusted: nothing was added")
