"""Checks the options on the controller: types, misspelt names, the form of values, limits.

Ansible's own argument specs catch wrong types and missing names; they silently accept unknown names.
"""

from __future__ import annotations

import difflib
import importlib.util
import ipaddress
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

VALUES = "roles/preflight/files/option_values.yml"
"""In the project: what the values of options must be like beyond their types."""

COMPARISONS = {"greater_than_equal": ("ge", "less"), "greater_than": ("gt", "not more"),
          "less_than_equal": ("le", "more"), "less_than": ("lt", "not less")}  # fmt: skip
"""Type of pydantic's error → its name for the limit, and how the value compares with it."""

FORMER_UPGRADES = {
    "true": "use all for what true did, or security, the default",
    "false": "use none for what false did",
}
"""Value that packages_upgrade had before it said which updates → what to use now."""

SHARED_PREFIXES = ("project_",)
"""Prefixes of options that other programs use too; the values of those options are derived, and never set by anyone."""

SIMILARITY, SHORT_SIMILARITY, SHORT_LENGTH = 0.85, 0.9, 10
"""How similar a name must be to an option's to count as misspelt, 0 to 1 (difflib). For a short option it is more: two
other letters make another word, as in map_name."""


class ActionModule(ActionBase):
    """The task ``puerto_options:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        faults = list(_option_faults(Path(variables["playbook_dir"]), variables, self._templar))
        if faults:
            inventory = _InventoryFiles(variables)
            sentences = [f"{inventory.location(name)}{name}: {sentence}" for name, sentence in faults]
            return result | {"failed": True, "msg": "\n".join(sentences), "faults": sentences}
        return result


def _option_faults(project: Path, variables: dict[str, Any], templar: Any) -> Iterator[tuple[str, str]]:
    if constants.config.get_config_value("VARIABLE_PRECEDENCE")[0] != "all_plugins_play":
        yield "ansible.cfg", "isn't in use: run ansible-playbook in the project's folder"
        return
    specs = _specs(project)
    yield from _name_faults(specs, _internal_names(project), variables)
    values = {}
    for name in specs:
        if name not in variables:
            yield name, "is required: " + str(specs[name]["description"])
            continue
        values[name] = templar.template(variables[name])
    if advice := FORMER_UPGRADES.get(_as_boolean(values.get("packages_upgrade"))):
        yield "packages_upgrade", f"{values['packages_upgrade']} is no longer accepted: {advice}"
        return
    validation = ArgumentSpecValidator(_types(specs)).validate(values)
    for error in validation.errors:
        yield _option_in(error.msg, values), error.msg
    if not validation.error_messages:
        yield from _value_faults(project, validation.validated_parameters)
        yield from _https_faults(validation.validated_parameters)
        yield from _model_faults(project, validation.validated_parameters["app_default_model"])


def _specs(project: Path) -> dict[str, dict[str, Any]]:
    """Return every option of every role: name → its entry in the role's meta/argument_specs.yml."""
    files = sorted(project.glob("roles/*/meta/argument_specs.yml"))
    roles = [yaml.safe_load(file.read_text())["argument_specs"]["main"].get("options", {}) for file in files]
    return {name: spec for options in roles for name, spec in options.items()}


def _types(specs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return option → the part of its entry that Ansible's validator takes."""
    keys = ("type", "elements", "choices")
    return {name: {key: spec[key] for key in keys if key in spec} for name, spec in specs.items()}


def _internal_names(project: Path) -> set[str]:
    """Return the names that roles derive for themselves."""
    return {name for file in project.glob("roles/*/vars/*.yml") for name in yaml.safe_load(file.read_text())}


def _name_faults(specs: dict[str, Any], internal: set[str], variables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Find misspelt names. An inventory may be shared: a name that isn't similar to an option's is ignored."""
    options = [name for name in specs if not name.startswith(SHARED_PREFIXES)]
    prefixes = {name.partition("_")[0] + "_" for name in options}
    own = set(variables) - set(get_reserved_names()) - set(constants.INTERNAL_STATIC_VARS) - {"hostvars", "vars"}
    for name in sorted(own - set(specs) - internal):
        if name.startswith(("ansible_", "_", "inventory_", "playbook_dir", "role_")):
            continue
        nearest = difflib.get_close_matches(name.lower(), options, n=1, cutoff=0.0)[0]
        question = f"is not one of Puerto's options; did you mean {nearest}? If it belongs to another program"
        if prefix := next((prefix for prefix in prefixes if name.lower().startswith(prefix)), ""):
            yield (
                name,
                f"{question}, set it in that program's own playbook: names with {prefix} are reserved for Puerto",
            )
        elif _is_misspelt(name.lower(), nearest):
            yield name, f"{question}, give it another name"


def _is_misspelt(name: str, option: str) -> bool:
    similarity = difflib.SequenceMatcher(None, name, option).ratio()
    return similarity >= (SHORT_SIMILARITY if len(option) <= SHORT_LENGTH else SIMILARITY)


def _as_boolean(value: object) -> str:
    """Return true or false for what YAML 1.1 or an operator's -e means by it; nothing for any other value."""
    text = str(value).lower()
    return "true" if text in ("true", "yes", "on") else "false" if text in ("false", "no", "off") else ""


def _value_faults(project: Path, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rules = yaml.safe_load((project / VALUES).read_text())
    for name, rule in rules["patterns"].items():
        wrong = [value for value in _as_list(values[name]) if not re.fullmatch(rule["pattern"], str(value))]
        yield from ((name, f"{value!r} is not {rule['description']}") for value in wrong)
        if values[name] == [] and name not in rules["may_be_empty"]:
            yield name, f"is empty: name at least one, {rule['description']}"
    for name, (least, most) in rules["limits"].items():
        for value in _as_list(values[name]):
            if value < least:
                yield name, f"{value} is less than {least}"
            if value > most:
                yield name, f"{value} is more than {most}"
    yield from _setting_faults(project, values)
    for name in rules["files"]:
        if values[name] and not (project / values[name]).is_file():
            yield name, f"there is no file {project / values[name]}"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _setting_faults(project: Path, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Ask the application's own settings: what they would refuse on the host is refused already."""
    settings = _settings(project.parent / "app" / "settings.py").Settings
    try:
        settings.model_validate({name: _as_setting(values[name]) for name in settings.model_fields if name in values})
    except ValidationError as fault:
        yield from ((str(error["loc"][0]), _setting_sentence(error)) for error in fault.errors())


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


def _setting_sentence(error: Any) -> str:
    """Return an error of pydantic's, phrased as the other limits are."""
    if error["type"] not in COMPARISONS:
        return str(error["msg"]).removeprefix("Value error, ")
    limit, comparison = COMPARISONS[error["type"]]
    return f"{error['input']} is {comparison} than {error['ctx'][limit]}"


def _https_faults(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Find what the host couldn't judge: proxies that are no addresses, and files that are to be on this machine."""
    for network in values["nginx_trusted_proxies"]:
        try:
            ipaddress.ip_network(network)
        except ValueError as fault:
            yield (
                "nginx_trusted_proxies",
                f"{network!r} is no address or network, e.g. 203.0.113.7 or 10.0.0.0/8: {fault}",
            )
    authority = values["nginx_acme_authority"]
    if values["nginx_https"] == "acme" and authority and not Path(authority).is_file():
        yield "nginx_acme_authority", f"there is no file {authority} on this machine"
    if values["nginx_https"] != "own":
        return
    for name in ("nginx_certificate", "nginx_certificate_key"):
        if not values[name]:
            yield name, "is empty: nginx_https: own needs its path, e.g. /home/ada/example.org/fullchain.pem"
        elif values["nginx_certificate_from"] == "controller" and not Path(values[name]).is_file():
            where = "if it is on the host, set nginx_certificate_from: host"
            yield name, f"there is no file {values[name]} on this machine; {where}"


def _model_faults(project: Path, default: str) -> Iterator[tuple[str, str]]:
    models = sorted(file.parent.name for file in project.parent.glob("models/*/model.yaml"))
    if default and default not in models:
        yield "app_default_model", f"there is no model {default}; there are: {', '.join(models)}"


def _option_in(message: str, values: dict[str, Any]) -> str:
    """Return the option that a message of Ansible's names."""
    return next((name for name in values if re.search(rf"\b{name}\b", message)), "options")


class _InventoryFiles:
    """The files of the inventory, where options get their values."""

    def __init__(self, variables: dict[str, Any]) -> None:
        sources = [Path(source) for source in variables.get("ansible_inventory_sources") or []]
        self.files = [file for source in sources for file in _yaml_files(source)]

    def location(self, name: str) -> str:
        """Return the file that gives an option its value, as the beginning of a sentence; empty if none does."""
        line = re.compile(rf"\b{re.escape(name)}[\"']?\s*:")
        path = next((file for file in self.files if line.search(file.read_text(errors="replace"))), None)
        return f"{path}: " if path else ""


def _yaml_files(source: Path) -> list[Path]:
    """Return the files of an inventory: itself and the variables beside it."""
    folder = source if source.is_dir() else source.parent
    variables = [file for name in ("group_vars", "host_vars") for file in folder.joinpath(name).rglob("*")]
    hosts = list(source.iterdir()) if source.is_dir() else [source]
    return sorted(file for file in hosts + variables if file.is_file())
