"""What on a host differs from a plan."""

from . import build, content, gates, nginx, systemd
from .errors import HostError
from .layout import Application
from .plan import Plan


def is_deployed(application: Application, plan: Plan) -> bool:
    """Return whether the release is current, healthy and as it was made."""
    try:
        return (
            application.current == plan.id
            and application.is_good(plan.id)
            and systemd.is_installed(application, plan.id, plan.unit_text)
            and systemd.is_active(application.service(plan.id))
            and build.matches_plan(application, plan)
            and nginx.is_linked(application, plan)
            and nginx.is_loaded(application, plan, nginx.for_host(plan.site_text))
            and bool(gates.verify(application, plan))
        )
    except (HostError, OSError):
        return False


def diff(application: Application, plan: Plan) -> list[dict[str, str]]:
    """Return what Ansible's --diff shows: unit, site and settings of the current release and of this one; edits."""
    current = application.plan(application.current) if application.current else None
    folder = application.folder(plan.id)
    edits = content.differences(folder) if (folder / content.RECORD).exists() else []
    texts = (
        (f"{application.unit}.service", current.unit_text if current else "", plan.unit_text),
        ("site.conf", current.site_text if current else "", plan.site_text),
        (".env", _settings_text(current), _settings_text(plan)),
        ("edited on the host", "".join(f"{edit}\n" for edit in edits), ""),
    )
    return [
        {"before_header": name, "after_header": name, "before": before, "after": after}
        for name, before, after in texts
        if before != after
    ]


def _settings_text(plan: Plan | None) -> str:
    return "".join(f"{name}={value}\n" for name, value in plan.settings.items()) if plan else ""
