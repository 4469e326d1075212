"""Why a host can't be reached by SSH, and what to do about it: advice only where its condition was seen."""

import re
import shlex
import subprocess
from pathlib import Path

from deploy.base.variables import inherited
from deploy.environments.connections import Connection

SECONDS = 10
"""For a connection that is tried again."""

UNTOLD = "Data could not be sent"
"""Ansible's sentence where ssh's own was lost, for it ended before Ansible had sent its program."""

NO_KEY = "The inventory names a key that isn't there: {key} (ansible_ssh_private_key_file)"

ENDED_EARLY = (
    "Its SSH server, or what stands before it, ends the connection before any key is looked at: it does so for a while "
    "after failed logins (PerSourcePenalties, fail2ban), with too many of them at once (MaxStartups), or always "
    "(a firewall, /etc/hosts.deny). Wait a minute; else, on its console: journalctl -u ssh -n 20"
)

ADVICE = (
    (
        "Too many authentication failures",
        "Its SSH server stops after a few keys, and ssh offers all that the agent holds: name the right one as "
        "ansible_ssh_private_key_file in the inventory; only that one is offered then. By hand: "
        "ssh -o IdentitiesOnly=yes -i <key> {login}",
    ),
    ("UNPROTECTED PRIVATE KEY FILE", "ssh ignores a key that others may read: chmod 600 {key}"),
    ("no such identity: ", NO_KEY),
    ("not accessible: No such file", NO_KEY),
    ("Permission denied", "Its SSH server refused the key or user: check ansible_user and the key, then: {command}"),
    ("Could not resolve hostname", "Its name doesn't resolve to an address: check ansible_host, {address}"),
    (
        "Connection refused",
        "The machine is there, but nothing listens on port {port}: is its SSH server running, is the address right, "
        "and is that the port (ansible_port)?",
    ),
    (
        "banner exchange",
        "Something listens on port {port}, but doesn't answer as an SSH server does: is that the port (ansible_port)?",
    ),
    ("kex_exchange_identification: Connection closed", ENDED_EARLY),
    ("kex_exchange_identification: read: Connection reset", ENDED_EARLY),
    ("timed out", "Is it switched on, is the address right, and does its firewall let SSH in? Try: {command}"),
    ("No route to host", "Is it switched on, and is the address right? Try: {command}"),
    ("Network is unreachable", "This machine has no way to that network: is its own network, or a VPN, up?"),
)
"""A part of ssh's message, and what to do about it; the first that matches."""

CHANGED = re.compile("host key .*has changed|REMOTE HOST IDENTIFICATION HAS CHANGED", re.IGNORECASE)

SHOW_KEY = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
"""Prints the fingerprint of a server's key, there."""


def explain(message: str, connection: Connection | None) -> tuple[str, str]:
    """Return why a host can't be reached, a sentence, and what to do, or nothing.

    Args:
        message: Ansible's.
        connection: None if it isn't by SSH.
    """
    if connection is None:
        return message, ""
    if UNTOLD in message:
        message = _answer(connection) or message
    return _reason(message), _host_key_advice(message, connection) or _advice(message, connection)


def _answer(connection: Connection) -> str:
    """Return what ssh itself says."""
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={SECONDS}"]
    command = ["ssh", *options, *connection.options, connection.login, "true"]
    return _run(command, stream="stderr")


def _reason(message: str) -> str:
    """Return ssh's reason: the line that is known to be one, else what it says last."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    parts = ["Host key for ", *(part for part, _ in ADVICE)]
    reasons = [line for part in parts for line in lines if part in line]
    return (reasons[:1] or lines[-1:] or [""])[0]


def _advice(message: str, connection: Connection) -> str:
    text = next((advice for part, advice in ADVICE if part in message), "")
    return text.format(
        login=connection.login,
        command=connection.command,
        port=connection.ssh_port,
        address=connection.address,
        key=shlex.quote(connection.key),
    )


def _host_key_advice(message: str, connection: Connection) -> str:
    """Return what to do about a host key that ssh refused."""
    if "Host key verification failed" not in message:
        return ""
    name = _known_name(connection)
    files = [*connection.settings.get("userknownhostsfile", "").split(), ""][:1]
    login = shlex.join(["ssh", "-o", "StrictHostKeyChecking=ask", *connection.options, connection.login])
    keys = f"{_fingerprints(connection)}Compare with what the server's console prints for: {SHOW_KEY}"
    if CHANGED.search(message):
        cause = "The server was installed anew, another has its address, or somebody is in between."
        forget = shlex.join(["ssh-keygen", "-R", name, "-f", *files])
        return f"{cause}{keys}\nOnly if they are the same: {forget}\nthen log in, which records the new key: {login}"
    if not _is_known(name, connection):
        return f"This machine sees its key for the first time.{keys}\nIf they are the same, accept it: {login}"
    return ""


def _fingerprints(connection: Connection) -> str:
    """Return the fingerprints that the server shows; a space if it is reached through another host."""
    if connection.jump:
        return " "
    keys = _run(["ssh-keyscan", "-T", str(SECONDS), "-p", connection.ssh_port, connection.host])
    lines = _run(["ssh-keygen", "-lf", "-"], stdin=keys).splitlines() if keys else []
    return "".join(["\nIts keys:\n", *(f"  {line}\n" for line in sorted(lines))]) if lines else " "


def _known_name(connection: Connection) -> str:
    """Return the name under which ssh looks for the host's key."""
    host, port = connection.host, connection.ssh_port
    return connection.settings.get("hostkeyalias") or (host if port == "22" else f"[{host}]:{port}")


def _is_known(name: str, connection: Connection) -> bool:
    settings = ("userknownhostsfile", "globalknownhostsfile")
    files = [Path(file).expanduser() for setting in settings for file in connection.settings.get(setting, "").split()]
    return any(_run(["ssh-keygen", "-F", name, "-f", str(file)]) for file in files if file.is_file())


def _run(command: list[str], stdin: str = "", stream: str = "stdout") -> str:
    """Return what a program of ssh's prints; nothing if it isn't there, or doesn't end in time."""
    try:
        process = subprocess.run(
            command, input=stdin, capture_output=True, text=True, errors="replace", timeout=3 * SECONDS, env=inherited()
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return str(getattr(process, stream)).strip()
