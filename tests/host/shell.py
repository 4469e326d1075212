"""How the host tests run a command: by /bin/sh, whatever the user's login shell is, and whatever it prints."""

import secrets
import shlex
import subprocess
from typing import Any

from testinfra.backend.base import CommandResult
from testinfra.backend.ssh import SshBackend

SHELL = "/bin/sh"
"""All that the login shell has to understand; the script comes through standard input."""

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class NotRunError(RuntimeError):
    """A host that didn't run the command; its argument is the result, with all that ssh printed."""


class ShellBackend(SshBackend):
    """testinfra's SSH, through /bin/sh.

    Args:
        become_password: sudo's; it is sent through standard input, so that no list of processes shows it.
    """

    NAME = "sh"

    def __init__(self, hostspec: str, *, become_password: str = "", **options: Any) -> None:
        super().__init__(hostspec, **options)
        self.become_password = become_password

    def run(self, command: str, *args: str, **options: Any) -> CommandResult:
        command, mark = self.quote(command, *args), secrets.token_hex(16)
        ssh, ssh_arguments = self._build_ssh_command(SHELL)
        process = subprocess.run(
            self.quote(" ".join(ssh), *ssh_arguments),
            shell=True,
            input=self.encode(self._script(command, mark)),
            capture_output=True,
        )
        stdout, stderr = (_between(mark, output) for output in (process.stdout, process.stderr))
        if stdout is None or stderr is None:
            texts = (output.decode(errors="replace") for output in (process.stdout, process.stderr))
            raise NotRunError(self.result(process.returncode, self.encode(command), *texts))
        output, _, status = stdout.rpartition(b" ")
        return self.result(int(status), self.encode(command), output, stderr)

    def get_encoding(self) -> str:
        """Return what Debian's texts are written in: a host that runs no command can't be asked."""
        return "utf-8"

    def _script(self, command: str, mark: str) -> str:
        script = f"""PATH=$PATH:{SBIN}
            printf %s {mark}; printf %s {mark} >&2
            {SHELL} -c {shlex.quote(command)} </dev/null
            printf ' %s' $?{mark}; printf %s {mark} >&2"""
        if not self.sudo:
            return script
        if not self.become_password:
            return f"sudo -n {SHELL} -c {shlex.quote(script)} </dev/null"
        return f"printf '%s\\n' {shlex.quote(self.become_password)} | sudo -S -p '' {SHELL} -c {shlex.quote(script)}"


def _between(mark: str, output: bytes) -> bytes | None:
    """Return what was printed between the two marks; None if either is missing."""
    parts = output.split(mark.encode())
    return parts[1] if len(parts) == 3 else None
