"""Maintenance: visitors get a page that says so, instead of the site."""

from .history import History
from .layout import Application
from .plan import Operator


def set_maintenance(application: Application, enabled: bool, operator: Operator) -> bool:
    """Show visitors that page, or the site again; return whether that changed anything."""
    flag = application.maintenance_flag
    if flag.exists() == enabled:
        return False
    if enabled:
        flag.parent.mkdir(exist_ok=True)
        flag.touch()
    else:
        flag.unlink()
    result = "on" if enabled else "off"
    History(application).add(what="maintenance", result=result, who=operator.name, where=operator.origin)
    return True
