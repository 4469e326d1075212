"""What an application's parts are called on its host."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .layout import Application
from .nginx_listen import HTTPS_PORT, PORT


@dataclass(frozen=True)
class Names:
    """What an environment calls the parts of an application on its host; the options of the same names."""

    app_name: str
    app_root: str
    app_user: str
    systemd_unit: str
    nginx_server_names: tuple[str, ...]
    nginx_access_log: str
    nginx_error_log: str
    nginx_unknown_hosts: str
    nginx_https: str

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the arguments of a module."""
        return cls(**values | {"nginx_server_names": tuple(values["nginx_server_names"])})

    @property
    def application(self) -> Application:
        """The application of these names, which may not exist yet."""
        return Application(Path(self.app_root), self.systemd_unit)

    @property
    def ports(self) -> tuple[int, ...]:
        """Those that the site listens on."""
        return (PORT,) if self.nginx_https == "off" else (PORT, HTTPS_PORT)

    @property
    def user_mark(self) -> str:
        """The comment of the application's user, which says whose it is."""
        return f"Puerto {self.app_root}"
