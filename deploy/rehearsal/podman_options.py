"""What this machine supports, as far as podman must be told when it boots a host."""

import resource
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def has_unified_cgroups() -> bool:
    """Tell whether control groups are version 2 alone, rather than version 1 or both."""
    return (CGROUPS / "cgroup.controllers").exists()


def container_limits() -> list[str]:
    """Return podman's options for limits that this user may set: podman's own defaults may lie above them.

    A number of processes above the kernel's highest process id is refused too.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    highest = int(Path("/proc/sys/kernel/pid_max").read_text())
    processes = highest if processes == resource.RLIM_INFINITY else min(processes, highest)
    open_files = int(Path("/proc/sys/fs/nr_open").read_text())
    files = open_files if files == resource.RLIM_INFINITY else min(files, open_files)
    return ["--ulimit", f"nofile={files}:{files}", "--ulimit", f"nproc={processes}:{processes}"]
