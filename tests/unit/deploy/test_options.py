"""The provisioning's options: one default, one description, one page."""

import yaml
from puerto.preflight import SUPPORTED

from app.settings import Settings
from deploy.base.paths import KIT
from deploy.generate import options_page
from deploy.rehearsal.image import SUITES


def test_every_option_has_one_default_and_one_description():
    defaults = yaml.safe_load(options_page.DEFAULTS.read_text())
    assert {name for name in defaults if options_page.is_option(name)} == set(options_page.specs())
    assert all(spec["description"] and spec["required"] for spec in options_page.specs().values())


def test_no_role_has_defaults_and_no_spec_a_default():
    assert list((KIT / "ansible" / "roles").glob("*/defaults")) == []
    assert [name for name, spec in options_page.specs().items() if "default" in spec] == []


def test_no_playbook_reads_a_role_s_variables():
    """What several of them need is derived in group_vars."""
    assert [file.name for file in (KIT / "ansible").glob("*.yml") if "vars_files" in file.read_text()] == []


def test_every_option_is_read():
    texts = [
        file.read_text()
        for folder in ("ansible", "systemd", "nginx", "tests/host")
        for file in (KIT / folder).rglob("*")
        if file.is_file() and file.suffix != ".pyc" and file.name not in ("argument_specs.yml", "all.yml")
    ]
    unread = [name for name in options_page.specs() if not any(name in text for text in texts)]
    assert unread == []


def test_application_and_provisioning_agree():
    """Two homes that can't be one: the application has defaults without a server too."""
    provisioning = yaml.safe_load(options_page.DEFAULTS.read_text())
    application = {name: field.default for name, field in Settings.model_fields.items()}
    for name in application.keys() & provisioning.keys():
        value = provisioning[name]
        assert application[name] == (" ".join(value) if isinstance(value, list) else value), name


def test_rehearsal_hosts_are_of_the_releases_that_are_supported():
    """Two homes that can't be one: the module runs on the host, alone."""
    assert set(SUITES) == SUPPORTED
