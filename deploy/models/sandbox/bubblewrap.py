"""Opens a stranger's model file in a process of its own that can't write, reach a network or see this user's files.

A joblib or pickle file is a program. bubblewrap (Debian's ``bubblewrap``) gives the process an empty file system with
Python, this project's code and the given files in it, all read-only, and no network; seccomp.py takes what else the
kernel offers. Whatever the process replies is taken for a stranger's claim: bounded, and of a strict type.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from deploy.base.errors import DeployError
from deploy.base.paths import KIT, VENV, tool
from deploy.base.toolchain import NO_SANDBOX
from deploy.models.sandbox import channel, replies, seccomp
from deploy.models.sandbox.replies import AnyReply
from deploy.models.sandbox.text import visible

SECONDS = 600
"""For a reply."""

START_SECONDS = 60
"""Within which the process runs, before it has opened anything: what takes longer is this machine's fault."""

END_SECONDS = 5
"""A moment to end by itself, before it is killed."""

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CODE = ("app", "deploy")
WORKER = "deploy.models.sandbox.worker"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that are 1 on the server: with more, threads wait for each other, and other times are measured."""


class Sandbox:
    """A process that opens a model file once it is given a task.

    Args:
        model: the file.
        process: runs worker.py.
        code: modules that came with it; None: none came.
    """

    def __init__(self, model: Path, process: "subprocess.Popen[bytes]", code: Path | None = None) -> None:
        self._model, self._process, self._code = model, process, code
        self._channel = channel.Channel(process)

    def run(self, task: str, kind: type[AnyReply], **arguments: Any) -> tuple[AnyReply, bytes]:
        """Return the reply to a task of worker.py, and the file that it hands over, or none.

        Args:
            kind: of reply.
            arguments: the task's.

        Raises:
            DeployError: the file can't be used; its own sentence.
        """
        request = {"task": task, "model": str(self._model), "code": str(self._code or ""), **arguments}
        return self._reply(json.dumps(request).encode() + b"\n", kind)

    def wait_until_ready(self) -> None:
        """Wait until the process runs; it has opened nothing by then, so a failure is the sandbox's own.

        Raises:
            DeployError: this machine can't make one.
        """
        try:
            self._channel.ask(b"", time.monotonic() + START_SECONDS)
        except (channel.Ended, channel.Silent, channel.Flooded):
            self._end()
            message = visible(self._channel.messages) or "it doesn't start"
            advice = f"Is the file yours? Then open it without one: {NO_SANDBOX}=1 and the same command."
            raise DeployError(f"this machine can't make a sandbox: {message}", advice) from None

    def _reply(self, request: bytes, kind: type[AnyReply]) -> tuple[AnyReply, bytes]:
        deadline = time.monotonic() + SECONDS
        try:
            reply = replies.decode(self._channel.ask(request, deadline), kind, str(self._model))
            return reply, self._channel.read(reply.attached, deadline)
        except channel.Silent:
            raise DeployError(f"{self._model}: wasn't understood within {SECONDS} s") from None
        except channel.Flooded as fault:
            raise DeployError(f"{self._model}: {fault}: it isn't what it seems") from None
        except channel.Ended:
            raise self._exit_error() from None

    def _exit_error(self) -> DeployError:
        status = self._end()
        if status in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return DeployError(f"{self._model}: used up all memory, or something else killed its process")
        if status in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
            return DeployError(f"{self._model}: takes more processor time than a model is allowed")
        last = self._channel.messages.splitlines()[-1:] or [f"exit status {status}"]
        return DeployError(f"{self._model}: ended the process that opened it: {visible(last[0])}")

    def _end(self) -> int:
        """Give the process a moment to end by itself, then kill it; return its exit status."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=END_SECONDS)
        kill(self._process)
        self._channel.drain()
        return self._process.wait()

    def close(self) -> None:
        """End the process, and whatever it has started."""
        kill(self._process)
        self._channel.close()
        self._process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its group; with bubblewrap that ends all that runs in the sandbox."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def open_sandbox(
    model: Path, *files: Path, code: Path | None = None, packages: Path | None = None
) -> Iterator[Sandbox]:
    """Open a sandbox for a model file.

    Args:
        files: others that can be read in it.
        code: a ZIP of modules that came with the model, which it may import.
        packages: a folder of packages that come before those of ``.venv``; see scikit_learns.py.

    Raises:
        DeployError: this machine can't make one.
    """
    folders = [*filter(None, [packages])]
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, [KIT, *folders])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/tmp",
        **dict.fromkeys(THREADS, "1"),
    }
    with ExitStack() as stack:
        command, descriptors = _bwrap_command([model, *files, *filter(None, [code]), *folders], stack)
        process = start_process([*command, tool("python"), "-m", WORKER], environment, descriptors)
        sandbox = Sandbox(model, process, code)
        stack.callback(sandbox.close)
        sandbox.wait_until_ready()
        yield sandbox


def start_process(command: list[str], environment: dict[str, str], descriptors: list[int]) -> "subprocess.Popen[bytes]":
    """Start a process with pipes, in a group of its own, which can be killed whole."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=environment,
        cwd=KIT,
        pass_fds=descriptors,
        start_new_session=True,
    )


def _bwrap_command(readable: list[Path], stack: ExitStack) -> tuple[list[str], list[int]]:
    """Return bubblewrap and its options, to stand before a command, and the descriptors that it reads."""
    if os.environ.get(NO_SANDBOX) == "1":
        return [], []
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise DeployError(
            "bubblewrap is missing, which keeps a model file's code away from your files",
            "On Debian: apt-get install bubblewrap",
        )
    paths = [*map(Path, SYSTEM), *_python_folders(), VENV, *(KIT / name for name in CODE), *readable]
    binds = [option for path in paths if path.exists() for option in ("--ro-bind", str(path), str(path))]
    # Last, once all is in its place: then not even what lies in memory alone can be written to.
    remounts = ["--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/"]
    isolation = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--chdir", str(KIT)]
    descriptors = _seccomp_descriptors(stack)
    filters = [option for descriptor in descriptors for option in ("--seccomp", str(descriptor))]
    command = [bubblewrap, "--tmpfs", "/tmp", *binds, "--dev", "/dev", *remounts, *isolation, *filters]
    return command, descriptors


def _seccomp_descriptors(stack: ExitStack) -> list[int]:
    """Return a descriptor of the filter for seccomp; none on a machine that there is none for."""
    if not (program := seccomp.program()):
        return []
    descriptor = os.memfd_create("seccomp")
    stack.callback(os.close, descriptor)
    os.write(descriptor, program)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return [descriptor]


def _python_folders() -> list[Path]:
    """Where Python itself is, which may be outside of /usr."""
    folders = {Path(sys.base_prefix), Path(sysconfig.get_paths()["stdlib"]).parent.parent}
    return [folder for folder in folders if not folder.is_relative_to("/usr")]
