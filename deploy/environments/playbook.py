"""Runs a playbook and shows its roles as steps."""

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import tool
from deploy.environments.inventory import Environment

UNREACHABLE = (
    ("Permission denied", "Its SSH server refused the key or user: check ansible_user and the key, then: ssh {login}"),
    (
        "Host key verification",
        "Its host key isn't the one on record; if it is new: ssh-keygen -R <address>; ssh {login}",
    ),
    ("Could not resolve", "Its name doesn't resolve to an address: check ansible_host"),
    ("timed out", "Is it switched on, and does its firewall let SSH in? Try: ssh {login}"),
    ("", "Is it switched on, is the address right, and is its SSH server running? Try: ssh {login}"),
)
"""A part of ssh's message, and what to do about it; the first that matches."""


@dataclass
class Outcome:
    """What a playbook did.

    Attributes:
        changed: host → number of tasks that changed something.
        reports: host → message of its task named Report.
        samples: host → each request of its visitor during a release: start in s, latency in ms, status and release.
        failures: a sentence per host that failed.
        advice: what to do about the first failure.
    """

    changed: dict[str, int] = field(default_factory=dict)
    reports: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, list[list[Any]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    advice: str = ""


def play(console: Console, environment: Environment, playbook: str, *options: str, quiet: bool = False) -> Outcome:
    """Run ``ansible/<playbook>`` for an environment, as ``ansible-playbook`` would by hand.

    Args:
        options: further ones for ansible-playbook.
        quiet: show no steps.

    Raises:
        DeployError: a task failed or a host can't be reached; its advice is about the first failure.
    """
    outcome = run(console, environment, playbook, *options, quiet=quiet)
    if outcome.failures:
        raise DeployError("\n".join(outcome.failures), outcome.advice)
    return outcome


def run(console: Console, environment: Environment, playbook: str, *options: str, quiet: bool = False) -> Outcome:
    """Do what `play` does, but return failures in the outcome."""
    command = [tool("ansible-playbook"), "-i", str(environment.inventory), f"ansible/{playbook}", *options]
    if not quiet:
        short_command = ["ansible-playbook", "-i", os.path.relpath(environment.inventory), *command[3:]]
        console.say(f"    {' '.join(short_command)}")
    reader, writer = os.pipe()
    settings = {"PUERTO_EVENTS": str(writer), "ANSIBLE_CALLBACKS_ENABLED": "steps", "ANSIBLE_NOCOLOR": "1"}
    outcome = Outcome()
    lines: list[str] = []
    thread = threading.Thread(target=_read_events, args=(reader, console, outcome, quiet))
    thread.start()
    try:
        status = console.follow(command, lines.append, env=os.environ | settings, pass_fds=[writer])
    finally:
        os.close(writer)
        thread.join()
    if not outcome.failures and (status or not outcome.changed):
        outcome.failures.append(_first_error(lines) or f"{environment.inventory}: names no host")
    return outcome


def _read_events(reader: int, console: Console, outcome: Outcome, quiet: bool) -> None:
    steps = _Steps(console, quiet)
    with os.fdopen(reader) as lines:
        for event in map(json.loads, lines):
            steps.show(event)
            _record(event, outcome)
    steps.close(failed=bool(outcome.failures))


def _record(event: dict[str, Any], outcome: Outcome) -> None:
    host = event.get("host", "")
    if event["event"] == "stats":
        outcome.changed = {name: counts["changed"] for name, counts in event["hosts"].items()}
    elif event["event"] == "report":
        outcome.reports[host] = event["message"]
    elif event["event"] == "samples":
        outcome.samples[host] = event["samples"]
    elif event["event"] == "failed":
        task = "" if event["role"] == "preflight" else f"{event['name']}: "
        outcome.failures += [f"{host}: {task}{line}" for line in event["reason"].splitlines()]
    elif event["event"] == "unreachable":
        outcome.failures.append(f"{host}: can't be reached: {event['reason']}")
        advice = next(advice for part, advice in UNREACHABLE if part in event["reason"])
        outcome.advice = outcome.advice or advice.format(login=event["login"])


class _Steps:
    """Shows one line per role, once it has ended."""

    def __init__(self, console: Console, quiet: bool) -> None:
        self.console, self.quiet = console, quiet
        self.role, self.started = "", time.monotonic()

    def show(self, event: dict[str, Any]) -> None:
        if self.quiet or event["event"] != "task":
            return
        if event["role"] != self.role:
            self.close()
            self.role, self.started = event["role"], time.monotonic()
        self.console.running(f"{self.role}: {event['name']}")

    def close(self, failed: bool = False) -> None:
        if self.role:
            self.console.ended(self.role, time.monotonic() - self.started, "✗" if failed else "✓")
        self.role = ""


def _first_error(lines: list[str]) -> str:
    """Return what Ansible says about a playbook or inventory that it can't read."""
    errors: Iterator[str] = (line for line in lines if line.startswith(("[ERROR]", "ERROR!")))
    return next(errors, "").removeprefix("[ERROR]: ").removeprefix("ERROR! ")
