"""The other sites of the host's Nginx: which of them answers names that no site has, and which is Debian's own."""

import hashlib
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from . import nginx_config, processes
from .errors import HostError
from .layout import ENABLED, LATE, NGINX, SIGNATURE, SITES
from .nginx_config import Configuration, Server
from .nginx_listen import HTTPS_PORT, PORT, WILDCARDS

DEFAULT, ITS_PACKAGE = "default", "nginx-common"
PAGES, OWN_PAGE = Path("/var/www/html"), "index.nginx-debian.html"
"""What Debian's default site shows: this page, unless somebody has put others there."""


@dataclass(frozen=True)
class Neighbours:
    """What Nginx reads on this host now.

    Attributes:
        configuration: empty if Nginx isn't installed; what lies in Debian's places if Nginx can't read it.
        fault: why it can't, in a sentence; empty if it can.
    """

    configuration: Configuration
    fault: str = ""

    @classmethod
    def here(cls) -> Self:
        """Ask this host's Nginx."""
        if not (NGINX / "nginx.conf").exists():
            return cls(Configuration({}))
        try:
            return cls(nginx_config.read())
        except HostError as fault:
            configuration = Configuration.of(_texts())
            is_its = f"{ENABLED / DEFAULT}:" in str(fault) or not processes.has_ipv6()  # where it listens
            if is_its and is_debians_default():  # a run removes it
                return cls(configuration)
            return cls(configuration, f"Nginx can't read its configuration as it is: {fault}. Correct it first.")
        except FileNotFoundError:  # its package was removed, and left its files
            return cls(Configuration({}))

    @property
    def default_server(self) -> str:
        """The file of the site that answers names that none has, if that is another's; else empty."""
        return self.default_server_on(PORT)

    def default_server_on(self, port: int, going: Collection[str] = ()) -> str:
        """Return the same for a port.

        Args:
            going: files of a deployment that is taken over.
        """
        servers = (self._default_server_at(address, port) for address in WILDCARDS)
        files = [server.file for server in servers if server and not _goes(server, going)]
        return str(files[0]) if files else ""

    def _default_server_at(self, address: str, port: int) -> Server | None:
        """Return the server that says so, or else the first that Nginx reads."""
        servers = [server for server in self.configuration.servers if server.listens_at(address, port)]
        servers.sort(key=lambda server: not server.is_default_at(address, port))
        return servers[0] if servers else None

    def has_https_beside(self, name: str) -> bool:
        """Return whether another application of Puerto's answers by HTTPS, beside the one of that name."""
        own = (ENABLED / name, ENABLED / f"{LATE}{name}")
        servers = [server for server in self.configuration.servers if server.listens_on(HTTPS_PORT)]
        files = {server.file for server in servers if server.file.parent == ENABLED and server.file not in own}
        return any(is_puertos(file) for file in files)

    def file_that_sets(self, name: str, going: Collection[str] = ()) -> str:
        """Return the file in which somebody else has a directive that Nginx takes only once; else nothing.

        Args:
            going: files of a deployment that is taken over.
        """
        files = self.configuration.files_with(name)
        return next((str(file) for file in files if not is_puertos(file) and str(file) not in going), "")


def _goes(server: Server, going: Collection[str]) -> bool:
    """Return whether a run replaces a server that is the default one."""
    is_removed = str(server.file) in going or (server.file == ENABLED / DEFAULT and is_debians_default())
    return is_removed or is_puertos(server.file)


def is_puertos(file: Path) -> bool:
    """Return whether a file that Nginx reads is one of Puerto's, of any application."""
    return file.is_file() and SIGNATURE in file.read_text(encoding="utf-8", errors="replace")


def is_debians_default() -> bool:
    """Return whether the default site is Debian's own, unmodified, and shows what came with it."""
    site = SITES / DEFAULT
    if not (ENABLED / DEFAULT).exists() or (ENABLED / DEFAULT).resolve() != site or not site.is_file():
        return False
    command = ["dpkg-query", "--show", "--showformat=${Conffiles}", ITS_PACKAGE]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.split("\n")
    digests = [line.split()[1] for line in lines if line.split()[:1] == [str(site)]]
    pages = {page.name for page in PAGES.iterdir()} if PAGES.is_dir() else set()
    return digests == [hashlib.md5(site.read_bytes()).hexdigest()] and pages <= {OWN_PAGE}


def first_only_by_order(name: str) -> bool:
    """Return whether another site answers unknown names only since Nginx reads it first, and no longer would.

    Args:
        name: under which another one is to be enabled.
    """
    own = (ENABLED / name, ENABLED / f"{LATE}{name}")
    configuration = Configuration.of({file: text for file, text in _texts().items() if file not in own})
    places = ((address, port) for address in WILDCARDS for port in (PORT, HTTPS_PORT))
    return any(_is_first_only_by_order(configuration, *place, name) for place in places)


def _is_first_only_by_order(configuration: Configuration, address: str, port: int, name: str) -> bool:
    servers = [server for server in configuration.servers if server.listens_at(address, port)]
    if not servers or any(server.is_default_at(address, port) for server in servers):
        return False
    first = servers[0].file
    return not is_puertos(first) and first.parent == ENABLED and name < first.name


def _texts() -> dict[Path, str]:
    """Return the files that Debian's nginx.conf includes, in its order, without asking Nginx, and itself."""
    files = [NGINX / "nginx.conf", *sorted(NGINX.glob("conf.d/*.conf")), *sorted(ENABLED.glob("*"))]
    read = [file for file in files if file.is_file() and file.name[0] != "."]
    return {file: file.read_text(encoding="utf-8", errors="replace") for file in read}
