"""A machine that isn't Debian: what is missing is said, and nothing calls apt-get."""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.base import toolchain
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import KIT
from deploy.cli import checkout, doctor
from deploy.models.sandbox import bubblewrap
from deploy.rehearsal import hosts


@pytest.fixture
def console() -> Iterator[Console]:
    """A console that writes to memory."""
    console = Console("test", io.StringIO())
    yield console
    console.log.close()


@pytest.fixture
def without_apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with Python and ssh alone, as far as ``PATH`` leads."""
    for program in ("python3", "ssh", "true"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolchain, "_SEARCH_PATH", str(tmp_path))


def test_missing_packages_without_apt(console, without_apt):
    with pytest.raises(DeployError) as fault:
        toolchain.require(console, toolchain.sandbox())
    assert fault.value.reason == "this machine lacks what Debian's packages bring: bubblewrap"
    assert fault.value.advice == "Install it with this machine's own package manager, then try again."
    assert console.stream.getvalue() == ""


def test_doctor_without_apt(without_apt):
    (missing,) = (finding for finding in doctor.machine_findings(True) if finding.observation.startswith("missing"))
    assert missing.observation.startswith("missing: podman runc")
    assert missing.advice.startswith("Install it with this machine's own package manager")
    assert "apt-get" not in missing.advice


def test_model_file_needs_a_sandbox_of_linux_or_none(monkeypatch):
    monkeypatch.delenv(toolchain.NO_SANDBOX, raising=False)
    monkeypatch.setattr(toolchain.platform, "system", lambda: "Darwin")
    with pytest.raises(DeployError, match="a sandbox of Linux, which Darwin lacks") as fault:
        toolchain.sandbox()
    assert "train.py" in fault.value.advice
    assert f"{toolchain.NO_SANDBOX}=1 and the same command" in fault.value.advice
    monkeypatch.setenv(toolchain.NO_SANDBOX, "1")
    assert toolchain.sandbox() == {}


def test_hosts_on_this_machine_need_linux(monkeypatch, console):
    monkeypatch.setattr(hosts.platform, "system", lambda: "Darwin")
    with pytest.raises(DeployError, match="hosts on this machine need Linux; this is Darwin"):
        hosts.up(console, "local")
    assert [finding.observation for finding in doctor.machine_findings(True)][-1] == "hosts on this machine need Linux"


def test_processors_are_counted_where_python_cannot_tell_which_are_allowed(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    assert checkout._parallel_options()[0] == "--numprocesses"


def test_operator_who_does_without_a_sandbox_needs_no_bubblewrap(without_apt, tmp_path):
    environment = os.environ | {toolchain.NO_SANDBOX: "1"}
    command = ["/usr/bin/python3", "-m", "deploy", "model", "check", "none"]
    run = subprocess.run(command, cwd=KIT, env=environment, capture_output=True, text=True)
    assert run.stderr.startswith("none: no such model"), run.stderr
    del environment[toolchain.NO_SANDBOX]
    run = subprocess.run(command, cwd=KIT, env=environment, capture_output=True, text=True)
    assert run.stderr.startswith("this machine lacks what Debian's packages bring: bubblewrap"), run.stderr
    assert bubblewrap.NO_SANDBOX == toolchain.NO_SANDBOX
