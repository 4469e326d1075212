"""A release's plan: what an operator sends, and the file on its host; complete, for tests that change values."""

import json
from typing import Any

from puerto.layout import Application

SENT: dict[str, Any] = {
    "app_name": "practica_flask", "unit": "flask_app", "user": "flask_app", "content": "0123456789ab",
    "archive": "/var/www/practica_flask/archives/0123456789ab.tar.gz", "virtualenv": "virtualenvs/0123456789ab",
    "virtualenv_program": "true", "pipenv": "/opt/pipenv/bin/pipenv",
    "settings": {"APP_MAX_BODY_KIB": 64, "APP_MAX_ROWS": 100}, "unit_text": "[Unit]\n", "site_text": "server {}\n",
    "site_beside": ["/etc/nginx/conf.d/unknown_hosts.conf"], "server_names": ["site.example"], "start_seconds": 60,
    "p99_ms": 500, "kept": 5, "warm_seconds": 600, "watch_seconds": 60, "manifest": {}, "https": "off",
}  # fmt: skip


def store(application: Application, release: str, **changes: Any) -> None:
    """Write the plan.json of a release."""
    folder = application.folder(release)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(SENT | {"id": release, "at": "2026-11-26T00:00:00Z"} | changes))
