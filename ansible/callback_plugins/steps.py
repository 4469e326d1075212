"""Tells the program that started Ansible what is being done and what failed: one JSON object per line.

On only if PUERTO_EVENTS names a file descriptor; Ansible's own output stays as it is.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible.template import Templar

from ansible import constants

DOCUMENTATION = """
name: steps
type: notification
short_description: One JSON object per line for each task, failure, report, and for the end
description:
  - Writes to the file descriptor that the environment variable PUERTO_EVENTS names.
"""

REPORT = "Report"
"""The task whose message is passed on as it is."""

FAIL = "Fail"
"""The task that repeats the failure of another."""

FAILURE = ("msg", "stdout", "stderr", "module_stdout", "module_stderr", "rc", "censored")
"""What is passed on of a failed task's result; the program that started Ansible makes a sentence of it."""

NO_FOLDER = ("Failed to create temporary directory", "No space left on device")
"""In what Ansible calls unreachable, though the host was reached."""


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

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self.play = play

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        role = task._role.get_name() if task._role else ""
        self._write("task", role=role, name=task.name)

    def v2_runner_on_ok(self, result: Any) -> None:
        if samples := result._result.get("samples"):
            self._write("samples", host=result._host.get_name(), samples=samples)
        if result._task.name == REPORT:
            host = result._host
            message = result._result.get("msg")
            self._write("report", host=host.get_name(), connection=self._connection(host), message=message)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors and result._task.name != FAIL:
            self._failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        message = str(result._result.get("msg", ""))
        if any(part in message for part in NO_FOLDER):
            self._failed(result)
        else:
            host, reason = result._host, message.rpartition("reached over ssh: ")[2]
            self._write("unreachable", host=host.get_name(), connection=self._connection(host), reason=reason)

    def _failed(self, result: Any) -> None:
        host, task, failure = result._host, result._task, _failed_item(result._result)
        role = task._role.get_name() if task._role else ""
        facts = {key: failure[key] for key in FAILURE if key in failure}
        self._write("failed", host=host.get_name(), login=self._login(host), role=role, name=task.name, failure=facts)

    def _login(self, host: Any) -> str:
        """Return user@address as the inventory has them, or the address alone."""
        values = self.play.get_variable_manager().get_vars(play=self.play, host=host, include_hostvars=False)
        address, user = values.get("ansible_host", host.get_name()), values.get("ansible_user", "")
        return f"{user}@{address}".removeprefix("@")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        hosts = sorted(stats.processed)
        self._write("stats", hosts={host: stats.summarize(host) for host in hosts})

    def _connection(self, host: Any) -> dict[str, str]:
        """Return what the inventory says of the connection to a host; nothing if it isn't by SSH."""
        values = self.play.get_variable_manager().get_vars(play=self.play, host=host, include_hostvars=False)
        if values.get("ansible_connection", "ssh") not in ("ssh", "smart"):
            return {}
        templar = Templar(loader=self.play._loader, variables=values)

        def value(*names: str) -> str:
            return next((str(templar.template(values[name])) for name in names if values.get(name)), "")

        arguments = (value(f"ansible_ssh_{kind}_args") for kind in ("common", "extra"))
        return {
            "address": value("ansible_host", "ansible_ssh_host", "inventory_hostname"),
            "user": value("ansible_user", "ansible_ssh_user") or constants.DEFAULT_REMOTE_USER or "",
            "port": value("ansible_port", "ansible_ssh_port") or str(constants.DEFAULT_REMOTE_PORT or ""),
            "key": value("ansible_ssh_private_key_file", "ansible_private_key_file")
            or constants.DEFAULT_PRIVATE_KEY_FILE
            or "",
            "arguments": " ".join(filter(None, arguments)),
        }

    def _write(self, event: str, **facts: Any) -> None:
        self.stream.write(json.dumps({"event": event, **facts}, default=str) + "\n")


def _failed_item(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result of the item that failed, if the task is a loop, else the task's own."""
    return next((item for item in result.get("results", []) if item.get("failed")), result)
