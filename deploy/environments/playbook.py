"""Runs a playbook and shows its roles as steps."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.base import variables
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import tool
from deploy.environments import causes, connections, passwords, unreachable
from deploy.environments.inventory import Environment

ERROR = re.compile(r"(\[ERROR\]:|ERROR[!:]) *")
"""How Ansible's errors begin."""

WAITS = "Wait for whoever"
"""How the name of a task begins that an operator should know of while it runs."""


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
    settings = {"PUERTO_EVENTS": str(writer), "ANSIBLE_CALLBACKS_ENABLED": "steps"}
    outcome = Outcome()
    lines: list[str] = []
    thread = threading.Thread(target=_read_events, args=(reader, console, outcome, quiet))
    thread.start()
    try:
        with passwords.in_pipe(environment.become_password) as password:
            command += ["--become-password-file=-"] if password else []
            inherited = variables.for_ansible()
            status = console.follow(command, lines.append, env=inherited | settings, pass_fds=[writer], stdin=password)
    finally:
        os.close(writer)
        thread.join()
    if not outcome.failures and (status or not outcome.changed):
        no_host = f"{environment.inventory}: names no host" if not status else ""
        outcome.failures.append(_first_error(lines) or no_host or f"ansible-playbook: {_last(lines)}")
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
        outcome.reports[host] = connections.reached(event["message"], connections.of(event["connection"]))
    elif event["event"] == "samples":
        outcome.samples[host] = event["samples"]
    elif event["event"] == "failed":
        task = "" if event["role"] == "preflight" else f"{event['name']}: "
        reason = f"{task}{causes.reason(event['failure'], event['login'])}"
        outcome.failures += [f"{host}: {line}" for line in reason.splitlines()]
    elif event["event"] == "unreachable":
        reason, advice = unreachable.explain(event["reason"], connections.of(event["connection"]))
        outcome.failures.append(f"{host}: can't be reached: {reason}")
        outcome.advice = outcome.advice or advice


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
        if event["name"].startswith(WAITS):
            self.console.say(f"    {event['name']}")
        self.console.running(f"{self.role}: {event['name']}")

    def close(self, failed: bool = False) -> None:
        if self.role:
            self.console.ended(self.role, time.monotonic() - self.started, "✗" if failed else "✓")
        self.role = ""


def _first_error(lines: list[str]) -> str:
    """Return what Ansible says about itself, or about a playbook or inventory that it can't read."""
    errors: Iterator[str] = (line for line in lines if ERROR.match(line))
    return ERROR.sub("", next(errors, ""))


def _last(lines: list[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "ended without a word")
