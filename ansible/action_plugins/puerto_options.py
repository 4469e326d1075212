"""Checks the options, on the controller: types, slips of the pen, forms of values, limits.

Ansible's own argument specs catch wrong types and missing names; unknown names it accepts silently.
"""

from __future__ import annotations

import difflib
import importlib.util
import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import ansible.constants as constants
import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.vars.reserved import get_reserved_names
from pydantic import ValidationError

NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
UNIT = re.compile(r"(?!.*-(boot|drain|new|retire|watch)$)[a-z][a-z0-9_-]{0,30}")
HOST_NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
PATH = re.compile(r"/[A-Za-z0-9._/-]+")
MODEL = re.compile(r"([a-z][a-z0-9_-]{0,62})?")
ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?")
MEMORY = re.compile(r"([1-9]\d?|100)%|[1-9]\d*[KMGT]?|infinity")

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

LIMITS = {"app_start_seconds": (1, 3600), "preflight_disk_mib": (0, math.inf), "preflight_memory_mib": (0, math.inf),
          "release_kept": (1, 1000), "release_warm_seconds": (0, 86400), "release_watch_seconds": (0, 86400),
          "release_p99_ms": (1, math.inf), "nginx_cache_mib": (0, 2**20), "verify_open_ports": (1, 65535)}  # fmt: skip
"""Option → its least and its largest value. Of a setting of the application see app/settings.py."""

BOUNDS = {"greater_than_equal": ("ge", "less"), "greater_than": ("gt", "not more"),
          "less_than_equal": ("le", "more"), "less_than": ("lt", "not less")}  # fmt: skip
"""What pydantic calls a value beyond a limit → what it calls the limit, and how the value compares with it."""

BOOLEANS = {"true": "say all for what true did, or security, the default", "false": "say none for what false did"}
"""What packages_upgrade was before it could say which updates → what to say now."""

EVERYBODYS = ("project_",)
"""Prefixes of options that are other programs' as well; those options' values are derived, no environment says one."""

ALIKE, SHORT_ALIKE, SHORT = 0.85, 0.9, 10
"""How alike a name must be to an option's to be taken for a slip of the pen, 0 to 1 (difflib): where the option's has
few letters, two of them make another word, as in map_name."""


class ActionModule(ActionBase):
    """The task ``puerto_options:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        faults = list(_option_faults(Path(variables["playbook_dir"]), variables, self._templar))
        if faults:
            places = _Places(variables)
            sentences = [f"{places.of(name)}{name}: {sentence}" for name, sentence in faults]
            return result | {"failed": True, "msg": "\n".join(sentences), "faults": sentences}
        return result


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
    if advice := BOOLEANS.get(_as_boolean(values.get("packages_upgrade"))):
        yield "packages_upgrade", f"{values.pop('packages_upgrade')} is no value any more: {advice}"
        return
    checked = ArgumentSpecValidator(_types(specs)).validate(values)
    for error in checked.errors:
        yield _named(error.msg, values), error.msg
    if not checked.error_messages:
        yield from _form_faults(project, checked.validated_parameters)
        yield from _model_faults(project, checked.validated_parameters["app_default_model"])


def _specs(project: Path) -> dict[str, dict[str, Any]]:
    """Return every option of every role: name → its entry in the role's meta/argument_specs.yml."""
    files = sorted(project.glob("roles/*/meta/argument_specs.yml"))
    roles = [yaml.safe_load(file.read_text())["argument_specs"]["main"].get("options", {}) for file in files]
    return {name: spec for options in roles for name, spec in options.items()}


def _types(specs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {k: spec[k] for k in ("type", "elements", "choices") if k in spec} for name, spec in specs.items()}


def _internal(project: Path) -> set[str]:
    """Return the names that roles derive for themselves."""
    return {name for file in project.glob("roles/*/vars/*.yml") for name in yaml.safe_load(file.read_text())}


def _unknown(specs: dict[str, Any], internal: set[str], variables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Find slips of the pen. An inventory may be shared: what isn't near an option is let be."""
    known = [name for name in specs if not name.startswith(EVERYBODYS)]
    owners = {name.partition("_")[0] + "_" for name in known}
    own = set(variables) - set(get_reserved_names()) - set(constants.INTERNAL_STATIC_VARS) - {"hostvars", "vars"}
    for name in sorted(own - set(specs) - internal):
        if name.startswith(("ansible_", "_", "inventory_", "playbook_dir", "role_")):
            continue
        near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.0)[0]
        unknown = f"is no option of Puerto; the nearest is {near}. If it is another program's"
        home = "that program's own playbook"
        if prefix := next((owner for owner in owners if name.lower().startswith(owner)), ""):
            yield name, f"{unknown}: names that begin with {prefix} are Puerto's on its hosts, so say it in {home}"
        elif _is_slip(name.lower(), near):
            yield name, f"{unknown}, call it otherwise"


def _is_slip(name: str, option: str) -> bool:
    alike = difflib.SequenceMatcher(None, name, option).ratio()
    return alike >= (SHORT_ALIKE if len(option) <= SHORT else ALIKE)


def _as_boolean(value: object) -> str:
    """Return true or false for what YAML 1.1 or an operator's -e means by it; nothing for any other value."""
    text = str(value).lower()
    return "true" if text in ("true", "yes", "on") else "false" if text in ("false", "no", "off") else ""


def _form_faults(project: Path, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, (form, meaning) in FORMS.items():
        wrong = [value for value in _each(values[name]) if not form.fullmatch(str(value))]
        yield from ((name, f"{value!r} is not {meaning}") for value in wrong)
        if values[name] == [] and name not in MAY_BE_EMPTY:
            yield name, f"is empty: name at least one, {meaning}"
    for name, (least, most) in LIMITS.items():
        for value in _each(values[name]):
            if not least <= value <= most:
                yield name, f"{value} is {'less' if value < least else 'more'} than {least if value < least else most}"
    yield from _setting_faults(project, values)
    for name in HOOKS:
        if values[name] and not (project / values[name]).is_file():
            yield name, f"there is no file {project / values[name]}"


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _setting_faults(project: Path, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Ask the application's own settings: what they would refuse on the host is refused here."""
    settings = _settings(project.parent / "app" / "settings.py").Settings
    try:
        settings.model_validate({name: _as_setting(values[name]) for name in settings.model_fields if name in values})
    except ValidationError as fault:
        yield from ((str(error["loc"][0]), _beyond(error)) for error in fault.errors())


def _settings(file: Path) -> ModuleType:
    """Return the application's settings without the application, whose import takes a second and a half."""
    spec = importlib.util.spec_from_file_location("puerto_settings", file)
    if spec is None or spec.loader is None:
        raise AnsibleError(f"{file}: can't be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _as_setting(value: Any) -> str:
    """Return an option's value as .env has it; see the plugin puerto_release."""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _beyond(error: Any) -> str:
    """Return what pydantic finds, in the words of the other limits."""
    if error["type"] not in BOUNDS:
        return str(error["msg"]).removeprefix("Value error, ")
    bound, compares = BOUNDS[error["type"]]
    return f"{error['input']} is {compares} than {error['ctx'][bound]}"


def _model_faults(project: Path, default: str) -> Iterator[tuple[str, str]]:
    models = sorted(file.parent.name for file in project.parent.glob("models/*/model.yaml"))
    if default and default not in models:
        yield "app_default_model", f"there is no model {default}; there are: {', '.join(models)}"


def _named(message: str, values: dict[str, Any]) -> str:
    return next((name for name in values if re.search(rf"\b{name}\b", message)), "options")


class _Places:
    """Finds the file of the inventory that gives an option its value."""

    def __init__(self, variables: dict[str, Any]) -> None:
        sources = [Path(source) for source in variables.get("ansible_inventory_sources") or []]
        self.files = [file for source in sources for file in _yaml_files(source)]

    def of(self, name: str) -> str:
        line = re.compile(rf"\b{re.escape(name)}[\"']?\s*:")
        path = next((file for file in self.files if line.search(file.read_text(errors="replace"))), None)
        return f"{path}: " if path else ""


def _yaml_files(source: Path) -> list[Path]:
    """Return an inventory's own files: itself and the variables beside it."""
    folder = source if source.is_dir() else source.parent
    beside = [file for part in ("group_vars", "host_vars") for file in folder.joinpath(part).rglob("*")]
    own = list(source.iterdir()) if source.is_dir() else [source]
    return sorted(file for file in own + beside if file.is_file())
