"""Has the host checked by the module of the same name; what sudo refuses there is said in a sentence."""

from __future__ import annotations

import re
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

SUDO = {
    "password is required|Missing sudo password":
        "sudo asks for a password: add --ask-become-pass, or allow it without (NOPASSWD)",
    "not in the sudoers|not allowed to execute":
        "this user has no right to use sudo: add it to the group sudo, or connect as root",
    "Incorrect sudo password": "sudo refused the password: give the right one, or allow it without (NOPASSWD)",
    "sudo: (command )?not found": "sudo isn't installed there: install it, or connect as root",
}  # fmt: skip
"""What sudo says (regular expressions) → what it means."""


class ActionModule(ActionBase):
    """The task ``puerto_preflight:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            answer: dict[str, Any] = self._execute_module(task_vars=task_vars)
        except AnsibleError as fault:
            if not (meaning := _meaning(str(fault))):
                raise
            return result | {"failed": True, "msg": meaning}
        message = " ".join(str(answer.get(key, "")) for key in ("msg", "module_stderr", "module_stdout"))
        if answer.get("failed") and (meaning := _meaning(message)):
            answer["msg"] = meaning
        return result | answer


def _meaning(message: str) -> str:
    return next((meaning for pattern, meaning in SUDO.items() if re.search(pattern, message)), "")
