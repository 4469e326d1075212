"""Gixy, which knows what is often wrong with Nginx's configuration, finds nothing in ours."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from puerto.nginx_build import NginxBuild

from deploy.base.locks import exclusive
from deploy.base.paths import state
from tests.unit.templates.rendering import SCENARIOS, Rendering

REQUIREMENTS = Path(__file__).with_name("gixy.txt")
AROUND = "worker_rlimit_nofile 2048;\nevents {{ worker_connections 768; }}\nhttp {{\n    include {0}/*.conf;\n}}\n"
"""The host's own nginx.conf, which isn't ours, as gixy likes it."""

DEBIAN12, DEBIAN13 = NginxBuild((1, 22, 1), (3, 0, 17)), NginxBuild((1, 26, 3), (3, 5, 1))
BY_OPTION = {"hsts_header"}
"""There is none with a certificate of the host's own authority, and elsewhere the operator turns it on."""

BY_BUILD = BY_OPTION | {"ssl_ecdh_curve"}
"""What an OpenSSL before 3.5 would refuse is there only where OpenSSL is newer: module_utils/puerto/nginx_build.py."""

Findings = set[str]


@pytest.fixture(scope="session")
def gixy() -> Callable[[Path], Findings]:
    """Have gixy read a configuration; return the names of what it finds."""
    folder = state("test", f"gixy-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}")
    with exclusive(state("test", "gixy.lock")):
        if not (folder / "complete").exists():
            options = ["--quiet", "--no-deps", "--require-hashes", "--target", str(folder), "-r", str(REQUIREMENTS)]
            subprocess.run([sys.executable, "-m", "pip", "install", *options], check=True)
            (folder / "complete").touch()

    def read(main: Path) -> Findings:
        command = [sys.executable, "-m", "gixy", "--format", "json", str(main)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(folder)})
        assert done.stdout.startswith("["), done.stderr
        return {finding["plugin"] for finding in json.loads(done.stdout)}

    return read


def written(folder: Path, texts: dict[str, str]) -> Path:
    """Write sites, with a main file around them; return it."""
    for name, text in texts.items():
        (folder / f"{name}.conf").write_text(text)
    main = folder / "nginx"
    main.write_text(AROUND.format(folder))
    return main


@pytest.mark.parametrize("applications", SCENARIOS.values(), ids=SCENARIOS)
def test_gixy_finds_nothing(gixy, tmp_path, applications: list[Rendering]):
    files = {path.stem: text for application in applications for path, text in application.nginx_files.items()}
    for build, known in ((DEBIAN12, BY_OPTION), (DEBIAN13, BY_BUILD)):
        found = gixy(written(tmp_path, {name: build.adapted(text) for name, text in files.items()}))
        assert found <= known, (build, found - known)


def test_gixy_finds_what_is_wrong(gixy, tmp_path):
    """As a check that it reads the site at all."""
    (application, *_) = SCENARIOS["every default"]
    wrong = {
        "add_header_redefinition": application.site.replace("= /health {", "= /health {\nadd_header X-More more;"),
        "host_spoofing": application.site.replace("$practica_flask_host;", "$http_host;"),
        "hash_without_default": application.site.replace("    default  30;\n", ""),
    }
    for name, text in wrong.items():
        assert text != application.site
        assert name in gixy(written(tmp_path, {"site": text})), name
