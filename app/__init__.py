"""The Flask application: one model, its form and its JSON route."""

from collections.abc import Callable

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from app import api, errors, model, pages, release, settings

MODEL = "exam"
"""The model that is served."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(given: settings.Settings | None = None) -> Flask:
    """Return the application, its model loaded: once per process tree where the server forks afterwards.

    Raises:
        settings.SettingsError: the environment can't be used.
        model.BundleError: the model can't be served.
    """
    chosen = given or settings.load()
    app = Flask(__name__)
    app.config.update(SECRET_KEY=chosen.secret_key, MAX_CONTENT_LENGTH=chosen.app_max_body_kib * 1024)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["model"] = model.load(chosen.bundles / MODEL)
    app.extensions["release"] = release.current()
    app.extensions["configuration"] = chosen.app_fingerprint
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(api.blueprint)
    errors.register(app)
    app.after_request(_with_headers(app.extensions["release"]))
    if chosen.app_proxies:
        proxies = chosen.app_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    return app


def _with_headers(release_id: str) -> Callable[[Response], Response]:
    headers = HEADERS | {"X-Release": release_id}

    def add(response: Response) -> Response:
        response.headers.extend(headers)
        return response

    return add
