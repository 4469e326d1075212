"""Tells the program that started Ansible what is being done and what failed: one JSON object per line.

On only if PUERTO_EVENTS names a file descriptor; Ansible's own output stays as it is.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: steps
type: notification
short_description: One JSON object per line for each task, failure, report, and for the end
description:
  - Writes to the file descriptor that the environment variable PUERTO_EVENTS names.
"""

CONNECTION_ENDED = re.compile("Shared connection to .* closed")
"""What ssh, not the task, prints at the end of a script."""

REPORT = "Report"
"""The task whose message is passed on as it is."""

FAIL = "Fail"
"""The task that repeats the failure of another."""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "steps"

    def __init__(self) -> None:
        super().__init__()
        descriptor = os.environ.pop("PUERTO_EVENTS", "")
        self.disabled = not descriptor
        if descriptor:
            os.set_inheritable(int(descriptor), False)
            self.stream = os.fdopen(int(descriptor), "w", buffering=1)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        role = task._role.get_name() if task._role else ""
        self._write("task", role=role, name=task.name)

    def v2_runner_on_ok(self, result: Any) -> None:
        if samples := result._result.get("samples"):
            self._write("samples", host=result._host.get_name(), samples=samples)
        if result._task.name == REPORT:
            self._write("report", host=result._host.get_name(), message=result._result.get("msg"))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors and result._task.name != FAIL:
            failure = _failed_item(result._result)
            role = result._task._role.get_name() if result._task._role else ""
            self._write(
                "failed", host=result._host.get_name(), role=role, name=result._task.name, reason=_reason(failure)
            )

    def v2_runner_on_unreachable(self, result: Any) -> None:
        host = result._host
        address, user = host.vars.get("ansible_host", host.get_name()), host.vars.get("ansible_user", "")
        reason = str(result._result.get("msg", "")).rpartition("reached over ssh: ")[2]
        self._write("unreachable", host=host.get_name(), login=f"{user}@{address}".removeprefix("@"), reason=reason)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = sorted(stats.processed)
        self._write("stats", hosts={host: stats.summarize(host) for host in hosts})

    def _write(self, event: str, **facts: Any) -> None:
        self.stream.write(json.dumps({"event": event, **facts}, default=str) + "\n")


def _failed_item(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the item that failed, if the task is a loop, else the task's own."""
    return next((item for item in result.get("results", []) if item.get("failed")), result)


def _reason(result: dict[str, Any]) -> str:
    """Return why a task failed: its message, or the last lines of its program's output."""
    if result.get("censored"):
        return "its output is kept secret (no_log)"
    errors = [line for line in _lines(result, "stderr", "module_stderr") if not CONNECTION_ENDED.search(line)]
    message = str(result.get("msg") or "").strip()
    if message and not message.startswith(("non-zero return code", "MODULE FAILURE", "Task failed: Module failed")):
        return message
    return "\n".join(errors[-3:] or _lines(result, "stdout")[-1:]) or message


def _lines(result: dict[str, Any], *keys: str) -> list[str]:
    return [line.strip() for key in keys for line in str(result.get(key) or "").splitlines() if line.strip()]
