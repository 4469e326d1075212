"""Tells the module of the same name what the host must have, as the options and this machine say."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The task ``puerto_preflight:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        pair = _certificate(variables, self._templar, self._loader)
        arguments = self._task.args | pair | {"requirements": _requirements(variables, self._templar)}
        module_result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        return result | module_result


def _requirements(variables: dict[str, Any], templar: Any) -> dict[str, Any]:
    """Return what the host must have: module_utils/puerto/preflight.py describes each."""
    numbers = {name: int(templar.template(variables[f"preflight_{name}"])) for name in ("disk_mib", "memory_mib")}
    adopt = boolean(templar.template(variables["adopt"]))
    directory = templar.template(variables["nginx_acme_directory"])
    return numbers | {"clock": int(time.time()), "package_index": _package_index(), "adopt": adopt,
                      "acme_directory": directory}  # fmt: skip


def _certificate(variables: dict[str, Any], templar: Any, loader: Any) -> dict[str, Any]:
    """Return the operator's certificate and key, whose texts are empty where the host has them; nothing without any."""
    if templar.template(variables["__nginx_https"]) != "own":
        return {}
    is_brought = boolean(templar.template(variables["__nginx_certificate_brought"]))
    paths = [templar.template(variables[name]) for name in ("nginx_certificate", "nginx_certificate_key")]
    texts = [_text(path, loader) if is_brought else "" for path in paths]
    certificate = {"path": paths[0], "key_path": paths[1], "text": texts[0]}
    return {"certificate": certificate, "certificate_key": texts[1]}


def _text(path: str, loader: Any) -> str:
    try:
        return Path(loader.get_real_file(path)).read_text(encoding="utf-8")
    except OSError as fault:
        raise AnsibleError(f"{path}: can't be read on this machine: {fault.strerror}.") from None
    except ValueError:
        raise AnsibleError(f"{path}: is no text (PEM).") from None


def _package_index() -> str:
    """Return the index that pip asks where nobody names another; empty if this pip can't tell."""
    try:
        index = importlib.import_module("pip._internal.models.index")
    except ImportError:
        return ""
    return str(getattr(getattr(index, "PyPI", None), "simple_url", ""))
