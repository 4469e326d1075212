"""The Flask application: the models of ``bundles``, their pages, their API and their protocols."""

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

from app import api, deadline, errors, health, languages, logs, model, pages, release, settings, shortcut, varies
from app.protocols import mlflow, open_inference, practice
from app.texts import LANGUAGES

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
MONTH_SECONDS = 30 * 24 * 3600
"""How long browsers keep the files of the libraries, whose addresses change with their versions."""

PREFERENCES_CHARACTERS = 1000
"""Of Accept and Accept-Language; browsers send some 200."""


class _Request(Request):
    """Reads no more than the beginning of what a client says it would like: each name there costs a comparison."""

    def __init__(self, environ: dict[str, Any], *args: Any, **more: Any) -> None:
        for name in ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE"):
            if len(listed := environ.get(name, "")) > PREFERENCES_CHARACTERS:
                environ[name] = listed[:PREFERENCES_CHARACTERS].rpartition(",")[0]
        super().__init__(environ, *args, **more)


class _Flask(Flask):
    """Without asking of each function, at each request, whether it is a coroutine: none is."""

    request_class = _Request

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function."""
        return func


class _Json(JSONProvider):
    """orjson: strict, fast, text as it is, in the order that it was written."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON."""
        try:
            return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:  # a whole number of more than 64 bits
            return json.dumps(obj, ensure_ascii=False)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return JSON as an answer that leaves a terminal at the beginning of a line."""
        said = self.dumps(self._prepare_response_obj(args, kwargs))
        return Response(said + "\n", mimetype="application/json")

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return what JSON says."""
        return orjson.loads(s)


def create_app(given: settings.Settings | None = None) -> Flask:
    """Return the application, its models loaded: once per process tree where the server forks afterwards.

    Raises:
        settings.SettingsError: the environment can't be used.
        model.BundleError: a model can't be served.
        hooks.HookError: something hangs on Flask's way that the shortcut would go round.
    """
    chosen = given or settings.load()
    app = _Flask(__name__)
    app.json = _Json(app)
    app.config.update(_configuration(chosen))
    models = model.load_all(chosen.bundles)
    app.extensions |= {"models": models, "default_model": _default(models, chosen), "release": release.current()}
    _must_have_few_fields(models, chosen)
    logs.register(app, app.extensions["release"], trusted=bool(chosen.app_proxies))
    languages.register(app)
    Bootstrap5(app)
    api.register(app, models)
    for blueprint in (pages.blueprint, health.blueprint, practice.blueprint, mlflow.blueprint,
                      open_inference.blueprint, _swagger()):  # fmt: skip
        app.register_blueprint(blueprint)
    errors.register(app)
    app.after_request(_with_headers(_headers(app)))
    _let_in(app, chosen)
    return app


def _configuration(chosen: settings.Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": chosen.secret_key,
        "MAX_CONTENT_LENGTH": chosen.app_max_body_kib * 1024,
        "MAX_FORM_MEMORY_SIZE": chosen.app_max_body_kib * 1024,
        "MAX_ROWS": chosen.app_max_rows,
        "MAX_COLUMNS": chosen.app_max_columns,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "SEND_FILE_MAX_AGE_DEFAULT": MONTH_SECONDS,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _default(models: dict[str, model.Model], chosen: settings.Settings) -> str:
    name = chosen.app_default_model or next(iter(models))
    if name not in models:
        raise settings.SettingsError(f"APP_DEFAULT_MODEL: there is no model {name}; there are: {', '.join(models)}")
    return name


def _must_have_few_fields(models: dict[str, model.Model], chosen: settings.Settings) -> None:
    """Check that every model can be asked by a table of all its columns."""
    for name, each in models.items():
        if (fields := len(each.contract.fields)) > chosen.app_max_columns:
            raise settings.SettingsError(f"APP_MAX_COLUMNS: {name} has {fields} fields; allow as many columns, or more")


def _swagger() -> Blueprint:
    """Serve Swagger UI's own files, of the package's version."""
    folder = Path(flask_swagger_ui.__file__).parent / "dist"
    return Blueprint("swagger", __name__, static_folder=folder, static_url_path="/swagger")


def _let_in(app: Flask, chosen: settings.Settings) -> None:
    """Believe the proxies, and let other sites' scripts in, as the settings say; then the ways that aren't Flask's."""
    trusted, origins = bool(chosen.app_proxies), varies.origins_of(chosen.app_cors_origins)
    if count := chosen.app_proxies:  # Nginx hands the name on as Host; X-Forwarded-Host would be a visitor's own.
        app.before_request(errors.refuse_for_the_proxy)
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    varies.register(app, origins)
    headers = _headers(app) | varies.headers(origins, "", LANGUAGES[0])
    way = shortcut.Shortcut(app, headers, chosen.app_max_rows, trusted)
    app.wsgi_app = way  # type: ignore[method-assign]
    late = deadline.Deadline(app, chosen.app_request_timeout, _headers(app), origins, trusted)
    app.extensions |= {"shortcut": way, "deadline": late}


def _headers(app: Flask) -> dict[str, str]:
    return HEADERS | {"X-Release": app.extensions["release"]}


def _with_headers(headers: dict[str, str]) -> Callable[[Response], Response]:
    def add(response: Response) -> Response:
        response.headers.extend(headers)
        return response

    return add
