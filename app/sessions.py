"""The cookie that signs forms: over HTTPS it is for this host alone, and never sent over HTTP."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from app.languages import SECURE_PREFIX


class Sessions(SecureCookieSessionInterface):
    """Flask's own, with a name and a protection that follow how the visitor came; see RFC 6265bis on ``__Host-``."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the cookie's name: over HTTP, which can't have the prefix, a plain one."""
        name = super().get_cookie_name(app)
        return f"{SECURE_PREFIX}{name}" if request.is_secure else name

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether browsers may send it over HTTPS alone."""
        return request.is_secure
