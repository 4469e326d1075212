"""Puts the Flask application together: routes, headers, sessions, and what stands before them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_swagger_ui
import orjson
from flask import Blueprint, Flask, Request, Response
from flask.json.provider import JSONProvider
from flask_bootstrap import Bootstrap5
from werkzeug.middleware.proxy_fix import ProxyFix

from app import (
    api,
    deadline,
    embedding,
    errors,
    health,
    languages,
    linked_pages,
    logs,
    model,
    negotiation,
    pages,
    release,
    settings,
    shortcut,
)
from app.protocols import mlflow, open_inference, practice
from app.sessions import Sessions
from app.texts import LANGUAGES

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer; nginx/site.j2 gives them to its own."""

MONTH_SECONDS = 30 * 24 * 3600
"""How long browsers keep the files of libraries, whose addresses change with their versions."""

PREFERENCES_CHARACTERS = 1000
"""Of Accept and Accept-Language; browsers send some 200."""


class _Request(Request):
    """Reads only the beginning of a client's preferences: each name there costs a comparison."""

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        for name in ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE"):
            if len(preferences := environ.get(name, "")) > PREFERENCES_CHARACTERS:
                environ[name] = preferences[:PREFERENCES_CHARACTERS].rpartition(",")[0]
        super().__init__(environ, *args, **kwargs)


class _Flask(Flask):
    """Doesn't examine at each request whether a view is a coroutine: none is."""

    request_class = _Request

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function."""
        return func


class _Json(JSONProvider):
    """orjson: strict, fast, without escapes, in the order of insertion."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON."""
        try:
            return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:  # a whole number of more than 64 bits
            return json.dumps(obj, ensure_ascii=False)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a response with JSON and a line end, so that a terminal's prompt comes on a new line."""
        body = self.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body + "\n", mimetype="application/json")

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what JSON holds."""
        return orjson.loads(s)


def create(configured: settings.Settings | None = None) -> Flask:
    """Return the application, its models loaded: once per process tree where the server forks afterwards.

    Raises:
        settings.SettingsError: the environment can't be used.
        model.BundleError: a model can't be served.
        hooks.HookError: the application has a hook that the shortcut would bypass.
    """
    options = configured or settings.load()
    app = _Flask(__package__)
    app.json, app.session_interface = _Json(app), Sessions()
    app.config.update(_configuration(options))
    models = model.load_all(options.bundles)
    app.extensions |= {"models": models, "default_model": _default(models, options), "release": release.current()}
    _check_field_counts(models, options)
    logs.register(app, app.extensions["release"], behind_proxy=bool(options.app_proxies))
    languages.register(app)
    Bootstrap5(app)
    api.register(app, models)
    for module in (pages, linked_pages, embedding, health, practice, mlflow, open_inference):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(_swagger())
    errors.register(app)
    app.after_request(_with_headers(_headers(app, options)))
    _add_middleware(app, options)
    return app


def _configuration(options: settings.Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": options.secret_key,
        "MAX_CONTENT_LENGTH": options.app_max_body_kib * 1024,
        "MAX_FORM_MEMORY_SIZE": options.app_max_body_kib * 1024,
        "MAX_ROWS": options.app_max_rows,
        "MAX_COLUMNS": options.app_max_columns,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "SEND_FILE_MAX_AGE_DEFAULT": MONTH_SECONDS,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _default(models: dict[str, model.Model], options: settings.Settings) -> str:
    name = options.app_default_model or next(iter(models))
    if name not in models:
        raise settings.SettingsError(
            f"APP_DEFAULT_MODEL: there is no model {name}; the models are: {', '.join(models)}"
        )
    return name


def _check_field_counts(models: dict[str, model.Model], options: settings.Settings) -> None:
    """Check that a table may have all the columns of each model."""
    for name, served in models.items():
        if (fields := len(served.contract.fields)) > options.app_max_columns:
            raise settings.SettingsError(
                f"APP_MAX_COLUMNS: {name} has {fields} fields; allow at least {fields} columns"
            )


def _swagger() -> Blueprint:
    """Serve Swagger UI's own files, of the package's version."""
    folder = Path(flask_swagger_ui.__file__).parent / "dist"
    return Blueprint("swagger", __name__, static_folder=folder, static_url_path="/swagger")


def _add_middleware(app: Flask, options: settings.Settings) -> None:
    """Trust the proxies and allow other sites' scripts as the settings say; then put the shortcut before Flask."""
    behind_proxy, origins = bool(options.app_proxies), negotiation.origins_of(options.app_cors_origins)
    if count := options.app_proxies:  # Nginx passes the name on as Host; X-Forwarded-Host would be a visitor's own.
        app.before_request(errors.refuse_for_proxy)
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    negotiation.register(app, origins)
    headers = _headers(app, options) | negotiation.headers(origins, "", LANGUAGES[0])
    before_flask = shortcut.Shortcut(app, headers, options.app_max_rows, behind_proxy)
    app.wsgi_app = before_flask  # type: ignore[method-assign]
    limit = deadline.Deadline(app, options.app_request_timeout, _headers(app, options), origins, behind_proxy)
    app.extensions |= {"shortcut": before_flask, "deadline": limit}


def _headers(app: Flask, options: settings.Settings) -> dict[str, str]:
    policy = HEADERS["Content-Security-Policy"]
    if options.app_frame_ancestors:
        policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {options.app_frame_ancestors}")
    return HEADERS | {"Content-Security-Policy": policy, "X-Release": app.extensions["release"]}


def _with_headers(headers: dict[str, str]) -> Callable[[Response], Response]:
    def add(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response

    return add
