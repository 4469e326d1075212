"""The plan of a release, composed of options and templates as Ansible does it, without a host; the host can read it."""

import pytest
import yaml
from puerto import steps

from app.settings import Settings, load
from deploy.generate import options_page
from tests.scenarios import SMALL
from tests.unit.templates.rendering import DEFAULTS, PLUGIN, Rendering


def test_small_application_differs_in_every_option():
    defaults = yaml.safe_load(options_page.DEFAULTS.read_text())
    assert set(SMALL) == {name for name in defaults if options_page.is_option(name)} - {"project_root"}
    assert [name for name, value in SMALL.items() if value == defaults[name]] == []


def test_plan_of_the_defaults_is_whole():
    assert DEFAULTS.arguments.keys() == {"state", "plan", "hooks"}
    plan = DEFAULTS.plan
    assert (plan.app_name, plan.unit, plan.archive) == ("practica_flask", "flask_app", "/srv/a.tar.gz")
    assert plan.pipenv == "/var/www/practica_flask/pipenv/bin/pipenv"
    assert plan.site_beside == ("/etc/nginx/conf.d/unknown_hosts.conf",)
    assert "server_name practica_flask www.practica_flask;" in plan.site_text
    assert "WorkingDirectory=/var/www/practica_flask/releases/@RELEASE@\n" in plan.unit_text
    assert plan.virtualenv_program.startswith("#!/bin/sh\n")


def test_values_reach_unit_site_and_settings():
    names = ["a.example", "b.example"]
    values = {
        "app_name": "other-one",
        "nginx_server_names": names,
        "nginx_cache_mib": 0,
        "release_kept": "7",
        "app_cors_origins": ["https://c.example", "https://d.example"],
    }
    plan = Rendering(values).plan
    assert plan.server_names == tuple(names)
    assert "server_name a.example b.example;" in plan.site_text
    assert "WorkingDirectory=/var/www/other-one/releases/@RELEASE@\n" in plan.unit_text
    assert plan.settings["APP_CORS_ORIGINS"] == "https://c.example https://d.example"
    assert plan.kept == 7, "as -e gives it"


def test_same_value_is_the_same_release_however_it_is_given():
    """An inventory has numbers, -e texts."""
    assert Rendering({"app_max_rows": 9}).plan.id == Rendering({"app_max_rows": "9"}).plan.id
    assert Rendering({"app_max_rows": 9}).plan.id != DEFAULTS.plan.id


def test_settings_are_those_of_the_application():
    """Every one that an option has the name of; the application takes them."""
    names = [name for name in Settings.model_fields if name in options_page.specs()]
    assert list(PLUGIN.SETTINGS) == names
    settings = DEFAULTS.arguments["plan"]["settings"]
    assert settings.keys() == {name.upper() for name in names} | set(PLUGIN.FIXED)
    assert load(settings | {"SECRET_KEY": "x" * 64}).app_environment == "production"


@pytest.mark.parametrize(
    ("files", "hooks"),
    [
        ({}, []),
        ({"release_before_build": "a.yml", "release_after_switch": "c.yml"}, ["before_build"]),
        ({"release_before_build": "a.yml", "release_before_switch": "b.yml"}, ["before_build", "before_switch"]),
    ],
)
def test_hooks_are_those_that_the_environment_has(files, hooks):
    assert Rendering(files).arguments["hooks"] == hooks
    assert tuple(steps.HOOKS) == PLUGIN.HOOKS


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
