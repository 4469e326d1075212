"""What stands between an application and its site: who has the ports, what Nginx reads, the operator's certificate."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from . import nginx_ports, processes, systemd
from .certificates import Pair
from .handmade import survey
from .layout import CONF_D, ENABLED, NGINX
from .names import Names
from .neighbours import Neighbours
from .nginx_listen import HTTPS_PORT


def faults(names: Names, neighbours: Neighbours, adopted: Collection[str] = ()) -> list[str]:
    """Return a sentence for each reason why Nginx couldn't serve the site.

    Args:
        adopted: files that are taken over.
    """
    return [
        *_ports(names),
        *unreadable(names, neighbours),
        *_nginx(names, neighbours),
        *nginx_ports.faults(names, neighbours.configuration, adopted),
    ]


def unreadable(names: Names, neighbours: Neighbours) -> list[str]:
    """Return what Nginx can't read, unless it is what this very run makes again before Nginx reads anything."""
    own = (f'"{names.app_root}/tls/', f"{names.nginx_unknown_hosts}:")
    return [neighbours.fault] if neighbours.fault and not any(part in neighbours.fault for part in own) else []


def lost_https(names: Names, neighbours: Neighbours) -> Iterator[str]:
    """A deployment's certificate, which visitors trust, would be lost to an application that has none of that kind."""
    if names.nginx_https == "own":
        return
    sites = survey(names, neighbours.configuration).sites
    for server in neighbours.configuration.servers:
        if str(server.file) in sites and server.listens_on(HTTPS_PORT):
            kinds = ("ssl_certificate", "ssl_certificate_key")
            files = ", ".join(path for kind in kinds for path in server.directive.values(kind))
            way = "nginx_https: own, nginx_certificate_from: host, nginx_certificate and nginx_certificate_key"
            later = "; acme can follow" if names.nginx_https == "acme" else ""
            mode = f"nginx_https: {names.nginx_https}"
            yield f"{server.file} speaks HTTPS; {mode} would end that: set {way} ({files}){later}."


def certificate_faults(names: Names, certificate: dict[str, str], key: str) -> list[str]:
    """Return a sentence for each reason why the operator's certificate can't be shown by the site.

    Args:
        names: the application's.
        certificate: ``{"path", "key_path", "text"}``; without a text both are the host's own files.
        key: its text, where that of the certificate is given.
    """
    path, key_path = certificate["path"], certificate["key_path"]
    if certificate["text"]:
        return Pair(certificate["text"], key, path, key_path).faults(names.nginx_server_names)
    if os.geteuid():
        return []
    try:
        return Pair.read(path, key_path).faults(names.nginx_server_names)
    except OSError as fault:
        return [f"{fault.filename}: can't be read on the host: {fault.strerror}."]
    except ValueError:
        return [f"{path} or {key_path}: is no text (PEM)."]


def _ports(names: Names) -> Iterator[str]:
    for port in names.ports:
        others = [process for process in processes.listening_on(port) if process.name != "nginx"]
        if others:
            process = others[0]
            way = f"systemctl disable --now {process.unit}" if process.unit else f"it was started as: {process.command}"
            without = ", or do without HTTPS (nginx_https: off)" if port == HTTPS_PORT else ""
            yield (
                f"Port {port} is taken by {process}, so Nginx couldn't listen there: stop it ({way}), or move its port"
                f"{without}."
            )


def _nginx(names: Names, neighbours: Neighbours) -> Iterator[str]:
    if systemd.is_masked("nginx.service"):
        yield "nginx.service is masked, so it can't be started: systemctl unmask nginx."
    files, file = neighbours.configuration.files, NGINX / "nginx.conf"
    if not file.is_file() and shutil.which("nginx"):
        way = "apt-get install --reinstall --option Dpkg::Options::=--force-confmiss nginx-common"
        yield f"{file} is missing, though Nginx is installed, so it couldn't start: put it back ({way})."
    if not files:
        return
    if file not in files:
        yield f"Nginx reads {next(iter(files))} rather than {file}, so it is none of Debian's: install Debian's nginx."
        return
    for pattern, path in (
        (f"{ENABLED}/*", ENABLED / names.app_name),
        (f"{CONF_D}/*.conf", Path(names.nginx_unknown_hosts)),
    ):
        if not neighbours.configuration.would_read(path):
            yield (
                f"{file} doesn't include {pattern}, as Debian's does (nginx.org's package, or an edit): "
                f"add “include {pattern};” to its http block, or install Debian's nginx."
            )
    user = next(iter(files[file].values("user")), "nobody")
    if user != "www-data":
        yield f"Nginx runs as {user}, not as www-data, whose group may read the site: see user in nginx.conf."
