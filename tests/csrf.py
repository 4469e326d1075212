"""The token that a page's forms carry, and which each of them must send back."""

import re


def token(page: str) -> str:
    """Return a page's CSRF token: all its forms carry the same."""
    tokens = set(re.findall(r'name="csrf_token" type="hidden" value="([^"]+)"', page))
    assert len(tokens) == 1, page
    return str(tokens.pop())
