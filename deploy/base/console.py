"""Steps with their times on the screen, everything else in a log file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from deploy.base.errors import DeployError
from deploy.base.paths import KIT, state

LOGS_KEPT = 30


class Console:
    """Shows one line per step and writes what the steps' programs print to one log file.

    Args:
        verb: names the log file.
        stream: where the lines go: standard error for a verb whose standard output is data.
    """

    def __init__(self, verb: str, stream: IO[str] | None = None) -> None:
        self.stream = stream or sys.stdout
        self.path = state("log", f"{datetime.now():%Y%m%d-%H%M%S}-{verb}-{os.getpid()}.log")
        self.log = self.path.open("a", encoding="utf-8", buffering=1)
        self._title = ""
        _drop_old_logs(self.path.parent)

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

    def run(self, command: Sequence[str | Path], *, advice: str = "", cwd: Path | None = None,
            env: Mapping[str, str] | None = None) -> str:  # fmt: skip
        """Run a program, its output in the log, and return its standard output.

        Raises:
            DeployError: the program is absent or its exit status is not 0; the reason is its last words.
        """
        return run(command, advice=advice, log=self.log, cwd=cwd, env=env)

    def follow(self, command: Sequence[str | Path], see: Callable[[str], None], *, env: Mapping[str, str],
               pass_fds: Sequence[int] = ()) -> int:  # fmt: skip
        """Run a program, hand each line that it prints to `see`, log it, and return its exit status."""
        print(f"$ {_shown(command)}", file=self.log)
        with subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            cwd=KIT,
            env=env,
            pass_fds=pass_fds,
        ) as process:
            for line in process.stdout or ():
                self.log.write(line)
                see(line.rstrip("\n"))
        return int(process.returncode)

    def _erase(self) -> None:
        if self.stream.isatty():
            print("\r\033[K", end="", file=self.stream)


def run(command: Sequence[str | Path], *, advice: str = "", log: IO[str] | None = None, cwd: Path | None = None,
        env: Mapping[str, str] | None = None) -> str:  # fmt: skip
    """Run a program to its end and return its standard output; `Console.run` without a screen."""
    words = [str(part) for part in command]
    if log:
        print(f"$ {_shown(words)}", file=log)
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", cwd=cwd, env=env)
    except FileNotFoundError:
        raise DeployError(f"{words[0]}: no such program on this machine", advice) from None
    if log:
        log.write(done.stdout + done.stderr)
    if done.returncode:
        raise DeployError(f"{Path(words[0]).name}: {_last_words(done)}", advice)
    return done.stdout


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {done.returncode}"


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join(str(part) for part in command)


def _drop_old_logs(folder: Path) -> None:
    for old in sorted(folder.glob("*.log"))[:-LOGS_KEPT]:
        old.unlink(missing_ok=True)
