"""What systemd reads: systemd's own program reads it here, and each option arrives where it counts."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from puerto import systemd

from tests.unit.templates.rendering import CHANGED, DEFAULTS, SCENARIOS, SECOND, Rendering

TARGETS = ("basic", "network", "network-online", "shutdown", "sysinit", "time-set", "time-sync", "timers")
"""Those that the units come after or before, by themselves or as every service."""

ONE = {"every default": DEFAULTS, "everything changed": CHANGED}
one_application = pytest.mark.parametrize("rendering", ONE.values(), ids=ONE)


def with_programs(root: Path, units: dict[Path, str]) -> list[str]:
    """Write units under a root of their own, with the programs that they start; return their paths there."""
    for target in TARGETS:
        write(root / f"usr/lib/systemd/system/{target}.target", "[Unit]\n")
    for path, text in units.items():
        write(under(root, path), text)
        for program in re.findall(r"^Exec\w+=(/\S+)", text, re.M):
            write(under(root, Path(program)), "#!/bin/sh\n").chmod(0o755)
    return [str(under(root, path)) for path in units]


def under(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", f"--root={root}", *arguments], capture_output=True, text=True)


def values(text: str) -> dict[str, str]:
    """Return key → value of a unit; of a key that is there twice, both values."""
    merged: dict[str, str] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text, re.M):
        merged[key] = f"{merged[key]} {value}" if key in merged else value
    return merged


@pytest.mark.parametrize("applications", SCENARIOS.values(), ids=SCENARIOS)
def test_systemd_finds_no_fault(tmp_path, applications):
    units = {path: text for application in applications for path, text in application.unit_files.items()}
    assert len(units) == sum(4 if application.plan.https == "acme" else 2 for application in applications)
    done = analyze(tmp_path, "verify", "--man=no", *with_programs(tmp_path, units))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "broken", "sentence"),
    [
        ("KillMode=mixed", "KillMod=mixed", "Unknown key 'KillMod' in section [Service]"),
        ("ExecStart=", "ExecStart=/none", "is not executable"),
        ("TimeoutStopSec=", "TimeoutStopSec=soon", "Failed to parse"),
    ],
)
def test_systemd_names_a_fault(tmp_path, text, broken, sentence):
    """As a check that nothing is lost on the way to it; of some faults its status says nothing."""
    ((path, unit), *_) = DEFAULTS.unit_files.items()
    names = with_programs(tmp_path, {path: unit})
    under(tmp_path, path).write_text(unit.replace(text, broken))
    assert sentence in analyze(tmp_path, "verify", "--man=no", *names).stderr


@one_application
def test_nothing_is_left_to_be_rendered(rendering: Rendering):
    for text in rendering.unit_files.values():
        assert not re.findall(r"\{\{|\}\}|\{%|<<|@RELEASE@|\bNone\b|\bUndefined\b", text)


@one_application
def test_limits_are_the_options(rendering: Rendering):
    unit = values(rendering.unit)
    assert unit["User"] == unit["SupplementaryGroups"] == rendering.option("app_user")
    assert unit["MemoryMax"] == rendering.option("systemd_memory_max")
    assert unit["TimeoutStartSec"] == str(rendering.option("app_start_seconds"))
    assert int(unit["TimeoutStopSec"]) > rendering.option("gunicorn_graceful_timeout"), "it would be killed before"


@one_application
def test_unit_runs_in_the_release_and_binds_where_the_host_asks(rendering: Rendering):
    unit, application, release = values(rendering.unit), rendering.application, rendering.plan.id
    folder, socket = application.folder(release), application.socket(release)
    assert unit["WorkingDirectory"] == str(folder)
    assert unit["EnvironmentFile"] == f"{folder}/.env"
    assert unit["ExecStart"].startswith(f"{folder}/.venv/bin/gunicorn ")
    assert f"GUNICORN_BIND=unix:{socket}" in unit["Environment"].replace("%t", "/run").split()
    assert Path("/run", unit["RuntimeDirectory"]) == socket.parent


@one_application
def test_boot_starts_the_current_release_s_program(rendering: Rendering):
    boot = values(list(rendering.unit_files.values())[-1])
    assert boot["WorkingDirectory"] == f"{rendering.application.root}/current"
    assert boot["ExecStart"] == f"/usr/bin/python3 -m {systemd.PROGRAM} boot"


@pytest.mark.parametrize("other", [SECOND, CHANGED], ids=["second", "changed"])
def test_two_applications_share_no_file_folder_or_user(other: Rendering):
    both = [application.unit_files for application in (DEFAULTS, other)]
    assert not both[0].keys() & both[1].keys()
    for key in ("User", "WorkingDirectory", "EnvironmentFile", "ExecStart", "RuntimeDirectory"):
        assert len({values(application.unit)[key] for application in (DEFAULTS, other)}) == 2, key


OPEN = {
    "DeviceAllow", "MemoryDenyWriteExecute", "PrivateMounts", "PrivateNetwork", "PrivateUsers", "ProcSubset",
    "ProtectProc", "RemoveIPC", "RestrictAddressFamilies_AF_UNIX", "RootDirectoryOrRootImage",
    "SupplementaryGroups", "UMask",
}  # fmt: skip
"""What systemd would have a sandbox refuse too; and calls, by SystemCallFilter."""


def test_sandbox_refuses_all_that_systemd_knows_but_what_is_left_open(tmp_path):
    with_programs(tmp_path, DEFAULTS.unit_files)
    name = DEFAULTS.application.service(DEFAULTS.plan.id)
    done = analyze(tmp_path, "security", "--offline=yes", "--json=short", name)
    missing = {check["json_field"] for check in json.loads(done.stdout) if check["set"] is False}
    assert {check for check in missing if not check.startswith("SystemCallFilter_")} <= OPEN
