"""``model add``: a stranger's file becomes ``models/<name>``, a contract to edit beside it."""

import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.numerals import Mark
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES, MODELS, state
from deploy.models import builder, contract_draft, input_files, own_code, own_packages, scikit_learns, words
from deploy.models.installation import DRAFT_BUNDLES, free_folder, install
from deploy.models.model_folder import CONTRACT, MODEL_FILE
from deploy.models.sandbox.bubblewrap import Sandbox, open_sandbox
from deploy.models.sandbox.replies import Composed, Description, TableReport, UntrustedTypes
from deploy.models.split import Split
from deploy.models.steps import step
from deploy.models.summary import print_held_out, print_kept_rows, print_summary
from deploy.models.table_format import TableSource, table_format

Descriptions = tuple[Description, TableReport | None]
"""Of the file that was added, and of its table."""


@dataclass(frozen=True)
class Addition:
    """What is added, and how.

    Attributes:
        file: the model's.
        table: that it was trained on.
        test: one of rows that it wasn't trained on.
        targets: their columns with the answers; empty: those that the model doesn't know.
        before: transformers that its rows pass first, in order; None: those that lie beside it must be named.
        labels: the encoder of its answers.
        code: modules and packages that it needs, of a person's own.
        together: what else the file holds belongs to the model.
        trust: don't ask whether its code may run.
        anyway: go on where its answers can't be right.
        keep_rows: keep rows of the table, with the model's answers, that every release must repeat.
        held_out: which rows of the table it wasn't trained on, where there is no test.
    """

    file: Path
    table: TableSource | None = None
    test: TableSource | None = None
    targets: Sequence[str] = ()
    before: Sequence[Path] | None = None
    labels: Path | None = None
    code: Sequence[Path] = ()
    together: bool = False
    trust: bool = False
    anyway: bool = False
    keep_rows: bool = True
    held_out: Split | None = None


def add(
    file: Path,
    *,
    data: Path | None = None,
    test: Path | None = None,
    target: str | Sequence[str] = (),
    decimal: Mark | None = None,
    name: str | None = None,
    replace: bool = False,
    packages: Sequence[str] = (),
    models: Path = MODELS,
    bundles: Path = BUNDLES,
    **options: Any,
) -> Path:
    """Make a model's folder out of a file and return it; nothing is left behind where it is refused.

    Args:
        data: the table that it was trained on.
        test: one of rows that it wasn't trained on.
        target: their column with the answers, or columns; empty: those that the model doesn't know.
        decimal: what stands before their decimals, where they don't say; None: ask.
        name: the model's; None: the file's.
        replace: take the place of a model of that name that was added too; that is moved aside.
        packages: that it needs beside the kit's; installed once there is nothing against the files.
        models, bundles: the folders of all models and all bundles.
        options: the other attributes of `Addition`.

    Raises:
        DeployError: what is wrong with file, table or name.
    """
    targets = [target] if isinstance(target, str) and target else [*target]
    table, other = (TableSource(one.resolve(), targets, decimal) if one else None for one in (data, test))
    addition = Addition(file, table, other, targets, **options)
    if addition.held_out and not data:
        raise DeployError("--held-out is a share of the rows of --data, and there is none", status=2)
    for model in (file, *(addition.before or ()), *filter(None, [addition.labels])):
        input_files.check_model(model)
    input_files.check_tables(data, test)
    folder = free_folder(models, name or _name_of(file), replace)
    others = [other for other in sorted(models.glob("*")) if other != folder]
    if addition.before is None and not addition.together:
        given: dict[str, Any] = {
            "--data": data,
            "--target": ",".join(targets),
            "--name": name,
            "--test": test,
            "--decimal": decimal,
        }
        given |= {"--with": packages, "--code": addition.code, "--anyway": addition.anyway, "--trust": addition.trust}
        given |= {"--no-rows": not addition.keep_rows, "--replace": replace, "--held-out": addition.held_out}
        input_files.require_no_companions(file, addition.labels, given)
    with own_packages.added(packages), tempfile.TemporaryDirectory(dir=state("adding", folder.name).parent) as scratch:
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
    files = [addition.file, *(addition.before or ()), *filter(None, [addition.labels])]
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
    files = [*copies, draft / CONTRACT, *(one.file for one in (source, addition.test) if one)]
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
    source, test, split = addition.table, addition.test, addition.held_out
    table, other = (table_format(sandbox, one, trusted) if one else None for one in (source, test))
    with step("Reading its table, and asking it" if source else "Asking it what it takes"):
        description, estimator = sandbox.run(
            "describe",
            Description,
            data=str(source.file if source else ""),
            targets=[*addition.targets],
            decimal=table.decimal if table else None,
            trusted=trusted,
            labels="".join(map(str, labels)),
            anyway=addition.anyway,
            test=str(test.file if test else ""),
            test_decimal=other.decimal if other else None,
            held_out=asdict(split) if split else None,
        )
    return table, description, estimator


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
