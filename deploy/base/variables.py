"""The environment variables of the programs that the commands start: the operator's, without those that break them."""

import locale
import os
import re
import subprocess

from deploy.base.home import SOCKETS, home, sockets
from deploy.base.paths import KIT, STATE, VENV

LOCALE = "C.UTF-8"
"""Each Debian has it; with it, programs take any name of a file, and what they say is English."""

OWN = re.compile(
    r"""(LANG|LANGUAGE|LC_\w+
    |PYTHON(?!DONTWRITEBYTECODE$|UNBUFFERED$|PYCACHEPREFIX$)\w+
    |VIRTUAL_ENV(_PROMPT)?|CONDA_\w+|_CONDA_\w+
    |PIPENV_(?!PYPI_MIRROR$|TIMEOUT$|INSTALL_TIMEOUT$|CACHE_DIR$|VERBOSE$)\w+
    |PIP_(USER|TARGET|PREFIX|ROOT|PYTHON|REQUIRE_VIRTUALENV)
    |GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)
    |ANSIBLE_\w+)""",
    re.VERBOSE,
)
"""Variables that say how other programs of the operator's work."""

LOGIN = re.compile(
    r"""ANSIBLE_(VAULT_\w+|(BECOME|CONNECTION)_PASSWORD_FILE|BECOME_(PASS|EXE|FLAGS|METHOD)
    |PRIVATE_KEY_FILE|REMOTE_USER|REMOTE_PORT|REMOTE_TMP|(SSH_)?HOST_KEY_CHECKING
    |SSH_(ARGS|COMMON_ARGS|EXTRA_ARGS|EXECUTABLE|RETRIES|TIMEOUT)|TIMEOUT|FORKS)""",
    re.VERBOSE,
)
"""Ansible's variables that say how the operator reaches the hosts."""


def inherited() -> dict[str, str]:
    """Return the variables for any program."""
    kept = {name: value for name, value in os.environ.items() if not OWN.fullmatch(name) or LOGIN.fullmatch(name)}
    return kept | _home_variables() | {"LC_ALL": utf8_locale()}


def in_venv() -> dict[str, str]:
    """Return the variables for a program of ``.venv``: its own folder is the first in ``PATH``."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    return inherited() | {"PATH": path, "VIRTUAL_ENV": str(VENV)}


def for_ansible() -> dict[str, str]:
    """Return the variables for a program of ``.venv`` that uses Ansible: with this checkout's settings, wherever it is.

    Ansible itself would ignore the settings of a folder that all can write to.
    """
    settings = {"ANSIBLE_CONFIG": str(KIT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", SOCKETS: str(sockets())}
    return in_venv() | settings | ({} if home() else {"ANSIBLE_HOME": str(STATE / "ansible")})


def ignored() -> list[str]:
    """Return the names of Ansible's variables that the operator has set and no program gets."""
    names = (name for name in os.environ if name.startswith("ANSIBLE_") and name not in (SOCKETS, "ANSIBLE_NOCOLOR"))
    return sorted(name for name in names if not LOGIN.fullmatch(name))


def utf8_locale() -> str:
    """Return the name of a locale with UTF-8 that this machine has."""
    if _is_available(LOCALE):
        return LOCALE
    try:
        listing = subprocess.run(["locale", "-a"], capture_output=True, text=True, errors="replace").stdout
    except OSError:
        listing = ""
    names = [name for name in listing.split() if re.search(r"\.utf-?8$", name, re.IGNORECASE)]
    english = [name for name in names if name.startswith("en")]
    return next((name for name in [*english, *names] if _is_available(name)), LOCALE)


def _home_variables() -> dict[str, str]:
    """Programs that look for a home, or write to it, find one in the state folder if there is none."""
    if home():
        return {}
    cache = {} if "XDG_CACHE_HOME" in os.environ else {"XDG_CACHE_HOME": str(STATE / "cache")}
    return cache if os.environ.get("HOME") else cache | {"HOME": str(STATE)}


def _is_available(name: str) -> bool:
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, current)
    return True
