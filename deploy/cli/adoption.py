"""Shows what becomes of a deployment made by hand, and asks whether to go on."""

import sys
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from deploy.base.console import Console
from deploy.base.errors import DeployError

HALFWAY = "What stood there goes on unless the release above was switched to. Run adopt again: it goes on from there."

REPLACED = "goes on until the switch, and is then replaced by Puerto's"
STOPPED = "runs until the switch, and is then stopped and removed"
INHERITED = "becomes the application's; what is in it moves into the copy"
LEFT = "stays as it is"
SETTINGS = "stays in the copy; Puerto's own settings are options, see docs/options.md"


def require_deployments(console: Console, reports: dict[str, Any]) -> None:
    """Show what becomes of each part, host by host.

    Raises:
        DeployError: a host has nothing to take over, or something that can't be.
    """
    faults = []
    for host, report in sorted(reports.items()):
        if not report["handmade"]["sites"] and not report["handmade"]["units"] and not report["backup"]:
            faults.append(f"{host}: nothing to take over: no site of this name, and no unit {report['unit']}.service")
        faults += [f"{host}: {fault}" for fault in report["faults"]]
        for line in _lines(host, report):
            console.say(line)
    if faults:
        raise DeployError("\n".join(faults), "Nothing was changed.")


def _lines(host: str, report: dict[str, Any]) -> Iterator[str]:
    handmade, answer = report["handmade"], report["answer"]
    yield f"{host}: made by hand"
    if answer:
        shown = f"{answer['status']}, {answer['type']}: “{answer['text']}”; Puerto answers with its own first page"
        yield f"  {'/':<7} {shown}"
    yield from _parts("site", handmade["sites"], REPLACED)
    yield from _parts("unit", handmade["units"], STOPPED)
    yield from _parts("socket", handmade["sockets"], "goes with its unit")
    for folder in handmade["folders"]:
        yield from _parts("folder", [folder], INHERITED if folder == report["app_root"] else LEFT)
    yield from _parts(".env", [" ".join(handmade["settings"])] if handmade["settings"] else [], SETTINGS)
    for model in handmade["models"]:
        way = f"isn't used: copy it here, then: python3 -m deploy model add {PurePath(model).name}"
        yield from _parts("model", [model], way)
    folder = report["backup"] or "/var/backups/puerto/"
    yield f"  {'copy':<7} of all this: {folder}, with restore.sh, which puts it back"


def _parts(kind: str, names: list[str], fate: str) -> Iterator[str]:
    for name in names:
        yield f"  {kind:<7} {name}"
        yield f"  {'':<7}   {fate}"


def confirm(environment: str, is_confirmed: bool) -> None:
    """Ask whether to go on.

    Raises:
        DeployError: no, or nobody can be asked.
    """
    if is_confirmed:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise DeployError("Nothing was changed.", f"To go on: python3 -m deploy adopt {environment} --yes")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes", "s", "sí", "si"):
        raise DeployError("Nothing was changed.")


def show_way_back(console: Console, reports: dict[str, Any]) -> None:
    """Say how everything is put back."""
    for host, report in sorted(reports.items()):
        console.say(f"{host}: what was there is in {report['backup']}; to put it back, as root on the host:")
        console.say(f"  sh {report['backup']}/restore.sh")
