"""Steps with their times on the screen; everything else goes into a log file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from deploy.base import variables
from deploy.base.errors import DeployError
from deploy.base.paths import KIT, state
from deploy.base.program_output import last_line

LOGS_KEPT = 30


class Console:
    """Shows one line per step and writes the output of the steps' programs to one log file.

    Args:
        name: of the command, for the log file's name.
        stream: where the lines go: standard error for a command whose standard output is data.
    """

    def __init__(self, name: str, stream: IO[str] | None = None) -> None:
        self.stream = stream or sys.stdout
        self.path = state("log", f"{datetime.now():%Y%m%d-%H%M%S}-{name}-{os.getpid()}.log")
        self.log = self.path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._title = ""
        _drop_old_logs(self.path.parent)

    def close(self) -> None:
        """Close the log."""
        self.log.close()

    def say(self, text: str = "") -> None:
        """Print a line, on the screen and in the log."""
        self._erase()
        print(text, file=self.stream, flush=True)
        print(text, file=self.log)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while it runs, and its seconds when it has ended."""
        started = time.monotonic()
        self.running(title)
        try:
            yield
        except BaseException:
            self.ended(title, time.monotonic() - started, mark="✗")
            raise
        self.ended(title, time.monotonic() - started)

    def running(self, title: str) -> None:
        """Show what is being done now; on a terminal only, where the line can be replaced."""
        self._title = title
        print(f"--- {title}", file=self.log)
        if self.stream.isatty():
            print(f"\r\033[K  … {title}", end="", file=self.stream, flush=True)

    def ended(self, title: str, seconds: float, mark: str = "✓") -> None:
        """Print a step's line."""
        self.say(f"  {mark} {title:<58} {seconds:6.1f} s")

    def run(
        self,
        command: Sequence[str | Path],
        *,
        advice: str = "",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        cause: Callable[[str], str] = last_line,
    ) -> str:
        """Run a program, its output in the log, and return its standard output.

        Args:
            advice: what to do if it fails.
            cwd: the folder in which it runs.
            env: its environment.
            cause: returns why it failed, from what it printed.

        Raises:
            DeployError: the program is absent or its exit status is not 0.
        """
        return run(command, advice=advice, log=self.log, cwd=cwd, env=env, cause=cause)

    def follow(
        self,
        command: Sequence[str | Path],
        on_line: Callable[[str], None],
        *,
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        stdin: int | None = None,
    ) -> int:
        """Run a program, log each line of its output and hand it to `on_line`, and return its exit status."""
        arguments = [str(argument) for argument in command]
        _log_command(arguments, self.log)
        with subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            text=True,
            errors="replace",
            cwd=KIT,
            env=env,
            pass_fds=pass_fds,
        ) as process:
            for line in process.stdout or ():
                self.log.write(line)
                on_line(line.rstrip("\n"))
        return int(process.returncode)

    def _erase(self) -> None:
        if self.stream.isatty():
            print("\r\033[K", end="", file=self.stream)


def run(
    command: Sequence[str | Path],
    *,
    advice: str = "",
    log: IO[str] | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    cause: Callable[[str], str] = last_line,
) -> str:
    """Run a program to its end and return its standard output; `Console.run` without a screen."""
    arguments = [str(argument) for argument in command]
    if log:
        _log_command(arguments, log)
    try:
        process = subprocess.run(
            arguments, capture_output=True, text=True, errors="replace", cwd=cwd, env=env or variables.inherited()
        )
    except FileNotFoundError:
        raise DeployError(f"{arguments[0]}: no such program on this machine", advice) from None
    if log:
        log.write(process.stdout + process.stderr)
    if process.returncode:
        reason = cause(f"{process.stdout}\n{process.stderr}") or f"exit status {process.returncode}"
        raise DeployError(f"{Path(arguments[0]).name}: {reason}", advice)
    return process.stdout


def _log_command(arguments: Sequence[str], log: IO[str]) -> None:
    print(f"$ {' '.join(arguments)}", file=log)


def _drop_old_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log"))[:-LOGS_KEPT]:
        log.unlink(missing_ok=True)
