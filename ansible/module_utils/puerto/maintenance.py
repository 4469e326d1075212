"""The page that tells visitors that the site is being worked on."""

from .history import History
from .layout import Application
from .plan import Operator


def set_maintenance(application: Application, enabled: bool, operator: Operator) -> bool:
    """Show visitors that page, or the site again; return whether that changed it."""
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
