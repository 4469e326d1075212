"""Tells the program that started Ansible, by one JSON object a line, what is being done and what failed.

On only where PUERTO_EVENTS names a file descriptor; what Ansible itself prints stays as it is.
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
short_description: One JSON object a line for each step, failure, report and the end
description:
  - Writes to the file descriptor that the environment variable PUERTO_EVENTS names.
"""

CONNECTION_ENDED = re.compile("Shared connection to .* closed")
"""What ssh, not the task, says at the end of a script."""

REPORT = "Report"
"""The task whose message is passed on as it is."""

FAIL = "Fail"
"""The task that repeats what another has failed with."""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "steps"

    def __init__(self) -> None:
        super().__init__()
        number = os.environ.pop("PUERTO_EVENTS", "")
        self.disabled = not number
        if number:
            os.set_inheritable(int(number), False)
            self.out = os.fdopen(int(number), "w", buffering=1)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        role = task._role.get_name() if task._role else ""
        self._tell("task", role=role, name=task.name)

    def v2_runner_on_ok(self, result: Any) -> None:
        if samples := result._result.get("samples"):
            self._tell("samples", host=result._host.get_name(), samples=samples)
        if result._task.name == REPORT:
            self._tell("report", host=result._host.get_name(), message=result._result.get("msg"))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors and result._task.name != FAIL:
            answer = _failed_item(result._result)
            role = result._task._role.get_name() if result._task._role else ""
            self._tell(
                "failed", host=result._host.get_name(), role=role, name=result._task.name, reason=_reason(answer)
            )

    def v2_runner_on_unreachable(self, result: Any) -> None:
        host = result._host
        address, user = host.vars.get("ansible_host", host.get_name()), host.vars.get("ansible_user", "")
        reason = str(result._result.get("msg", "")).rpartition("reached over ssh: ")[2]
        self._tell("unreachable", host=host.get_name(), login=f"{user}@{address}".removeprefix("@"), reason=reason)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = sorted(stats.processed)
        self._tell("stats", hosts={host: stats.summarize(host) for host in hosts})

    def _tell(self, event: str, **facts: Any) -> None:
        self.out.write(json.dumps({"event": event, **facts}, default=str) + "\n")


def _failed_item(answer: dict[str, Any]) -> dict[str, Any]:
    return next((item for item in answer.get("results", []) if item.get("failed")), answer)


def _reason(answer: dict[str, Any]) -> str:
    """Return a failed task's own words: the last ones of its program, where it ran one."""
    if answer.get("censored"):
        return "its output is kept secret (no_log)"
    errors = [line for line in _lines(answer, "stderr", "module_stderr") if not CONNECTION_ENDED.search(line)]
    message = str(answer.get("msg") or "").strip()
    if message and not message.startswith(("non-zero return code", "MODULE FAILURE", "Task failed: Module failed")):
        return message
    return "\n".join(errors[-3:] or _lines(answer, "stdout")[-1:]) or message


def _lines(answer: dict[str, Any], *keys: str) -> list[str]:
    return [line.strip() for key in keys for line in str(answer.get(key) or "").splitlines() if line.strip()]
