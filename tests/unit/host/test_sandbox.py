"""What a container can't set up of a unit's sandbox: found out by trying, left out by name, tried once per boot."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from puerto import sandbox

from tests.unit.templates.rendering import DEFAULTS

SYSTEMD_RUN = """#!/bin/sh
echo "$*" >> "$0.log"
case "$*" in {} exit 1;; esac
"""
"""In systemd's place: refuses what a container's may not do; tests/site has a real one."""


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make this a container that can't set up what a pattern of the shell matches; return the log of what it tries."""
    monkeypatch.setattr(sandbox, "RUN", tmp_path)
    monkeypatch.setattr(sandbox, "CONTAINER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def make(pattern: str) -> Path:
        program = tmp_path / "systemd-run"
        program.write_text(SYSTEMD_RUN.format(pattern))
        program.chmod(0o755)
        return tmp_path / "systemd-run.log"

    return make


def test_host_that_is_no_container_has_the_whole(container, tmp_path, monkeypatch):
    log = container("*)")
    monkeypatch.setattr(sandbox, "CONTAINER", tmp_path / "none")
    assert sandbox.for_host(DEFAULTS.unit) == DEFAULTS.unit
    assert not log.exists(), "nothing is tried"


def test_container_that_can_do_all_has_the_whole(container):
    log = container("none)")
    assert sandbox.for_host(DEFAULTS.unit) == DEFAULTS.unit
    (tried,) = log.read_text().splitlines()
    assert "--property=User=nobody --property=CapabilityBoundingSet= " in tried
    assert "MemoryMax" not in tried, "it is no part of the sandbox"


def test_what_a_container_cannot_do_is_left_out_by_name(container):
    container("*ProtectClock=*|*PrivateDevices=*PrivateTmp=*)")
    lost = ["PrivateTmp=true", "ProtectClock=true"]
    assert sandbox.lost(DEFAULTS.unit) == lost, "of two that exclude each other, the first stays"
    expected = [sandbox.LOST + line if line in lost else line for line in DEFAULTS.unit.splitlines()]
    assert sandbox.for_host(DEFAULTS.unit).splitlines() == expected


def test_container_is_asked_once_about_each_sandbox(container):
    log = container("*ProtectClock=*)")
    lost, tried = sandbox.lost(DEFAULTS.unit), log.read_text()
    assert sandbox.lost(DEFAULTS.unit) == lost == ["ProtectClock=true"]
    assert log.read_text() == tried
    assert sandbox.lost(DEFAULTS.unit.replace("ProtectClock=true\n", "")) == []
    assert len(log.read_text().splitlines()) == len(tried.splitlines()) + 1, "another sandbox is tried"
