"""Debian's Nginx, to read what the templates make."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from puerto.authority import Authority
from puerto.nginx import ENABLED, NGINX
from puerto.nginx_build import NginxBuild

from deploy.base.locks import exclusive
from deploy.base.paths import KIT, state, tool
from deploy.base.toolchain import as_root
from tests.ports import free_port
from tests.unit.templates.rendering import DEFAULTS, Rendering

START_SECONDS = 60
STATIC = KIT / "app" / "static"
PACKAGES = ("nginx", "nginx-common")
FOLDERS = ("etc/nginx", "run", "var/lib/nginx", "var/log/nginx")
"""Where Nginx reads and writes; in the tests under a root of their own."""

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@pytest.fixture(scope="session")
def debian_nginx() -> Path:
    """A folder with Debian's Nginx and its configuration.

    Unpacked, which needs no root: installed, it would serve this machine's port 80.
    """
    folder = state("test", "nginx")
    with exclusive(state("test", "nginx.lock")):
        if not (folder / "complete").exists():
            folder.mkdir(exist_ok=True)
            _download(folder)
            for package in folder.glob("*.deb"):
                _must_run("dpkg-deb", "--extract", str(package), str(folder))
            (folder / "complete").touch()
    return folder


@pytest.fixture(scope="session")
def build(debian_nginx: Path) -> NginxBuild:
    """What that Nginx was built as."""
    command = [debian_nginx / "usr" / "sbin" / "nginx", "-V"]
    return NginxBuild.read(subprocess.run(command, capture_output=True, text=True).stderr)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority as a host has one, which has signed for the default names."""
    made = Authority(tmp_path_factory.mktemp("tls"), DEFAULTS.option("nginx_server_names"))
    made.sign()
    return made


@pytest.fixture
def laid_out(debian_nginx: Path, build: NginxBuild, authority: Authority, tmp_path: Path) -> Callable[..., Path]:
    """Lay out a host's files, with Debian's configuration around them, for two ports; return the main one."""

    def moved(text: str, port: int, https_port: int) -> str:
        """Replace what only root may use, and the certificate; write it as this version reads it."""
        text = re.sub(rf"(?<=\s)/(?:{'|'.join(FOLDERS)})/", rf"{tmp_path}\g<0>", text)
        text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {authority.site_certificate};", text)
        text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {authority.site_key};", text)
        text = re.sub(r"(listen .*)\b443\b", rf"\g<1>{https_port}", text)
        return build.adapted(re.sub(r"(listen .*)\b80\b", rf"\g<1>{port}", text))

    def lay_out(files: dict[Path, str], port: int = 8080, https_port: int = 8443) -> Path:
        for folder in FOLDERS[1:]:
            (tmp_path / folder).mkdir(parents=True)
        shutil.copytree(debian_nginx / "etc" / "nginx", tmp_path / "etc" / "nginx")
        main = tmp_path / "etc" / "nginx" / "nginx.conf"
        temporary = "".join(f"{name}_temp_path /var/lib/nginx/{name};\n" for name in TEMPORARY)
        around = main.read_text().replace("user www-data;", "").replace("http {", f"http {{\n{temporary}")
        for path, text in (files | {NGINX / "nginx.conf": around}).items():
            copy = tmp_path / path.relative_to("/")
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(moved(text, port, https_port))
        return main

    return lay_out


@dataclass(frozen=True)
class Served:
    """Nginx with a site, without an application: where it listens."""

    port: int
    https_port: int


@pytest.fixture
def start() -> Iterator[Callable[..., None]]:
    """Start a program and wait until it serves; it ends with the test."""
    running = []

    def started(command: list[object], serves: Callable[[], bool], **options: Any) -> None:
        process = subprocess.Popen(command, **options)
        running.append(process)
        deadline = time.monotonic() + START_SECONDS
        while not serves():
            assert process.poll() is None and time.monotonic() < deadline, command
            time.sleep(0.05)

    yield started
    for process in running:
        process.terminate()
        process.wait(30)


@pytest.fixture
def served(debian_nginx: Path, laid_out: Callable[..., Path], start: Callable[..., None]) -> Callable[..., Served]:
    """Have Nginx serve an application's site, or another text of it; its static files are the checkout's."""

    def serve(rendering: Rendering, site_text: str = "") -> Served:
        site, root = Served(free_port(), free_port()), rendering.option("app_root")
        static = f"{root}/current/app/static"
        texts = rendering.nginx_files | ({ENABLED / rendering.plan.app_name: site_text} if site_text else {})
        files = {path: text.replace(static, str(STATIC)) for path, text in texts.items()}
        main = laid_out(files, site.port, site.https_port)
        nginx = debian_nginx / "usr" / "sbin" / "nginx"
        command = [nginx, "-e", "stderr", "-c", main, "-g", "daemon off; master_process off;"]
        start(command, lambda: _is_listening(site.port))
        return site

    return serve


@pytest.fixture
def application(bundles: Path, tmp_path: Path, start: Callable[..., None]) -> Callable[[Rendering], Path]:
    """Start the application under Gunicorn as its unit does; return its socket."""

    def bound_by(rendering: Rendering) -> Path:
        bound = tmp_path / "app.sock"
        own = {"GUNICORN_BIND": f"unix:{bound}", "GUNICORN_WORKERS": "2", "APP_BUNDLES": str(bundles)}
        # Not production, which wants a secret key.
        settings = os.environ | rendering.plan.settings | own | {"APP_ENVIRONMENT": "development"}
        command = [tool("gunicorn"), "--config", "python:app.gunicorn_conf", "wsgi:app"]
        start(command, bound.exists, cwd=KIT, env=settings, stderr=subprocess.DEVNULL)
        return bound

    return bound_by


def asking(rendering: Rendering, bound: Path) -> str:
    """Return the text of a site that asks one socket, whichever release is current."""
    text = rendering.site
    for link in ("current", "previous"):
        text = text.replace(f"{rendering.option('app_root')}/{link}/{rendering.plan.unit}.sock", str(bound))
    return text


def _is_listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _download(folder: Path) -> None:
    command = ["apt-get", "-qq", "download", *PACKAGES]
    if subprocess.run(command, cwd=folder, capture_output=True).returncode:  # a machine may have no package lists yet
        _must_run(*as_root(["apt-get", "-qq", "update"]))
        _must_run(*command, folder=folder)


def _must_run(*command: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
