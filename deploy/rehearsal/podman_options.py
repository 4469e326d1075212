"""Podman's options that depend on what this machine supports."""

import resource
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def has_unified_cgroups() -> bool:
    """Return whether control groups are version 2 alone, rather than version 1 or both."""
    return (CGROUPS / "cgroup.controllers").exists()


def container_limits() -> list[str]:
    """Return podman's options for limits that this user may set: podman's own defaults may exceed them.

    A number of processes above the kernel's highest process id is refused too.
    """
    files = _limit(resource.RLIMIT_NOFILE, "/proc/sys/fs/nr_open")
    processes = _limit(resource.RLIMIT_NPROC, "/proc/sys/kernel/pid_max")
    return ["--ulimit", f"nofile={files}:{files}", "--ulimit", f"nproc={processes}:{processes}"]


def cgroup_options() -> list[str]:
    """Return podman's options for control groups.

    With version 1, a unit's limits are enforced only if the container sees the machine's own tree.
    """
    if has_unified_cgroups():
        return []
    return ["--cgroupns=host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]


def runtime_options() -> list[list[str]]:
    """Return podman's options for the runtime, the best first.

    crun, podman's own choice, refuses cgroups of both versions side by side; runc takes them.
    """
    runc = ["--runtime", "runc"]
    return [[], runc] if has_unified_cgroups() else [runc, []]


def _limit(resource_id: int, kernel_maximum: str) -> int:
    hard_limit = resource.getrlimit(resource_id)[1]
    maximum = int(Path(kernel_maximum).read_text())
    return maximum if hard_limit == resource.RLIM_INFINITY else min(hard_limit, maximum)
