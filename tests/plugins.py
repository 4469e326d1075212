"""Ansible's plugins of this project, which no package has."""

import importlib.util
from types import ModuleType

from deploy.base.paths import KIT


def load(name: str) -> ModuleType:
    """Return the module of an action plugin."""
    spec = importlib.util.spec_from_file_location(name, KIT / "ansible" / "action_plugins" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
