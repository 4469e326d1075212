"""The preflight's check of the options on the operator's machine, called as Ansible calls it, without a host."""

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from app.settings import Settings, SettingsError, load
from deploy.base.paths import KIT
from deploy.generate import options_page

PROJECT = KIT / "ansible"
PLUGIN = PROJECT / "action_plugins" / "puerto_options.py"


@pytest.fixture(scope="module")
def preflight() -> Any:
    spec = importlib.util.spec_from_file_location("preflight", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def faults(preflight: Any) -> Callable[..., list[str]]:
    """Return a function that returns the faults of the defaults with other values."""

    def find(**values: object) -> list[str]:
        loader = DataLoader()
        defaults = loader.load_from_file(str(options_page.DEFAULTS), trusted_as_template=True)
        variables = defaults | {"playbook_dir": str(PROJECT)} | values
        templar = Templar(loader, variables=variables)
        return [f"{name}: {sentence}" for name, sentence in preflight._option_faults(PROJECT, variables, templar)]

    return find


def test_defaults_have_no_fault(faults):
    assert faults() == []


FOREIGN = """
    ntp_server ntp_servers timezone users hostname domain domain_name env environment_name deploy_user
    admin_email ssh_port sshd_config dns_servers backup_dir firewall_allowed_tcp_ports docker_users
    postgresql_version name map_name mysql_root_password certbot_admin_email swap_file_size_mb unattended_mail
    http_port server_name web_root db_user apps apple_id application_name application_version appliance_root
    relay_host syslog_server systems gunicorns package_list packagecloud_token releases verify preflight
    pipelines project_name project_id projects_root open_ports access_log timeout workers memory root user
    lock nginxinc_repo site_name backup_timeout zap_user slack_webhook hook_message my_release_id http_proxy
    https_proxy no_proxy locale motd country vault_password vault_app_secret maintenance_window
    monitoring_token max_connections keep_releases deploy_root user_name app
"""


@pytest.mark.parametrize("name", FOREIGN.split())
def test_variable_of_another_program_is_ignored(faults, name):
    assert faults(**{name: "theirs"}) == []


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ngnix_server_names", "nginx_server_names"), ("Nginx_server_names", "nginx_server_names"),
        ("NGINX_SERVER_NAMES", "nginx_server_names"), ("nginxserver_names", "nginx_server_names"),
        ("gunicron_workers", "gunicorn_workers"), ("guincorn_timeout", "gunicorn_timeout"),
        ("gunicornworkers", "gunicorn_workers"), ("sytemd_unit", "systemd_unit"),
        ("systmed_memory_max", "systemd_memory_max"), ("relase_kept", "release_kept"),
        ("realese_kept", "release_kept"), ("package_upgrade", "packages_upgrade"),
        ("pacakges_upgrade", "packages_upgrade"), ("prefligth_disk_mib", "preflight_disk_mib"),
        ("verfy_open_ports", "verify_open_ports"), ("ap_name", "app_name"), ("appname", "app_name"),
        ("app_max_row", "app_max_rows"), ("max_body_kib", "app_max_body_kib"),
    ],
)  # fmt: skip
def test_misspelt_name_is_refused_and_the_nearest_named(faults, name, nearest):
    (sentence,) = faults(**{name: 1})
    assert sentence.startswith(f"{name}: is not one of Puerto's options; did you mean {nearest}? If it belongs to")


def test_prefix_of_every_owner_is_refused(faults):
    """They are derived from the options: a new option brings its own."""
    owners = {name.partition("_")[0] for name in options_page.specs()} - {"project"}
    assert owners >= {"app", "gunicorn", "nginx", "systemd", "release", "packages", "preflight", "verify"}
    for owner in owners:
        (sentence,) = faults(**{f"{owner}_zzz_vhosts": []})
        assert sentence.endswith(f"set it in that program's own playbook: names with {owner}_ are reserved for Puerto")


def limits() -> list[tuple[str, object, bool]]:
    """Return values at and beyond each limit of the settings that are options too, and whether each is good."""
    cases: list[tuple[str, object, bool]] = []
    for name, field in Settings.model_fields.items():
        if name in options_page.specs():
            for limit in field.metadata:
                for kind, step in (("ge", -1), ("le", 1)):
                    if (value := getattr(limit, kind, None)) is not None:
                        cases += [(name, value, True), (name, value + step, False)]
    return cases


@pytest.mark.parametrize(("name", "value", "good"), limits())
def test_limits_of_the_application_are_the_preflights(faults, name, value, good):
    sentences = faults(**{name: value})
    assert (sentences == []) == good, sentences
    if not good:
        comparison = f"less than {value + 1}" if value < 10 else f"more than {value - 1}"
        assert sentences == [f"{name}: {value} is {comparison}"]
        with pytest.raises(SettingsError):
            load({name.upper(): str(value)})


def test_there_are_limits_to_compare():
    assert ("gunicorn_workers", 257, False) in limits()
    assert len({name for name, _, _ in limits()}) >= 5


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("nginx_cache_mib", -1, "-1 is less than 0"),
        ("verify_open_ports", [80, 70000], "70000 is more than 65535"),
        ("systemd_memory_max", "500%", "'500%' is not a share such as 50%, a size such as 512M, or infinity"),
        ("release_kept", 0, "0 is less than 1"),
        ("packages_upgrade", True, "True is no longer accepted: use all for what true did, or security, the default"),
        ("packages_upgrade", "yes", "yes is no longer accepted: use all for what true did, or security, the default"),
        ("packages_upgrade", "false", "false is no longer accepted: use none for what false did"),
        ("nginx_server_names", [], "is empty: name at least one, a host name, e.g. predict.example.org"),
        (
            "app_cors_origins",
            ["example.org"],
            "'example.org' is not a web site's origin, e.g. https://example.org, or *",
        ),
        ("gunicorn_timeout", 0, "0 is less than 1"),
        ("systemd_memory_max", "much", "'much' is not a share such as 50%, a size such as 512M, or infinity"),
        ("packages_upgrade", "dist", "value of packages_upgrade must be one of: security, all, none, got: dist"),
        (
            "nginx_acme_directory",
            "http://acme.example/dir",
            "'http://acme.example/dir' is not the address of an ACME directory, e.g. https://acme.example.org/directory",
        ),
        (
            "nginx_acme_profile",
            "short\nserver = x",
            "'short\\nserver = x' is not the name of a profile, e.g. shortlived, or empty",
        ),
        ("nginx_acme_email", "ada at home", "'ada at home' is not an email address, or empty"),
        (
            "nginx_acme_email",
            "ada@home.org\nserver = x",
            "'ada@home.org\\nserver = x' is not an email address, or empty",
        ),
    ],
)
def test_value_that_cannot_work_is_refused_in_a_sentence(faults, name, value, sentence):
    assert faults(**{name: value}) == [f"{name}: {sentence}"]


def test_name_that_others_follow_is_refused_with_them(faults):
    sentence = "'../etc' is not a name of lower-case letters, digits, _ and -, a letter first"
    assert {f"app_name: {sentence}", f"app_user: {sentence}"} <= {*faults(app_name="../etc")}


@pytest.mark.parametrize("value", ["security", "all", "none"])
def test_updates_of_packages(faults, value):
    assert faults(packages_upgrade=value) == []


def test_authority_s_certificate_must_be_on_this_machine(faults):
    values = {"nginx_https": "acme", "nginx_acme_authority": "/none/root.pem"}
    assert faults(**values) == ["nginx_acme_authority: there is no file /none/root.pem on this machine"]
    assert faults(**values | {"nginx_https": "off"}) == []
