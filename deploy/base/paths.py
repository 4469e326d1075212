"""Paths: of what the kit brings, and of what is the site's own; one folder holds both so far."""

import hashlib
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent.parent
"""This checkout: application, commands, roles, unit, sites, lock."""

SITE = KIT
"""What a person makes with it: models and their bundles, inventories with their secrets, the commands' state."""

STATE = SITE / ".puerto"
"""What the commands make and can make again: logs, the rehearsal hosts' key, release archives."""

VENV = KIT / ".venv"
PIPFILE, LOCK = KIT / "Pipfile", KIT / "Pipfile.lock"
OWN_PACKAGES = "model-packages"
"""The category of Pipfile and lock with what a site's own models need, beside what the kit runs."""

PIPENV_LOCK = KIT / "deploy" / "pipenv.txt"
"""pipenv itself, with hashes: for this machine's ``.venv`` and for the host's virtualenv."""

MODELS = SITE / "models"
BUNDLES = SITE / "bundles"
"""What the build makes of the models: for each, its file and what is known about it."""

INVENTORIES = SITE / "ansible" / "inventories"

CHECKOUT = hashlib.sha256(str(SITE).encode()).hexdigest()[:8]
"""This checkout's id in names that all checkouts on the machine share, such as those of containers."""


def tool(name: str) -> str:
    """Return the path of a program that Pipfile.lock installs."""
    return str(VENV / "bin" / name)


def state(*parts: str) -> Path:
    """Return a path under the state folder, its parent made."""
    path = STATE.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
