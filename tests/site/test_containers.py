"""A host that is a container without privileges and without IPv6: an LXC of many providers."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.base.console import Console
from deploy.base.paths import KIT
from deploy.rehearsal import hosts as rehearsal
from tests.site.common import deploy, podman, scratch

pytestmark = [pytest.mark.debian(13), pytest.mark.long]

UNIX, INET, INET6, NETLINK, PACKET = 1, 2, 10, 16, 17
AUDIT = 9
"""Of netlink's: sshd expects a container's answer to it, which is an error of its own."""

INVALID, NO_FAMILY = 22, 97


def socket_rule(family: int, error: int = 0, protocol: tuple[int, str] | None = None) -> dict[str, object]:
    """Return a rule of seccomp for socket(2): allowed, or refused with an error."""
    arguments = [{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}]
    if protocol:
        arguments.append({"index": 2, "value": protocol[0], "op": protocol[1]})
    action = {"action": "SCMP_ACT_ERRNO", "errnoRet": error} if error else {"action": "SCMP_ACT_ALLOW"}
    return {"names": ["socket"], "args": arguments} | action


SOCKETS = [
    *(socket_rule(family) for family in (UNIX, INET, PACKET)),
    socket_rule(NETLINK, protocol=(AUDIT, "SCMP_CMP_NE")),
    socket_rule(NETLINK, INVALID, (AUDIT, "SCMP_CMP_EQ")),
    socket_rule(INET6, NO_FAMILY),
]


def without_ipv6() -> Path:
    """Write podman's own profile, without sockets of IPv6: as on a kernel that was booted with ipv6.disable=1."""
    profile = json.loads(Path("/usr/share/containers/seccomp.json").read_text())
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name != "socket"]
    profile["syscalls"] = [rule for rule in profile["syscalls"] if rule["names"]] + SOCKETS
    path = scratch("seccomp.json")
    path.write_text(json.dumps(profile))
    return path


@pytest.fixture
def container(debian: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[rehearsal.Host]:
    options = rehearsal._run_options

    def unprivileged(host: rehearsal.Host) -> list[str]:
        fewer = [option.replace("SYS_ADMIN,", "") for option in options(host)]
        return [*fewer, "--security-opt", f"seccomp={without_ipv6()}"]

    monkeypatch.setattr(rehearsal, "_run_options", unprivileged)
    console, number = Console("test"), debian.removeprefix("debian")
    name = f"unprivileged{number}"  # each Debian's tests run in a process of their own, beside the other's
    rehearsal.down(name)
    yield rehearsal.up(console, name, number)
    console.log.close()
    rehearsal.down(name)


def test_host_without_privileges_and_ipv6_serves_and_says_what_it_lost(container, on):
    assert "SYS_ADMIN" not in podman("inspect", "--format", "{{.EffectiveCaps}}", container.container)
    program = "python3 -c 'import socket; socket.socket(socket.AF_INET6)'"
    assert subprocess.run(container.ssh(program), capture_output=True).returncode
    inventory = scratch("unprivileged.yml")
    inventory.write_text(rehearsal.inventory([container]))
    run = deploy(KIT, "up", str(inventory))
    assert run.returncode == 0, run.stdout + run.stderr
    if container.debian != "12":  # whose systemd sets up the filters while it has the rights
        assert "sandbox: without " in run.stdout and "which this container can't set up" in run.stdout
        assert "RestrictNamespaces" in run.stdout and "ProtectSystem" not in run.stdout
    assert "[::]" not in on(container, "cat /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf")
    again = deploy(KIT, "up", str(inventory))
    assert "changed=0" in again.stdout, again.stdout + again.stderr
