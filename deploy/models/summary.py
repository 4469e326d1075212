"""What ``model add`` says of the model that it added."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.metrics import HELD_OUT_ROWS
from app.values import as_text
from deploy.models.contracts import read_contract
from deploy.models.sandbox.replies import Description, TableReport
from deploy.models.sandbox.text import visible
from deploy.models.table_format import in_words
from deploy.models.words import is_attended

NAMED = 8
"""Columns that a sentence names."""


def print_summary(name: str, description: Description, table: TableReport | None) -> None:
    """Print what was found out about a model."""
    print(f"{name}: {description.estimator}")
    _print_origin(description, table)
    if table:
        print(f"  its table: {in_words(table)}")
    for target in description.targets:
        answer = f"{visible(target.target, 40)}: " if target.target else ""
        prediction = "a number" if target.labels is None else f"one of {_listed(target.labels[:8])}"
        print(f"  predicts {answer}{prediction}")
    is_numbered = any(
        target.words is None and any(not isinstance(label, str) for label in target.labels or [])
        for target in description.targets
    )
    if is_numbered and description.task != "outliers" and not is_attended():  # who sits there was asked
        print("  What do its answers mean? Say it in people's words: predicts, labels, in its contract.")
    for field in description.fields:
        ends = (field.seen.minimum, field.seen.maximum) if field.seen else (None, None)
        bounds = [visible(as_text(bound), 40) for bound in ends if bound is not None]
        values = " to ".join(bounds) or _listed((field.choices or [])[:6])
        print(f"  {visible(field.name):<30} {field.kind:<9} {values}{', may be missing' if field.missing else ''}")
    if table is None:
        print("  Without --data, ranges are unknown and no answers of its table are recorded.")
    for note in description.notes:
        print(f"  Note: {note}")
    for metric in description.metrics:
        print(f"  {metric.name}: {metric.value:g}")


def print_held_out(description: Description) -> None:
    """Say between what the truth lies, or how to find out."""
    if description.task != "supervised":
        return
    is_number = description.labels is None
    if all(metric.name != HELD_OUT_ROWS for metric in description.metrics):
        more = " and how far its answers may be off" if is_number else ""
        print(f"  With rows that it wasn't trained on, --test FILE, the page says how good it is with new cases{more}.")
    for target in description.targets:
        if interval := target.interval:
            share = f"{interval.coverage:.0%} of {interval.rows} rows that it wasn't trained on"
            answers = f"its answers{f' of {visible(target.target, 40)}' if description.also else ''}"
            print(f"  In {share} {answers} are at most {interval.margin:g} off: the page shows that interval.")


def print_unsaid(contract: Path) -> None:
    """Say what a model's card leaves out: the page shows nothing in its place."""
    if unsaid := read_contract(contract).card.unsaid:
        print(f"  Its card leaves out {', '.join(unsaid)}: what people should know, say under card: in {contract}")


def _print_origin(description: Description, table: TableReport | None) -> None:
    if description.made_by:
        judged = "what it answers to its table is below" if table else "with --data its answers would be judged"
        print(f"  made by scikit-learn {_listed(description.made_by)}, opened and served by {version('scikit-learn')}:")
        print(f"  {judged}")
    if description.training_only:
        print(f"  left out, as only training uses it: {_listed(description.training_only)}")


def print_kept_rows(description: Description, keep_rows: bool) -> None:
    """Say which rows of the table go to servers with the model."""
    if not description.rows:
        return
    if not keep_rows:
        print("  No row of the table is kept: releases are compared on made-up rows.")
        return
    columns = _listed([field.name for field in description.fields[:NAMED]])
    more = f" and {len(description.fields) - NAMED} more" if len(description.fields) > NAMED else ""
    print(f"  {len(description.rows)} rows of the table ({columns}{more}) are kept with the model's answers, and")
    print("  travel to servers, unpublished, so that every release must repeat them; --no-rows leaves them out.")


def _listed(values: list[Any]) -> str:
    return ", ".join(visible(str(value), 40) for value in values)
