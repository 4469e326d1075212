"""How the table of ``model add`` is written: found in it, or asked from the operator where it leaves something open."""

import sys
from dataclasses import replace

from app.numerals import Mark
from deploy.base.errors import DeployError
from deploy.models.sandbox.bubblewrap import Sandbox
from deploy.models.sandbox.replies import TableReport
from deploy.models.table_source import TableSource

SEPARATORS = {"\t": "tabs", "|": "bars", ",": "commas", ";": "semicolons"}
ENCODINGS = {"utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
MARKS = {".": "points", ",": "commas"}


def table_format(sandbox: Sandbox, source: TableSource, trusted: list[str]) -> TableReport:
    """Return how a table is written.

    Args:
        trusted: the types of a skops file that may be opened.

    Raises:
        DeployError: it can't be read, or can be read in two ways, and nobody is there to ask.
    """
    report, _ = sandbox.run("describe_table", TableReport, data=source.request, trusted=trusted)
    if report.question:
        source = replace(source, decimal=_asked(report.question))
        report, _ = sandbox.run("describe_table", TableReport, data=source.request, trusted=trusted)
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
