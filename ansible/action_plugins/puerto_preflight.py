"""Checks the host with the module of the same name; a refusal of sudo's is explained in a sentence."""

from __future__ import annotations

import re
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

SUDO = {
    "password is required|Missing sudo password":
        "sudo asks for a password: add --ask-become-pass, or allow sudo without one (NOPASSWD)",
    "not in the sudoers|not allowed to execute":
        "this user has no right to use sudo: add it to the group sudo, or connect as root",
    "Incorrect sudo password": "sudo refused the password: give the right one, or allow sudo without one (NOPASSWD)",
    "sudo: (command )?not found": "sudo isn't installed on the host: install it, or connect as root",
}  # fmt: skip
"""What sudo prints (regular expressions) → what it means and what to do."""


class ActionModule(ActionBase):
    """The task ``puerto_preflight:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            module_result: dict[str, Any] = self._execute_module(task_vars=task_vars)
        except AnsibleError as fault:
            if not (meaning := _meaning(str(fault))):
                raise
            return result | {"failed": True, "msg": meaning}
        message = " ".join(str(module_result.get(key, "")) for key in ("msg", "module_stderr", "module_stdout"))
        if module_result.get("failed") and (meaning := _meaning(message)):
            module_result["msg"] = meaning
        return result | module_result


def _meaning(message: str) -> str:
    return next((meaning for pattern, meaning in SUDO.items() if re.search(pattern, message)), "")
