"""Opens a stranger's model file in a process of its own that can't write, reach a network or see this user's files.

A joblib or pickle file is a program. bubblewrap (Debian's ``bubblewrap``) gives the process an empty file system with
Python, this project's code and the given files in it, all read-only, and no network.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from deploy.errors import DeployError
from deploy.project import ROOT, VENV, tool

SECONDS = 600
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CODE = ("app", "deploy")
Ask = Callable[..., dict[str, Any]]
NO_SANDBOX = "PUERTO_NO_SANDBOX"
"""A variable that, set to 1, opens model files without a sandbox: for machines that can't make one."""


@contextmanager
def sandbox(model: Path, *files: Path, out: Path | None = None) -> Iterator[Ask]:
    """Open a sandbox for a model file.

    Args:
        files: others that can be read in it.
        out: a folder that can be written to.

    Returns:
        A function of a task of ``deploy.examine`` and its arguments, which returns what was found.

    Raises:
        DeployError: the file can't be used; its own sentence.
    """
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2", "PYTHONDONTWRITEBYTECODE": "1",
                   "HOME": "/tmp"}  # fmt: skip
    command = [*_walls([model, *files], out), tool("python"), "-m", "deploy.examine"]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, cwd=ROOT
        ) as process,
    ):
        clock = threading.Timer(SECONDS, process.kill)
        clock.start()
        try:
            yield lambda task, **asked: _answer(process, errors, model, {"task": task, "model": str(model), **asked})
        finally:
            clock.cancel()
            process.kill()


def _answer(process: "subprocess.Popen[str]", errors: IO[str], model: Path, request: dict[str, Any]) -> dict[str, Any]:
    try:
        print(json.dumps(request), file=process.stdin, flush=True)
        found = json.loads(process.stdout.readline() if process.stdout else "")
    except (OSError, ValueError):
        status = process.wait()
        errors.seek(0)
        raise _died(model, errors.read().strip(), status) from None
    if "fault" in found:
        raise DeployError(found["fault"], found.get("advice", ""))
    return dict(found)


def _died(model: Path, said: str, status: int) -> DeployError:
    if said.startswith("bwrap:"):
        advice = f"Is the file yours? Then open it without one: {NO_SANDBOX}=1 and the same command."
        return DeployError(f"this machine can't make a sandbox: {said}", advice)
    if status == -signal.SIGKILL:
        return DeployError(f"{model}: was not understood within {SECONDS} s, or took all memory")
    last = said.splitlines()[-1:] or [f"exit status {status}"]
    return DeployError(f"{model}: ended the process that opened it: {last[0]}")


def _walls(readable: list[Path], out: Path | None) -> list[str]:
    if os.environ.get(NO_SANDBOX) == "1":
        return []
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise DeployError("bubblewrap is missing, which keeps a model file's code away from your files",
                          "On Debian: apt-get install bubblewrap")  # fmt: skip
    shown = [*map(Path, SYSTEM), *_python(), VENV, *(ROOT / name for name in CODE), *readable]
    binds = [word for path in shown if path.exists() for word in ("--ro-bind", str(path), str(path))]
    written = ["--bind", str(out), str(out)] if out else []
    return [bubblewrap, "--tmpfs", "/tmp", *binds, *written, "--dev", "/dev", "--unshare-all", "--die-with-parent",
            "--new-session", "--cap-drop", "ALL", "--chdir", str(ROOT)]  # fmt: skip


def _python() -> list[Path]:
    """Where Python itself is, which may be outside of /usr."""
    homes = {Path(sys.base_prefix), Path(sysconfig.get_paths()["stdlib"]).parent.parent}
    return [home for home in homes if not home.is_relative_to("/usr")]
