"""The package index that pip asks on this host, by pip's own settings."""

import configparser
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .errors import HostError

SECONDS = 15
"""For which it may take to answer; resolving its name included."""

CONFIGURATIONS = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf", "~root/.pip/pip.conf", "~root/.config/pip/pip.conf")
"""pip's files for all users and for root; the last one that says something counts."""


def check(default: str) -> None:
    """Ask the index, as pip would.

    Args:
        default: pip's own index; empty: only one that the host's settings name is asked.

    Raises:
        HostError: it can't be reached.
    """
    settings = _settings()
    url, source = settings.get("index-url", (default, "pip's own"))
    if not url or "no-index" in settings:
        return
    arguments = [url, *(settings.get(name, ("", ""))[0] for name in ("cert", "proxy", "trusted-host"))]
    reasons: list[str] = []
    # In a thread of its own, since nothing else ends a name's resolution in time.
    thread = threading.Thread(target=lambda: reasons.append(_ask(*arguments)), daemon=True)
    thread.start()
    thread.join(SECONDS)
    reason = "".join(reasons) if reasons else f"no answer within {SECONDS} s"
    if reason:
        shown = _without_password(url)
        raise HostError(
            f"The package index {shown} ({source}) can't be reached from the host: {reason}. "
            "Correct its address there, or name one that the host reaches: index-url in /etc/pip.conf."
        )


def _settings() -> dict[str, tuple[str, str]]:
    """Return setting → its value, and the file that has it."""
    settings: dict[str, tuple[str, str]] = {}
    for name in CONFIGURATIONS:
        parser = configparser.RawConfigParser(strict=False)
        file = Path(name).expanduser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as fault:
            raise HostError(f"{file} can't be read, which pip would say too: {fault}") from fault
        for section in ("global", "install"):
            if parser.has_section(section):
                settings |= {option.replace("_", "-"): (value, str(file)) for option, value in parser.items(section)}
    return settings


def _without_password(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _ask(url: str, certificate: str, proxy: str, trusted: str) -> str:
    """Ask for the index's page of pip; return why it can't be reached, empty if it answers anything."""
    try:
        context = ssl.create_default_context(cafile=certificate or None)
        if (urllib.parse.urlsplit(url).hostname or "") in trusted.split():
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
        if proxy:
            handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
        request = urllib.request.Request(_without_password(f"{url.rstrip('/')}/pip/"), headers={"User-Agent": "pip"})
        urllib.request.build_opener(*handlers).open(request, timeout=SECONDS).close()
    except urllib.error.HTTPError:
        return ""
    except (OSError, ValueError) as fault:
        return str(getattr(fault, "reason", fault))
    return ""
