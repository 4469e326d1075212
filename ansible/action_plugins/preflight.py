"""Checks the options on the controller, then the host by the module of the same name.

Ansible's own argument specs catch wrong types and missing names; unknown names it accepts silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.vars.reserved import get_reserved_names

from ansible import constants

NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
UNIT = re.compile(r"(?!.*-(boot|drain|new|retire|watch)$)[a-z][a-z0-9_-]{0,30}")
HOST_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
PATH = re.compile(r"/[A-Za-z0-9._/-]+")
MODEL = re.compile(r"([a-z][a-z0-9_-]{0,62})?")
ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?")
MEMORY = re.compile(r"[1-9]\d{0,2}%|[1-9]\d*[KMGT]?|infinity")

FORMS = {
    "app_name": (NAME, "a name of lower-case letters, digits, _ and -"),
    "app_user": (NAME, "a name of lower-case letters, digits, _ and -"),
    "systemd_unit": (UNIT, "a name of lower-case letters, digits, _ and -, which Puerto's own units don't end in"),
    "app_root": (PATH, "an absolute path without spaces"),
    "systemd_memory_max": (MEMORY, "a share such as 50%, a size such as 512M, or infinity"),
    "nginx_access_log": (PATH, "an absolute path without spaces"),
    "nginx_error_log": (PATH, "an absolute path without spaces"),
    "app_default_model": (MODEL, "a model's name, or nothing"),
    "app_cors_origins": (ORIGIN, "a web site's origin, e.g. https://example.org, or *"),
    "nginx_server_names": (HOST_NAME, "a host name, e.g. predict.example.org"),
}
"""Option → what each of its values must look like."""

MAY_BE_EMPTY = ("app_cors_origins",)
HOOKS = ("release_before_build", "release_before_switch", "release_after_switch", "release_after_rollback")

LEAST = {"gunicorn_workers": 0, "gunicorn_timeout": 1, "gunicorn_graceful_timeout": 1, "app_start_seconds": 1,
         "app_max_body_kib": 1, "app_max_rows": 1, "app_max_columns": 1, "app_request_timeout": 1,
         "preflight_disk_mib": 0, "preflight_memory_mib": 0,
         "release_kept": 1, "release_warm_seconds": 0, "release_watch_seconds": 0, "release_p99_ms": 1}  # fmt: skip
"""Option → its least value."""

SUDO = (
    ("password is required", "sudo asks for a password: add --ask-become-pass, or allow it without (NOPASSWD)"),
    ("Missing sudo password", "sudo asks for a password: add --ask-become-pass, or allow it without (NOPASSWD)"),
    ("not in the sudoers", "this user has no right to use sudo: add it to the group sudo, or connect as root"),
    ("not allowed to execute", "this user has no right to use sudo: add it to the group sudo, or connect as root"),
    ("Incorrect sudo password", "sudo refused the password: give the right one, or allow it without (NOPASSWD)"),
    ("sudo: not found", "sudo isn't installed there: install it, or connect as root"),
    ("sudo: command not found", "sudo isn't installed there: install it, or connect as root"),
)  # fmt: skip
"""What sudo says → what it means."""


class ActionModule(ActionBase):
    """The task ``preflight:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        variables = task_vars or {}
        project = Path(variables["playbook_dir"])
        faults = list(_option_faults(project, variables, self._templar))
        if faults:
            places = _Places(variables)
            sentences = [f"{places.of(name)}{name}: {sentence}" for name, sentence in faults]
            return result | {"failed": True, "msg": "\n".join(sentences), "faults": sentences}
        if not boolean(self._task.args.pop("looks_at_host", True)):
            return result
        return result | self._check_host(variables)

    def _check_host(self, variables: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._execute_module(task_vars=variables)
        except AnsibleError as fault:
            if not (meaning := _meaning(str(fault))):
                raise
            return {"failed": True, "msg": meaning}
        said = " ".join(str(answer.get(key, "")) for key in ("msg", "module_stderr", "module_stdout"))
        if answer.get("failed") and (meaning := _meaning(said)):
            answer["msg"] = meaning
        return dict(answer)


def _option_faults(project: Path, variables: dict[str, Any], templar: Any) -> Iterator[tuple[str, str]]:
    if constants.config.get_config_value("VARIABLE_PRECEDENCE")[0] != "all_plugins_play":
        yield "ansible.cfg", "is not in force: start ansible-playbook in the project's folder"
        return
    specs = _specs(project)
    yield from _unknown(specs, _internal(project), variables)
    values = {}
    for name in specs:
        if name not in variables:
            yield name, "is required: " + str(specs[name]["description"])
            continue
        values[name] = templar.template(variables[name])
    checked = ArgumentSpecValidator(_types(specs)).validate(values)
    for error in checked.errors:
        yield _named(error.msg, values), error.msg
    if not checked.error_messages:
        yield from _form_faults(project, checked.validated_parameters)
        yield from _model_faults(project, checked.validated_parameters["app_default_model"])


def _specs(project: Path) -> dict[str, dict[str, Any]]:
    """Return every option of every role: name → its entry in the role's meta/argument_specs.yml."""
    files = sorted(project.glob("roles/*/meta/argument_specs.yml"))
    parts = [yaml.safe_load(file.read_text())["argument_specs"]["main"].get("options", {}) for file in files]
    return {name: spec for part in parts for name, spec in part.items()}


def _types(specs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {k: spec[k] for k in ("type", "elements", "choices") if k in spec} for name, spec in specs.items()}


def _internal(project: Path) -> set[str]:
    """Return the names that roles derive for themselves."""
    return {name for file in project.glob("roles/*/vars/*.yml") for name in yaml.safe_load(file.read_text())}


def _unknown(specs: dict[str, Any], internal: set[str], variables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    own = set(variables) - set(get_reserved_names()) - set(constants.INTERNAL_STATIC_VARS) - {"hostvars", "vars"}
    for name in sorted(own - set(specs) - internal):
        if name.startswith(("ansible_", "_", "inventory_", "playbook_dir", "role_")):
            continue
        near = difflib.get_close_matches(name, specs, n=1, cutoff=0.0)[0]
        yield name, f"is no option of Puerto; the nearest is {near}"


def _form_faults(project: Path, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, (form, words) in FORMS.items():
        given = values[name] if isinstance(values[name], list) else [values[name]]
        yield from ((name, f"{value!r} is not {words}") for value in given if not form.fullmatch(str(value)))
        if not given and name not in MAY_BE_EMPTY:
            yield name, f"is empty: name at least one, {words}"
    for name, least in LEAST.items():
        if values[name] < least:
            yield name, f"{values[name]} is less than {least}"
    for name in HOOKS:
        if values[name] and not (project / values[name]).is_file():
            yield name, f"there is no file {project / values[name]}"


def _model_faults(project: Path, default: str) -> Iterator[tuple[str, str]]:
    models = sorted(file.parent.name for file in project.parent.glob("models/*/model.yaml"))
    if default and default not in models:
        yield "app_default_model", f"there is no model {default}; there are: {', '.join(models)}"


def _named(message: str, values: dict[str, Any]) -> str:
    return next((name for name in values if re.search(rf"\b{name}\b", message)), "options")


def _meaning(said: str) -> str:
    return next((meaning for words, meaning in SUDO if words in said), "")


class _Places:
    """Finds the file of the inventory that gives an option its value."""

    def __init__(self, variables: dict[str, Any]) -> None:
        sources = [Path(source) for source in variables.get("ansible_inventory_sources") or []]
        self.files = [file for source in sources for file in _yaml_files(source)]

    def of(self, name: str) -> str:
        line = re.compile(rf"\b{re.escape(name)}[\"']?\s*:")
        found = next((file for file in self.files if line.search(file.read_text(errors="replace"))), None)
        return f"{found}: " if found else ""


def _yaml_files(source: Path) -> list[Path]:
    """Return an inventory's own files: itself and the variables beside it."""
    folder = source if source.is_dir() else source.parent
    beside = [file for part in ("group_vars", "host_vars") for file in folder.joinpath(part).rglob("*")]
    own = list(source.iterdir()) if source.is_dir() else [source]
    return sorted(file for file in own + beside if file.is_file())
