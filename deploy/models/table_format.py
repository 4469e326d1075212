"""How the table of ``model add`` is written: found in it, or asked from the operator where it leaves something open."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.numerals import Mark
from deploy.base.errors import DeployError
from deploy.models.sandbox.bubblewrap import Sandbox
from deploy.models.sandbox.replies import TableReport

SEPARATORS = {"\t": "tabs", "|": "bars", ",": "commas", ";": "semicolons"}
ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
MARKS = {".": "points", ",": "commas"}


@dataclass(frozen=True)
class TableSource:
    """The table that a model was trained on.

    Attributes:
        file: its file.
        targets: its columns with the answers; empty: those that the model doesn't know.
        decimal: what stands before its decimals, where it doesn't say.
    """

    file: Path
    targets: Sequence[str] = ()
    decimal: Mark | None = None


def table_format(sandbox: Sandbox, source: TableSource, trusted: list[str]) -> TableReport:
    """Return how a table is written.

    Args:
        trusted: the types of a skops file that may be opened.

    Raises:
        DeployError: it can't be read, or can be read in two ways, and nobody is there to ask.
    """
    arguments = {"data": str(source.file), "targets": [*source.targets], "trusted": trusted}
    report, _ = sandbox.run("describe_table", TableReport, decimal=source.decimal, **arguments)
    if report.question:
        report, _ = sandbox.run("describe_table", TableReport, decimal=_asked(report.question), **arguments)
    return report


def in_words(report: TableReport) -> str:
    """Return how a table is written, for people."""
    parts = [ENCODINGS[report.encoding] if report.encoding else "a workbook (xlsx)"]
    parts += [f"{SEPARATORS[report.separator]} between cells"] if report.separator else []
    parts += [f"{MARKS[report.decimal]} before decimals"] if report.decimal else []
    return ", ".join(parts)


def _asked(question: str) -> Mark:
    if not sys.stdin.isatty():
        raise DeployError(question, "Say what stands before decimals: --decimal , or --decimal .", status=2)
    print(question)
    answer = input("What stands before decimals? [. or ,] ").strip()
    if answer == ".":
        return "."
    if answer == ",":
        return ","
    raise DeployError(f"{answer!r} is neither: nothing was added")
