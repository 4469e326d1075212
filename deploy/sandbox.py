"""Opens a stranger's model file in a process of its own that can't write, reach a network or see this user's files.

A joblib or pickle file is a program. bubblewrap (Debian's ``bubblewrap``) gives the process an empty file system with
Python, this project's code and the given files in it, all read-only, and no network.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.project import ROOT, VENV, tool

SECONDS = 600
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
CODE = ("app", "deploy")
NO_SANDBOX = "PUERTO_NO_SANDBOX"
"""A variable that, set to 1, opens model files without a sandbox: for machines that can't make one."""


def examine(task: str, model: Path, *files: Path, out: Path | None = None, **asked: Any) -> dict[str, Any]:
    """Run ``deploy.examine`` on a model file and return what it found.

    Args:
        task: what to do there: describe, prove or convert.
        files: others that it may read.
        out: a folder that it may write to.
        asked: its arguments.

    Raises:
        DeployError: the file can't be used; its own sentence.
    """
    request = json.dumps({"task": task, "model": str(model), "out": str(out or ""), **asked})
    command = [*_walls([model, *files, *_contracts(asked)], out), tool("python"), "-m", "deploy.examine"]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2", "PYTHONDONTWRITEBYTECODE": "1",
                   "HOME": "/tmp"}  # fmt: skip
    try:
        done = subprocess.run(command, input=request, capture_output=True, text=True, timeout=SECONDS, env=environment,
                              cwd=ROOT)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DeployError(f"{model}: was not understood within {SECONDS} s") from None
    return _understood(model, done)


def _understood(model: Path, done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        if done.stderr.startswith("bwrap:"):
            advice = f"Is the file yours? Then open it without one: {NO_SANDBOX}=1 and the same command."
            raise DeployError(f"this machine can't make a sandbox: {done.stderr.strip()}", advice) from None
        said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise DeployError(f"{model}: ended the process that opened it: {said[0]}") from None
    if "fault" in found:
        raise DeployError(found["fault"], found.get("advice", ""))
    return dict(found)


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
    return [bubblewrap, *binds, *written, "--tmpfs", "/tmp", "--dev", "/dev", "--unshare-all", "--die-with-parent",
            "--new-session", "--cap-drop", "ALL", "--chdir", str(ROOT)]  # fmt: skip


def _python() -> list[Path]:
    """Where Python itself is, which may be outside of /usr."""
    homes = {Path(sys.base_prefix), Path(sysconfig.get_paths()["stdlib"]).parent.parent}
    return [home for home in homes if not home.is_relative_to("/usr")]


def _contracts(asked: dict[str, Any]) -> list[Path]:
    return [Path(asked["contract"])] if "contract" in asked else []
