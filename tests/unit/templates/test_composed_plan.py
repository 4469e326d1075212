"""The plan of a release, composed of options and templates as Ansible does it, without a host; the host can read it."""

import importlib.util
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from puerto import steps
from puerto.plan import Plan

from app.settings import Settings, load
from deploy.base.paths import KIT
from deploy.generate import options_page

PROJECT = KIT / "ansible"
PACKED = {"content": "0123456789ab", "virtualenv": "virtualenvs/ba9876543210", "manifest": {"commit": "f00"},
          "path": "/tmp/0123456789ab.tar.gz"}  # fmt: skip


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    spec = importlib.util.spec_from_file_location("puerto_release", PROJECT / "action_plugins" / "puerto_release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def composed(plugin) -> Callable[..., dict[str, Any]]:
    """Return what the module is given for the defaults with other values."""

    def compose(**values: object) -> dict[str, Any]:
        loader = DataLoader()
        defaults = loader.load_from_file(str(options_page.DEFAULTS), trusted_as_template=True)
        variables = defaults | {"playbook_dir": str(PROJECT)} | values
        task = {"state": "current", "packed": PACKED, "archive": "/srv/a.tar.gz"}
        return plugin.with_plan(task, variables, Templar(loader, variables=variables), loader)

    return compose


def test_plan_of_the_defaults_is_whole(composed):
    arguments = composed()
    assert arguments.keys() == {"state", "plan", "hooks"}
    plan = Plan.read(arguments["plan"])
    assert (plan.app_name, plan.unit, plan.archive) == ("practica_flask", "flask_app", "/srv/a.tar.gz")
    assert plan.pipenv == "/opt/pipenv/bin/pipenv"
    assert plan.site_beside == ("/etc/nginx/conf.d/unknown_hosts.conf",)
    assert "server_name practica_flask www.practica_flask;" in plan.site_text
    assert "WorkingDirectory=/var/www/practica_flask/releases/@RELEASE@\n" in plan.unit_text
    assert plan.virtualenv_program.startswith("#!/bin/sh\n")


def test_values_reach_unit_site_and_settings(composed):
    names = ["a.example", "b.example"]
    plan = Plan.read(composed(app_name="other-one", nginx_server_names=names, nginx_cache_mib=0, release_kept="7",
                              app_cors_origins=["https://c.example", "https://d.example"])["plan"])  # fmt: skip
    assert plan.server_names == tuple(names)
    assert "server_name a.example b.example;" in plan.site_text
    assert "proxy_cache" not in plan.site_text
    assert "WorkingDirectory=/var/www/other-one/releases/@RELEASE@\n" in plan.unit_text
    assert plan.settings["APP_CORS_ORIGINS"] == "https://c.example https://d.example"
    assert plan.kept == 7, "as -e gives it"


def test_same_value_is_the_same_release_however_it_is_given(composed):
    """An inventory has numbers, -e texts."""
    assert Plan.read(composed(app_max_rows=9)["plan"]).id == Plan.read(composed(app_max_rows="9")["plan"]).id
    assert Plan.read(composed(app_max_rows=9)["plan"]).id != Plan.read(composed()["plan"]).id


def test_two_applications_share_nothing(composed):
    """Of what Nginx reads in one namespace, and of their folders and units."""
    one, other = (composed(app_name=name, systemd_unit=name)["plan"] for name in ("one", "other"))
    for word in (r"(?m)^upstream (\S+)", r"(?m)^map .* (\$\S+) \{", r"keys_zone=(\w+)", r"server_name (.*);"):
        assert re.findall(word, one["site_text"])
        assert not set(re.findall(word, one["site_text"])) & set(re.findall(word, other["site_text"]))
    assert "/other/" not in one["unit_text"] and "/one/" not in other["unit_text"]


def test_settings_are_those_of_the_application(plugin, composed):
    """Every one that an option has the name of; the application takes them."""
    names = [name for name in Settings.model_fields if name in options_page.specs()]
    assert list(plugin.SETTINGS) == names
    settings = composed()["plan"]["settings"]
    assert settings.keys() == {name.upper() for name in names} | set(plugin.FIXED)
    assert load(settings | {"SECRET_KEY": "x" * 64}).app_environment == "production"


@pytest.mark.parametrize(
    ("files", "hooks"),
    [
        ({}, []),
        ({"release_before_build": "a.yml", "release_after_switch": "c.yml"}, ["before_build"]),
        ({"release_before_build": "a.yml", "release_before_switch": "b.yml"}, ["before_build", "before_switch"]),
    ],
)
def test_hooks_are_those_that_the_environment_has(composed, plugin, files, hooks):
    assert composed(**files)["hooks"] == hooks
    assert tuple(steps.HOOKS) == plugin.HOOKS


@pytest.mark.parametrize(
    ("hooks", "parts"),
    [
        ([], [steps.NAMES]),
        (["before_build"], [steps.NAMES[:1], steps.NAMES[1:]]),
        (["before_switch"], [steps.NAMES[:5], steps.NAMES[5:]]),
        (["before_switch", "before_build"], [steps.NAMES[:1], steps.NAMES[1:5], steps.NAMES[5:]]),
    ],
)
def test_steps_are_done_as_far_as_each_hook(hooks, parts):
    """As the role's tasks do it: on from the hook that the module names, until it names none."""
    hook, done = "", []
    while not done or hook:
        done.append(steps.between(hook, hooks))
        hook = steps.hook_after(done[-1])
    assert done == parts
