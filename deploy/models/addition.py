"""What ``model add`` is given: files, and what a person says of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.numerals import Mark
from deploy.base.errors import DeployError
from deploy.models import input_files
from deploy.models.split import Split
from deploy.models.table_source import TableSource


@dataclass(frozen=True)
class Addition:
    """What is added, and how.

    Attributes:
        file: the model's.
        data: the table that it was trained on.
        test: one of rows that it wasn't trained on.
        held_out: which rows of the table it wasn't trained on, where there is no test.
        groups: columns that part those rows, each value of which is measured by itself.
        target: their column with the answers, or columns; empty: those that the model doesn't know.
        decimal: what stands before their decimals, where they don't say; None: ask.
        name: the model's; None: the file's.
        replace: take the place of a model of that name that was added too; that is moved aside.
        packages: that it needs beside the kit's; installed once there is nothing against the files.
        before: transformers that its rows pass first, in order; None: those that lie beside it must be named.
        labels: the encoder of its answers.
        code: modules and packages that it needs, of a person's own.
        together: what else the file holds belongs to the model.
        trust: don't ask whether its code may run.
        anyway: go on where its answers can't be right.
        keep_rows: keep rows of the table, with the model's answers, that every release must repeat.
    """

    file: Path
    data: Path | None = None
    test: Path | None = None
    held_out: Split | None = None
    groups: Sequence[str] = ()
    target: str | Sequence[str] = ()
    decimal: Mark | None = None
    name: str | None = None
    replace: bool = False
    packages: Sequence[str] = ()
    before: Sequence[Path] | None = None
    labels: Path | None = None
    code: Sequence[Path] = ()
    together: bool = False
    trust: bool = False
    anyway: bool = False
    keep_rows: bool = True

    @property
    def targets(self) -> list[str]:
        """The columns with the answers; empty: those that the model doesn't know."""
        return [self.target] if isinstance(self.target, str) and self.target else [*self.target]

    @property
    def files(self) -> list[Path]:
        """What may run code: the model's file first, the encoder of its answers last."""
        return [self.file, *(self.before or ()), *filter(None, [self.labels])]

    @property
    def table(self) -> TableSource | None:
        """The table that it was trained on."""
        return self._source(self.data, self.groups if self.held_out else ())

    @property
    def test_table(self) -> TableSource | None:
        """The table of rows that it wasn't trained on."""
        return self._source(self.test, self.groups)

    def check(self) -> None:
        """Look at the files, of which none is opened yet.

        Raises:
            DeployError: one isn't what it must be, or more than was named seems to belong to the model.
        """
        if self.held_out and not self.data:
            raise DeployError("--held-out is a share of the rows of --data, and there is none", status=2)
        if self.groups and not (self.test or self.held_out):
            reason = "--group parts rows that the model wasn't trained on, and there are none"
            raise DeployError(reason, "Give a table of them, --test, or say which rows were held out: --held-out", 2)
        for file in self.files:
            input_files.check_model(file)
        input_files.check_tables(self.data, self.test)

    def require_no_companions(self) -> None:
        """Stop where something lies beside the model of which nobody said whether it belongs to it."""
        if self.before is None and not self.together:
            input_files.require_no_companions(self.file, self.labels, self._typed())

    def _typed(self) -> dict[str, Any]:
        """Return what was typed but for the files that may run code: option → value."""
        return {
            "--data": self.data,
            "--target": ",".join(self.targets),
            "--name": self.name,
            "--test": self.test,
            "--held-out": self.held_out,
            "--group": self.groups,
            "--decimal": self.decimal,
            "--with": self.packages,
            "--code": self.code,
            "--anyway": self.anyway,
            "--trust": self.trust,
            "--no-rows": not self.keep_rows,
            "--replace": self.replace,
        }

    def _source(self, file: Path | None, groups: Sequence[str]) -> TableSource | None:
        return TableSource(file.resolve(), self.targets, self.decimal, groups) if file else None
