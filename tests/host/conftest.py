"""Runs the host tests against every host of an inventory, with the values that Ansible renders for it."""

import json
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from puerto.http_client import HOST_ITSELF
from puerto.layout import Application
from testinfra.host import Host

from deploy.base.home import sockets
from deploy.environments import causes
from deploy.environments.addresses import in_url
from tests.host import become
from tests.host.shell import NotRunError, ShellBackend
from tests.inventory import InventoryError, rendered

SSH_FAILED = 255
"""The status with which ssh says that it reached nobody."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--inventory", default="ansible/inventories/local", help="the inventory to verify")
    parser.addoption("--become-password-file", default=os.environ.get(become.FILE), help="holds sudo's password")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "values" in metafunc.fixturenames:
        try:
            values = rendered(metafunc.config.getoption("--inventory"))
        except InventoryError as fault:
            pytest.exit(str(fault), returncode=2)
        public = [become.without_passwords(options) for options in values.values()]
        metafunc.parametrize("values", public, ids=list(values), scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about a mode of HTTPS that a host doesn't have; pytest counts it as deselected."""
    left_out = [item for item in items if (mark := item.get_closest_marker("https"))
                and not _has_mode(item.callspec.params["values"]["__nginx_https"], mark.args)]  # fmt: skip
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _has_mode(mode: str, wanted: Sequence[str]) -> bool:
    return mode in wanted if wanted else mode != "off"


@pytest.fixture(scope="session")
def host(values: dict[str, Any], pytestconfig: pytest.Config) -> Any:
    """A host, as root: through sudo where the inventory's user isn't root."""
    user = values.get("ansible_user", "")
    address = values.get("ansible_host", values["inventory_hostname"])
    arguments = (values.get(f"ansible_ssh_{kind}_args", "") for kind in ("common", "extra"))
    all_values = rendered(pytestconfig.getoption("--inventory"))[values["inventory_hostname"]]
    backend = ShellBackend(
        f"{user + '@' if user else ''}{in_url(address)}:{values.get('ansible_port', 22)}",
        sudo=bool(values.get("ansible_become", user not in ("", "root"))),
        become_password=become.password(all_values, pytestconfig.getoption("--become-password-file")),
        ssh_identity_file=values.get("ansible_ssh_private_key_file"),
        ssh_extra_args=" ".join(filter(None, arguments)) or None,
        controlpath=f"{sockets()}/%%C",
    )
    host = Host(backend)
    backend.set_host(host)
    _must_answer(host, values["inventory_hostname"], f"{user}@{address}".removeprefix("@"))
    return host


def _must_answer(host: Any, name: str, login: str) -> None:
    try:
        host.run("true")
    except NotRunError as fault:
        result = fault.args[0]
        if result.rc == SSH_FAILED:
            reason = f"can't be reached: {result.stderr.strip()}"
        else:
            reason = causes.not_an_answer(result.stdout, result.stderr, result.rc, login)
        pytest.exit(f"{name}: {reason}", returncode=1)


@pytest.fixture(scope="session")
def environment(host: Any, values: dict[str, Any]) -> dict[str, str]:
    """The settings in the host's .env."""
    lines = host.file(f"{values['app_root']}/shared/.env").content_string.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


@pytest.fixture(scope="session")
def release(host: Any, values: dict[str, Any]) -> str:
    """The id of the current release, as its link says."""
    return host.check_output(f"readlink {values['app_root']}/current").rpartition("/")[2]


@pytest.fixture(scope="session")
def socket(values: dict[str, Any], release: str) -> str:
    """The current release's socket."""
    return str(Application(Path(values["app_root"]), values["systemd_unit"]).socket(release))


@dataclass(frozen=True)
class Response:
    """What the site answered."""

    status: int
    headers: dict[str, str]
    body: str


@pytest.fixture(scope="session")
def ask(host: Any, values: dict[str, Any]) -> Callable[..., Response | None]:
    """Ask the site from the host itself, which needs no more than its Python; None where nothing is answered."""
    program = shlex.quote((Path(__file__).parent / "ask.py").read_text())

    def request(
        path: str,
        row: str = "",
        name: str = values["nginx_server_names"][0],
        socket: str = "",
        scheme: str = values["__nginx_scheme"],
        source: str = "127.0.0.1",
        times: int = 1,
    ) -> Response | None:
        body = "-" if row else ""
        arguments = " ".join(map(shlex.quote, [HOST_ITSELF, path, name, body, socket, scheme, source, str(times)]))
        feed = f"head --bytes={len(row)} /dev/zero | tr '\\0' 0" if len(row) > 4096 else f"printf %s {shlex.quote(row)}"
        response = json.loads(host.check_output(f"{feed} | /usr/bin/python3 -c {program} {arguments}"))
        return Response(**response) if response else None

    return request


@pytest.fixture(scope="session")
def models(ask: Callable[..., Response]) -> dict[str, dict[str, Any]]:
    """Name → what the site's API tells of each model."""
    response = ask("/api/v1/models")
    assert response.status == 200, response.body
    return {card["name"]: card for card in json.loads(response.body)}


@pytest.fixture(scope="session")
def default_model(models: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The model that addresses without a name ask."""
    return models[values["app_default_model"] or min(models)]


def example(card: dict[str, Any]) -> str:
    """Return a model's example as JSON."""
    return json.dumps({field["name"]: field["example"] for field in card["contract"]["fields"]})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what the host's own logs say, once a test of it has failed."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "host" in arguments and "values" in arguments:
        report.sections += _logs(arguments["host"], arguments["values"])
    return report


def _logs(host: Any, values: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        journal = host.run(f"journalctl --no-pager --lines=15 --unit='{values['systemd_unit']}*'").stdout
        errors = host.run(f"tail --lines=10 {values['nginx_error_log']}").stdout
    except RuntimeError as fault:
        return [("the host's logs", f"not to be had: {fault}")]
    return [("the unit's journal", journal), ("Nginx's error log", errors)]
