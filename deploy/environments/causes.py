"""Why a task failed on a host: what the host said, and what to do where that is certain."""

import re
from typing import Any

from deploy.base.program_output import last_lines, package_error, plain

KNOWN = {
    r"sudo: a password is required|Missing sudo password":
        "sudo asks for a password: add --ask-become-pass, or allow sudo without one (NOPASSWD)",
    r"Incorrect sudo password":
        "sudo refused the password: give the right one, or allow sudo without one (NOPASSWD)",
    r"not in the sudoers|not allowed to (execute|run)":
        "this user has no right to use sudo: add it to the group sudo, or connect as root",
    r"sudo: ([Cc]ommand )?not found|[Uu]nknown command:? '?sudo":
        "sudo isn't installed on the host: install it, or connect as root",
    r"you must have a tty to run sudo":
        "sudo wants a terminal (requiretty), and there is none: on the host, write \"Defaults:{user} !requiretty\" "
        "into a file in /etc/sudoers.d, with visudo -f",
    r"[Pp]assword has expired|Password change required|required to change your password":
        "the password of {user} has expired, and until it is changed the host runs nothing for this user: ssh {login}",
    r"This account is currently not available":
        "the login shell of {user} is nologin, which runs nothing: give it another (chsh), or connect as another user",
    r"interpreter '?/usr/bin/python3'? was not found":
        "there is no Python on the host: on the host, as root: apt-get install python3",
}  # fmt: skip
"""What a host, or Ansible, prints (regular expressions) → what it means and what to do."""

NO_FOLDER = re.compile(r"Failed to create temporary directory.*?mkdir -p \W*echo (?P<folder>\S+)", re.S)

ANSIBLE_SPEAKS = "Task failed: "
"""Begins a message that isn't the module's own."""

NOT_AN_ANSWER = "deserialization failed"
"""In Ansible's message about a host that said something else than the module would."""

GENERIC = ("non-zero return code", "MODULE FAILURE", "Module failed")
"""Messages that tell nothing; the program's own lines do."""

CONNECTION_ENDED = re.compile(r"^(Shared c|C)onnection to .* closed.*\n?", re.M)
"""What ssh, not the task, prints at the end of a script."""


def reason(failure: dict[str, Any], login: str) -> str:
    """Return why a task failed.

    Args:
        failure: what Ansible reports of it: msg, stdout, stderr, module_stdout, module_stderr, rc, censored.
        login: user@address.
    """
    if failure.get("censored"):
        return "its output is kept secret (no_log)"
    texts = {name: CONNECTION_ENDED.sub("", str(text or "")) for name, text in failure.items()}
    message, output = plain(texts.get("msg", "")), texts.get("module_stdout", "")
    errors = texts.get("stderr", "") + texts.get("module_stderr", "")
    if "module_stdout" in failure or message.startswith(ANSIBLE_SPEAKS):
        message = message.removeprefix(ANSIBLE_SPEAKS)
        if sentence := _meaning(f"{message}\n{errors}\n{output}", login):
            return sentence
    if NOT_AN_ANSWER in message:
        return not_an_answer(output, errors, failure.get("rc"), login)
    if message and not message.startswith(GENERIC):
        return message
    return package_error(errors) or last_lines(texts.get("stdout", "")) or message


def not_an_answer(output: str, errors: str, status: object, login: str) -> str:
    """Return what is wrong with a host that didn't run what it was asked to, but printed something else."""
    if sentence := _meaning(f"{errors}\n{output}", login):
        return sentence
    said = f"said: {lines}" if (lines := last_lines(f"{output}\n{errors}")) else "said nothing"
    return f"it didn't run what was asked of it, but {said} (status {status})"


def _meaning(text: str, login: str) -> str:
    user = login.rpartition("@")[0] or "this user"
    if match := NO_FOLDER.search(text):
        return f"{user} can't make a folder in {match['folder']} on the host, where Ansible needs one"
    meaning = next((meaning for pattern, meaning in KNOWN.items() if re.search(pattern, text)), "")
    return meaning.format(user=user, login=login)
