"""Composes the plan of a release on the controller; the module of the same name does the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader

HOOKS = ("before_build", "before_switch")
"""The hooks within a release; the module knows which steps lie between them."""

FIXED = {"FLASK_APP": "wsgi.py", "APP_ENVIRONMENT": "production", "APP_PROXIES": "1"}
"""Settings of .env that aren't options."""

SETTINGS = (
    "app_default_model", "app_max_body_kib", "app_max_rows", "app_max_columns", "app_request_timeout",
    "app_cors_origins", "app_frame_ancestors", "gunicorn_workers", "gunicorn_timeout", "gunicorn_graceful_timeout",
)  # fmt: skip
"""Options that are settings of the application; in .env their names are in upper case."""

VIRTUALENV_PROGRAM = "roles/release/files/virtualenv.sh"
UNIT, SITE = "systemd/flask_app.service.j2", "nginx/site.j2"

Option = Callable[[str], Any]


class ActionModule(ActionBase):
    """The task ``puerto_release:``."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = with_plan(self._task.args, variables, self._templar, self._loader)
        module_result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=variables)
        return result | module_result


def with_plan(task: Mapping[str, Any], variables: dict[str, Any], templar: Any, loader: Any) -> dict[str, Any]:
    """Return the module's arguments: those of the task, with the plan in place of the archive it is composed from."""
    arguments = dict(task)

    def option(name: str) -> Any:
        return templar.template(variables[name])

    def render(template: str) -> str:
        lookup = lookup_loader.get("template", loader=loader, templar=templar)
        path = str(Path(option("project_root"), template))
        return str(lookup.run([path], variables=variables)[0])

    if packed := arguments.pop("packed", None):
        program = Path(option("playbook_dir"), VIRTUALENV_PROGRAM).read_text(encoding="utf-8")
        texts = {"virtualenv_program": program, "unit_text": render(UNIT), "site_text": render(SITE)}
        arguments["plan"] = compose(option, packed, arguments.pop("archive")) | texts
        arguments["hooks"] = [hook for hook in HOOKS if option(f"release_{hook}")]
    return arguments


def compose(option: Option, packed: Mapping[str, Any], archive: str) -> dict[str, Any]:
    """Return a plan without its texts; module_utils/puerto/plan.py describes each field.

    Args:
        option: returns an option's value.
        packed: the archive of the working tree, as deploy/release/archive.py reports it.
        archive: its path on the host.
    """
    return {
        "app_name": option("app_name"),
        "unit": option("systemd_unit"),
        "user": option("app_user"),
        "content": packed["content"],
        "archive": archive,
        "virtualenv": packed["virtualenv"],
        "pipenv": f"{option('__pipenv_folder')}/bin/pipenv",
        "settings": settings(option),
        "site_beside": _beside(option),
        "https": option("__nginx_https"),
        "server_names": option("nginx_server_names"),
        "start_seconds": int(option("app_start_seconds")),
        "p99_ms": int(option("release_p99_ms")),
        "kept": int(option("release_kept")),
        "warm_seconds": int(option("release_warm_seconds")),
        "watch_seconds": int(option("release_watch_seconds")),
        "manifest": packed["manifest"],
    }


def _beside(option: Option) -> list[str]:
    """Return the files that Nginx reads for the site: a certificate that was renewed is loaded as a changed site is."""
    certificate = [option("__nginx_certificate")] if option("__nginx_https") != "off" else []
    return [option("__nginx_unknown_hosts"), *certificate]


def settings(option: Option) -> dict[str, str]:
    """Return the settings of .env, except the secret key, which stays on the host."""
    return FIXED | {name.upper(): _as_setting(option(name)) for name in SETTINGS}


def _as_setting(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
