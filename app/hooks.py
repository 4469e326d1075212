"""What hangs on Flask's way, and whether the shortcut honours it: what it doesn't know, it would go round silently."""

from collections.abc import Iterator
from typing import Any

import flask
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

KNOWN = {
    "app.logs.register.<locals>.begin": "the shortcut gives ids and measures time itself",
    "app.logs.register.<locals>.end": "the shortcut writes the line itself",
    "app.errors.refuse_for_the_proxy": "a request with X-Refused is Flask's",
    "app.api._must_accept_json": "a request whose Accept header isn't plain is Flask's",
    "app._with_headers.<locals>.add": "the shortcut is given the same headers",
    "app.varies.register.<locals>.<lambda>": "the shortcut is given what it says of a plain request",
    "flask_cors.extension.make_after_request_function.<locals>.cors_after_request": "a request with Origin is Flask's",
}
"""Hook → why the shortcut may go round it."""

FUNCTIONS = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs", "url_value_preprocessors")
METHODS = ("full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response",
           "process_response", "do_teardown_request", "do_teardown_appcontext", "request_context",
           "handle_user_exception")  # fmt: skip
"""Of Flask, that a class of ours could have another way of."""

SIGNALS = ("appcontext_popped", "appcontext_pushed", "appcontext_tearing_down", "got_request_exception",
           "request_finished", "request_started", "request_tearing_down")  # fmt: skip


class HookError(Exception):
    """A hook that the shortcut would go round: which, and what to do."""


def must_be_known(app: Flask, inner: Any, views: dict[str, Any]) -> None:
    """Check that the shortcut honours all that hangs on an application's way.

    Args:
        inner: the WSGI application behind the shortcut.
        views: endpoint → function of the requests that it answers.

    Raises:
        HookError: it would go round some.
    """
    unknown = [*_functions(app), *_middleware(inner), *_others(app)]
    unknown += [f"the view {name}, which something wraps" for name in views if app.view_functions[name] != views[name]]
    if unknown:
        raise HookError(
            f"app/shortcut.py answers predictions without Flask, and would go round {'; '.join(unknown)}: have it do "
            "the same and name it in KNOWN of app/hooks.py, or give up the shortcut"
        )


def _functions(app: Flask) -> Iterator[str]:
    for kind in FUNCTIONS:
        for blueprint, functions in getattr(app, kind).items():
            owner = f"blueprint {blueprint}" if blueprint else "the application"
            listed = [_name(function) for function in functions]
            for name in dict.fromkeys(listed):
                if name not in KNOWN:
                    yield f"{name} ({kind.removesuffix('_funcs')} of {owner})"
                elif listed.count(name) > 1:
                    yield f"a second {name} ({kind.removesuffix('_funcs')} of {owner})"
    yield from (f"{_name(function)} (teardown_appcontext)" for function in app.teardown_appcontext_funcs)


def _middleware(inner: Any) -> Iterator[str]:
    while type(inner) is ProxyFix:  # says who the client is, which no prediction asks
        inner = inner.app
    if getattr(inner, "__func__", None) is not Flask.wsgi_app:
        yield f"{_name(inner)} (WSGI middleware)"


def _others(app: Flask) -> Iterator[str]:
    yield from (f"{type(app).__name__}.{name}" for name in METHODS if getattr(type(app), name) != getattr(Flask, name))
    if type(app.session_interface) is not SecureCookieSessionInterface:
        yield f"{_name(app.session_interface)} (session_interface)"
    for name in SIGNALS:
        yield from (f"{_name(found)} (signal {name})" for found in getattr(flask, name).receivers_for(app))


def _name(hook: Any) -> str:
    named = hook if hasattr(hook, "__qualname__") else type(hook)
    return f"{named.__module__}.{named.__qualname__}"
