"""The hooks of the application, and whether the shortcut honours them: an unknown one would silently be bypassed."""

from collections.abc import Iterator
from typing import Any

import flask
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.sessions import Sessions

KNOWN = {
    "app.logs.register.<locals>.begin": "the shortcut gives ids and measures time itself",
    "app.logs.register.<locals>.end": "the shortcut writes the line itself",
    "app.errors.refuse_for_proxy": "a request with X-Refused goes to Flask",
    "app.api._check_accept": "a request whose Accept header isn't plain goes to Flask",
    "app.application._with_headers.<locals>.add": "the shortcut adds the same headers",
    "app.negotiation.register.<locals>.<lambda>": "the shortcut adds what such a request gets",
    "flask_cors.extension.make_after_request_function.<locals>.cors_after_request": "Origin sends a request to Flask",
}
"""Hook → why the shortcut may bypass it."""

FUNCTIONS = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs", "url_value_preprocessors")
METHODS = ("full_dispatch_request", "preprocess_request", "dispatch_request", "finalize_request", "make_response",
           "process_response", "do_teardown_request", "do_teardown_appcontext", "request_context",
           "handle_user_exception")  # fmt: skip
"""Flask's methods that a class of ours could override."""

SIGNALS = ("appcontext_popped", "appcontext_pushed", "appcontext_tearing_down", "got_request_exception",
           "request_finished", "request_started", "request_tearing_down")  # fmt: skip


class HookError(Exception):
    """A hook that the shortcut would bypass: which, and what to do."""


def check_known(app: Flask, inner: Any, views: dict[str, Any]) -> None:
    """Check that the shortcut honours all hooks of an application.

    Args:
        inner: the WSGI application behind the shortcut.
        views: endpoint → function of the requests that the shortcut handles.

    Raises:
        HookError: the shortcut would bypass some.
    """
    unknown = [*_functions(app), *_middleware(inner), *_others(app)]
    unknown += [f"the view {name}, which something wraps" for name in views if app.view_functions[name] != views[name]]
    if unknown:
        raise HookError(
            f"app/shortcut.py predicts without Flask, and would bypass {'; '.join(unknown)}: make the shortcut do the "
            "same and list the hook in KNOWN of app/hooks.py, or remove the shortcut"
        )


def _functions(app: Flask) -> Iterator[str]:
    for kind in FUNCTIONS:
        for blueprint, functions in getattr(app, kind).items():
            owner = f"blueprint {blueprint}" if blueprint else "the application"
            names = [_name(function) for function in functions]
            for name in dict.fromkeys(names):
                if name not in KNOWN:
                    yield f"{name} ({kind.removesuffix('_funcs')} of {owner})"
                elif names.count(name) > 1:
                    yield f"a second {name} ({kind.removesuffix('_funcs')} of {owner})"
    yield from (f"{_name(function)} (teardown_appcontext)" for function in app.teardown_appcontext_funcs)


def _middleware(inner: Any) -> Iterator[str]:
    while type(inner) is ProxyFix:  # tells who the client is, which no prediction depends on
        inner = inner.app
    if getattr(inner, "__func__", None) is not Flask.wsgi_app:
        yield f"{_name(inner)} (WSGI middleware)"


def _others(app: Flask) -> Iterator[str]:
    yield from (f"{type(app).__name__}.{name}" for name in METHODS if getattr(type(app), name) != getattr(Flask, name))
    if type(app.session_interface) is not Sessions:
        yield f"{_name(app.session_interface)} (session_interface)"
    for name in SIGNALS:
        yield from (f"{_name(receiver)} (signal {name})" for receiver in getattr(flask, name).receivers_for(app))


def _name(hook: Any) -> str:
    target = hook if hasattr(hook, "__qualname__") else type(hook)
    return f"{target.__module__}.{target.__qualname__}"
