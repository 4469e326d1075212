"""The commands on an operator's machine as it may be: its variables, locale, streams, home and folders."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.base import home, variables
from deploy.base.paths import KIT
from tests.checkout import copied

PYTHON = "/usr/bin/python3"
NO_ENVIRONMENT = "nope: no such environment; the existing ones are: "
ASCII = {"PYTHONIOENCODING": "ascii"}
HOSTILE = {
    "ANSIBLE_CALLBACK_PLUGINS": "/elsewhere",
    "ANSIBLE_BECOME_ASK_PASS": "1",
    "ANSIBLE_CONFIG": "/elsewhere/ansible.cfg",
    "ANSIBLE_ROLES_PATH": "/elsewhere",
    "ANSIBLE_STDOUT_CALLBACK": "json",
    "CONDA_PREFIX": "/opt/conda",
    "PIPENV_PIPFILE": "/elsewhere/Pipfile",
    "PYTHONPATH": "/elsewhere",
    "PYTHONSTARTUP": "/elsewhere.py",
    "PYTHONWARNINGS": "error",
    "VIRTUAL_ENV": "/elsewhere",
}
"""What a shell may have set that would break Ansible, pipenv or Python."""


@pytest.fixture(scope="module")
def closed_port() -> Iterator[int]:
    """A port of this machine where nobody listens, and nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory, closed_port: int) -> Path:
    """An inventory whose host can't be reached."""
    path = tmp_path_factory.mktemp("inventory") / "hosts.yml"
    path.write_text(f"all: {{hosts: {{web1: {{ansible_host: 127.0.0.1, ansible_port: {closed_port}}}}}}}")
    return path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, which pytest's own aren't."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def deploy() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command with other variables, None for those to leave out; there must be no traceback."""

    def run(*arguments: str, folder: Path = KIT, **settings: str | None) -> subprocess.CompletedProcess[str]:
        chosen = {name: value for name, value in (os.environ | settings).items() if value is not None}
        command = [PYTHON, "-m", "deploy", *arguments]
        run = subprocess.run(command, cwd=folder, env=chosen, capture_output=True, text=True, errors="replace")
        assert "Traceback" not in run.stdout + run.stderr, run.stderr
        return run

    return run


@pytest.mark.parametrize(
    "settings",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"} | HOSTILE,
        {"LC_ALL": None, "LANG": "es_ES.UTF-8", "HOME": "/proc/nowhere"},
        {"LC_ALL": None, "LC_CTYPE": "UTF-8", "HOME": None, "SSH_AUTH_SOCK": None},
    ],
    ids=["variables", "no home to write to", "no home"],
)
def test_machine_breaks_nothing(deploy, inventory, closed_port, settings):
    run = deploy("status", str(inventory), **settings)
    assert run.stderr.startswith(f"web1: can't be reached: ssh: connect to host 127.0.0.1 port {closed_port}: "), run
    assert f"nothing listens on port {closed_port}" in run.stderr


def test_checkout_that_all_can_write_to_with_a_space_and_an_accent(deploy, inventory, open_folder):
    checkout = copied(open_folder / "Mi página" / "puerto")
    checkout.chmod(0o777)
    run = deploy("status", str(inventory), folder=checkout, LC_ALL="C")
    assert run.stderr.startswith("web1: can't be reached: ssh: connect to host"), run.stderr
    logs = "".join(log.read_text() for log in (checkout / ".puerto" / "log").iterdir())
    assert "world writable" not in logs
    run = deploy("doctor", folder=checkout, ANSIBLE_STDOUT_CALLBACK="json")
    assert f"✗ everybody on this machine may write to {checkout}" in run.stdout
    assert f"chmod -R o-w '{checkout}'" in run.stdout
    assert "not passed on to Ansible: ANSIBLE_STDOUT_CALLBACK" in run.stdout


def test_terminal_without_utf8_gets_what_it_can_show(deploy):
    assert "  ok .venv holds what Pipfile.lock says" in deploy("doctor", **ASCII).stdout
    run = deploy("status", "página", **ASCII)
    assert run.stderr.startswith("pagina: no such environment"), run.stderr
    assert deploy("--help", **ASCII).returncode == 0


def test_name_that_is_no_text():
    command = [PYTHON, "-m", "deploy", "status", b"a\xf1o"]
    run = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert run.stderr.startswith(r"a\udcf1o: no such environment"), run.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_streams(closed):
    command = ["sh", "-c", f"exec {PYTHON} -m deploy status nope {closed}"]
    run = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert (run.returncode, run.stderr[: len(NO_ENVIRONMENT)]) == (2, NO_ENVIRONMENT)


def test_reader_that_has_gone():
    command = ["bash", "-c", f"set -o pipefail; {PYTHON} -m deploy doctor | true"]
    run = subprocess.run(command, cwd=KIT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (128 + signal.SIGPIPE, "")


def test_warnings_as_errors_show_nothing_of_ours(deploy):
    run = deploy("status", "nope", PYTHONWARNINGS="error")
    assert run.stderr.startswith(NO_ENVIRONMENT)
    assert "Warning" not in run.stderr


def test_what_is_the_operator_s_right_is_passed_on(monkeypatch):
    rights = {
        "ANSIBLE_BECOME_PASSWORD_FILE", "ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_PRIVATE_KEY_FILE", "ANSIBLE_REMOTE_USER",
        "ANSIBLE_VAULT_PASSWORD_FILE", "HTTPS_PROXY", "PIPENV_PYPI_MIRROR", "PIP_INDEX_URL", "SSH_AUTH_SOCK",
    }  # fmt: skip
    for name in {*HOSTILE, *rights}:
        monkeypatch.setenv(name, "x")
    assert rights <= variables.inherited().keys()
    assert HOSTILE.keys() & variables.inherited().keys() == set()
    assert variables.inherited()["LC_ALL"] == variables.utf8_locale()
    assert variables.for_ansible()["ANSIBLE_CONFIG"] == str(KIT / "ansible.cfg")


def test_locale_of_what_is_started_is_one_that_the_machine_has(monkeypatch):
    assert variables.utf8_locale() == "C.UTF-8"
    monkeypatch.setattr(variables, "LOCALE", "xx_XX.UTF-8")
    assert variables.utf8_locale().lower().replace("-", "").endswith(".utf8")
    locale = variables.utf8_locale()
    if locale != "xx_XX.UTF-8":
        assert subprocess.run(["locale", "charmap"], env={"LC_ALL": locale}, capture_output=True).stdout == b"UTF-8\n"


def test_sockets_of_a_deep_home_are_elsewhere(monkeypatch, tmp_path):
    deep = tmp_path / ("d" * 60)
    deep.mkdir()
    for own_home in (deep, Path("/proc/nowhere")):
        monkeypatch.setenv("HOME", str(own_home))
        folder = home.sockets()
        assert len(str(folder)) < 40
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.geteuid()


def test_sockets_are_in_the_home_where_that_is_possible(monkeypatch, open_folder):
    monkeypatch.setenv("HOME", str(open_folder))
    assert home.sockets() == open_folder / ".ansible" / "cp"
    home.sockets().chmod(0o777)
    assert home.sockets() != open_folder / ".ansible" / "cp"
