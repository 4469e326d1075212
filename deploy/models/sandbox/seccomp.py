"""What a process in the sandbox can't ask of the kernel: a filter for seccomp, which bubblewrap loads.

A model is opened and run by one process with its threads. It starts no other, has no socket, keeps no memory outside
of itself (shared segments and queues outlive what made them, and no limit counts them), traces and mounts nothing.
The numbers are the kernel's (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h).
"""

import errno
import platform
import struct
import sys

REFUSED = {
    "x86_64": {
        "fork": 57, "vfork": 58, "socket": 41, "socketpair": 53, "shmget": 29, "msgget": 68, "semget": 64,
        "mq_open": 240, "memfd_create": 319, "memfd_secret": 447, "ptrace": 101, "process_vm_readv": 310,
        "process_vm_writev": 311, "pidfd_getfd": 438, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166,
        "pivot_root": 155, "fsopen": 430, "open_tree": 428, "move_mount": 429, "fsmount": 432, "fspick": 433,
        "mount_setattr": 442, "open_by_handle_at": 304, "fanotify_init": 300, "add_key": 248, "request_key": 249,
        "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425,
        "init_module": 175, "finit_module": 313,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "shmget": 194, "msgget": 186, "semget": 190, "mq_open": 180,
        "memfd_create": 279, "memfd_secret": 447, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "pidfd_getfd": 438, "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "fsopen": 430,
        "open_tree": 428, "move_mount": 429, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
        "open_by_handle_at": 265, "fanotify_init": 262, "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425, "init_module": 105, "finit_module": 273,
    },
}  # fmt: skip
"""Machine → the calls that are refused, each with its number there."""

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Machine → how the kernel names it to a filter (AUDIT_ARCH_…): another is a way around the numbers."""

CLONE, CLONE3 = {"x86_64": 56, "aarch64": 220}, 435
CLONE_THREAD = 0x10000
X32 = 0x40000000
"""From here on x86_64 has the same calls under other numbers."""

_LOAD, _EQUALS, _AT_LEAST, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def program(machine: str = platform.machine()) -> bytes:
    """Return the filter as the kernel reads it, an array of sock_filter; empty for a machine that isn't named here."""
    if machine not in REFUSED or sys.byteorder != "little":
        return b""
    refuse = _step(_RETURN, _ERROR | errno.EPERM)
    steps = [
        _step(_LOAD, _MACHINE), _step(_EQUALS, ARCHITECTURE[machine], 1), _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER), _step(_AT_LEAST, X32, 0, 1), refuse,
        # glibc asks for clone3 first and falls back on clone, whose flags can be read here.
        _step(_EQUALS, CLONE3, 0, 1), _step(_RETURN, _ERROR | errno.ENOSYS),
    ]  # fmt: skip
    for number in REFUSED[machine].values():
        steps += [_step(_EQUALS, number, 0, 1), refuse]
    steps += [_step(_EQUALS, CLONE[machine], 0, 3), _step(_LOAD, _FIRST_ARGUMENT), _step(_HAS, CLONE_THREAD, 1), refuse]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
