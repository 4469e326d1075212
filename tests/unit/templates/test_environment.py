"""A release's .env: the application reads back what the options say."""

import pytest

from app.settings import Settings, load
from tests.unit.templates.rendering import CHANGED, DEFAULTS, PLUGIN, SECOND, SECRET, Rendering

RENDERINGS = {"every default": DEFAULTS, "everything changed": CHANGED, "a second application": SECOND}


def variables(text: str) -> dict[str, str]:
    """Return name → value, as systemd reads an EnvironmentFile without quotes and backslashes."""
    assert not set(text) & set("\"'\\"), text
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


@pytest.mark.parametrize("rendering", RENDERINGS.values(), ids=RENDERINGS)
def test_application_reads_back_the_options(rendering: Rendering):
    settings = load(variables(rendering.environment_file))
    for name in PLUGIN.SETTINGS:
        value = rendering.option(name)
        assert getattr(settings, name) == (" ".join(value) if isinstance(value, list) else value), name
    assert (settings.app_environment, settings.app_proxies, settings.secret_key) == ("production", 1, SECRET)


def test_every_setting_that_has_an_option_is_changed():
    """Else the test above would read defaults back."""
    default, changed = (load(variables(rendering.environment_file)) for rendering in (DEFAULTS, CHANGED))
    assert [name for name in PLUGIN.SETTINGS if getattr(default, name) == getattr(changed, name)] == []


def test_every_line_is_a_setting_or_flask_s():
    names = {name.upper() for name in Settings.model_fields} | {"FLASK_APP"}
    assert variables(CHANGED.environment_file).keys() <= names


def test_nothing_is_left_to_be_rendered():
    assert not any(mark in CHANGED.environment_file for mark in ("{{", "}}", "<<", "None"))
