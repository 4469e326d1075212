"""sudo's password on the hosts: asked for once, and handed to programs in a pipe, which no list or log shows."""

import getpass
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.base.errors import DeployError


def ask() -> str:
    """Ask for sudo's password.

    Raises:
        DeployError: there is no terminal to ask on.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass("sudo's password on the hosts: ")
    except (getpass.GetPassWarning, EOFError):
        advice = "Name a file that holds it in ANSIBLE_BECOME_PASSWORD_FILE, or set ansible_become_password in a vault."
        raise DeployError("--ask-become-pass needs a terminal to ask on, and there is none", advice, 2) from None


@contextmanager
def in_pipe(password: str) -> Iterator[int | None]:
    """Yield the descriptor from which a program can read a password, once; None if it is empty."""
    if not password:
        yield None
        return
    reader, writer = os.pipe()
    os.write(writer, password.encode())
    os.close(writer)
    try:
        yield reader
    finally:
        os.close(reader)
