"""Where things are in the checkout."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".puerto"
"""What the commands make and may lose: logs, the rehearsal hosts' key, release archives."""

VENV = ROOT / ".venv"
LOCK = ROOT / "Pipfile.lock"
PIPENV_LOCK = ROOT / "deploy" / "pipenv.txt"
"""pipenv itself, with hashes: for this machine's ``.venv`` and for the host's virtualenv."""

MODELS = ROOT / "models"
BUNDLES = ROOT / "bundles"
"""What the build makes of the models: each model's file and what is known of it."""

INVENTORIES = ROOT / "ansible" / "inventories"

CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
"""Names this checkout in what is shared with others on the machine, such as container names."""


def tool(name: str) -> str:
    """Return the path of a program that Pipfile.lock installs."""
    return str(VENV / "bin" / name)


def state(*parts: str) -> Path:
    """Return a path under the state folder, its parent made."""
    path = STATE.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
