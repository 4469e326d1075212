"""docs/options.md: every option, joined from its description (role) and its default (group_vars)."""

from typing import Any

import yaml

from deploy.base.paths import KIT

PAGE = KIT / "docs" / "options.md"
DEFAULTS = KIT / "ansible" / "group_vars" / "all.yml"

HEAD = """\
# Options

Say in `ansible/inventories/<environment>/group_vars/all.yml` what differs. Why each default is what it is:
[ansible/group_vars/all.yml](../ansible/group_vars/all.yml). Generated: `python3 -m deploy generate`.

| option | type | default | |
|---|---|---|---|
"""


def page() -> str:
    """Return the page's text."""
    defaults = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    described = specs()
    return HEAD + "".join(_row(name, described[name], value) for name, value in defaults.items() if is_option(name))


def is_option(name: str) -> bool:
    """Return whether an environment may say a value; what begins with two underscores is derived."""
    return not name.startswith("__")


def specs() -> dict[str, dict[str, Any]]:
    """Return option → its entry in the owning role's meta/argument_specs.yml."""
    files = sorted((KIT / "ansible" / "roles").glob("*/meta/argument_specs.yml"))
    mains = [yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]["main"] for file in files]
    return {name: spec for main in mains for name, spec in main["options"].items()}


def _row(name: str, spec: dict[str, Any], value: object) -> str:
    shown = " ".join(map(str, value)) or "[]" if isinstance(value, list) else value
    shown = str(shown).lower() if isinstance(value, bool) else shown
    cells = (f"`{name}`", spec["type"], f"`{shown}`", spec["description"])
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"
