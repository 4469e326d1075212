"""Opens a stranger's model file in a process of its own that can't write, reach a network or see this user's files.

A joblib or pickle file is a program. bubblewrap (Debian's ``bubblewrap``) gives the process an empty file system with
Python, this project's code and the given files in it, all read-only, and no network; seccomp.py takes what else the
kernel offers. What the process answers is taken for what a stranger says: bounded, and of a strict type.
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
from deploy.models.sandbox import channel, replies, seccomp
from deploy.models.sandbox.replies import AnyReply

SECONDS = 600
"""For an answer."""

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CODE = ("app", "deploy")
WORKER = "deploy.models.sandbox.worker"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that are 1 on the server: with more, a row's threads only wait for each other, and times are another's."""

NO_SANDBOX = "PUERTO_NO_SANDBOX"
"""A variable that, set to 1, opens model files without a sandbox: for machines that can't make one."""


class Opened:
    """A model file in its sandbox.

    Args:
        model: the file.
        process: which opens it, once it is asked.
    """

    def __init__(self, model: Path, process: "subprocess.Popen[bytes]") -> None:
        self._model, self._process = model, process
        self._channel = channel.Channel(process)

    def ask(self, task: str, kind: type[AnyReply], **words: Any) -> tuple[AnyReply, bytes]:
        """Return what a task of worker.py finds, and the file that it hands over, or none.

        Args:
            kind: what the answer is to be.
            words: the task's.

        Raises:
            DeployError: the file can't be used; its own sentence.
        """
        request = {"task": task, "model": str(self._model), **words}
        return self._answer(json.dumps(request).encode() + b"\n", kind)

    def must_start(self) -> None:
        """Wait until the process runs; nothing has been opened by then, so what is said of the sandbox is true.

        Raises:
            DeployError: this machine can't make one.
        """
        try:
            self._channel.ask(b"", time.monotonic() + SECONDS)
        except (channel.Ended, channel.Silent, channel.Flooded):
            self._must_have_ended()
            words = replies.visible(self._channel.messages) or "it doesn't start"
            advice = f"Is the file yours? Then open it without one: {NO_SANDBOX}=1 and the same command."
            raise DeployError(f"this machine can't make a sandbox: {words}", advice) from None

    def _answer(self, request: bytes, kind: type[AnyReply]) -> tuple[AnyReply, bytes]:
        deadline = time.monotonic() + SECONDS
        try:
            reply = replies.read(self._channel.ask(request, deadline), kind, str(self._model))
            return reply, self._channel.take(reply.attached, deadline)
        except channel.Silent:
            raise DeployError(f"{self._model}: was not understood within {SECONDS} s") from None
        except channel.Flooded as fault:
            raise DeployError(f"{self._model}: {fault}: it isn't what it seems") from None
        except channel.Ended:
            raise self._died() from None

    def _died(self) -> DeployError:
        status = self._must_have_ended()
        if status in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return DeployError(f"{self._model}: took all memory, or its process was killed by somebody else")
        if status in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
            return DeployError(f"{self._model}: takes more of the processor's time than a model is given")
        last = self._channel.messages.splitlines()[-1:] or [f"exit status {status}"]
        return DeployError(f"{self._model}: ended the process that opened it: {replies.visible(last[0])}")

    def _must_have_ended(self) -> int:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        kill(self._process)
        self._channel.drain()
        return self._process.wait()

    def close(self) -> None:
        """End the process, and whatever it has started."""
        kill(self._process)
        self._channel.close()
        self._process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its group; with bubblewrap that ends all that is inside of its walls."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def sandbox(model: Path, *files: Path) -> Iterator[Opened]:
    """Open a sandbox for a model file.

    Args:
        files: others that can be read in it.

    Raises:
        DeployError: this machine can't make one.
    """
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": str(KIT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/tmp",
        **dict.fromkeys(THREADS, "1"),
    }
    with ExitStack() as ends:
        walls, numbers = _walls([model, *files], ends)
        opened = Opened(model, started([*walls, tool("python"), "-m", WORKER], environment, numbers))
        ends.callback(opened.close)
        opened.must_start()
        yield opened


def started(command: list[str], environment: dict[str, str], numbers: list[int]) -> "subprocess.Popen[bytes]":
    """Start a process with pipes, in a group of its own, which can be killed whole."""
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env=environment,
        cwd=KIT, pass_fds=numbers, start_new_session=True,
    )  # fmt: skip


def _walls(readable: list[Path], ends: ExitStack) -> tuple[list[str], list[int]]:
    """Return the words before the command, and the descriptors that it reads."""
    if os.environ.get(NO_SANDBOX) == "1":
        return [], []
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise DeployError("bubblewrap is missing, which keeps a model file's code away from your files",
                          "On Debian: apt-get install bubblewrap")  # fmt: skip
    shown = [*map(Path, SYSTEM), *_python(), VENV, *(KIT / name for name in CODE), *readable]
    binds = [word for path in shown if path.exists() for word in ("--ro-bind", str(path), str(path))]
    # Last, once all is in its place: then not even what lies in memory alone can be written to.
    shut = ["--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/"]
    numbers = _filter(ends)
    filters = [word for number in numbers for word in ("--seccomp", str(number))]
    return [bubblewrap, "--tmpfs", "/tmp", *binds, "--dev", "/dev", *shut, "--unshare-all", "--die-with-parent",
            "--new-session", "--cap-drop", "ALL", "--chdir", str(KIT), *filters], numbers  # fmt: skip


def _filter(ends: ExitStack) -> list[int]:
    """Return a descriptor of the program for seccomp; none on a machine that there is none for."""
    if not (program := seccomp.program()):
        return []
    number = os.memfd_create("seccomp")
    ends.callback(os.close, number)
    os.write(number, program)
    os.lseek(number, 0, os.SEEK_SET)
    return [number]


def _python() -> list[Path]:
    """Where Python itself is, which may be outside of /usr."""
    homes = {Path(sys.base_prefix), Path(sysconfig.get_paths()["stdlib"]).parent.parent}
    return [home for home in homes if not home.is_relative_to("/usr")]
