"""What the way back from an adoption removes, and what it leaves: the program is run in folders of its own."""

import os
import subprocess
from pathlib import Path

import pytest
from puerto import restoration
from puerto.adoption import Adoption
from puerto.layout import SIGNATURE
from puerto.names import Names


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the host, with programs that only record how they are called."""
    for name in ("UNITS", "ENABLED", "SITES", "CACHES"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(restoration, name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for program in ("systemctl", "nginx", "sleep", "userdel", "dpkg-query"):
        (tmp_path / "bin" / program).write_text(f'#!/bin/sh\necho "{program} $*" >> {tmp_path}/calls\n')
        (tmp_path / "bin" / program).chmod(0o755)
    (tmp_path / "copies" / "shop-1").mkdir(parents=True)
    (tmp_path / "copies" / "shop-1" / "packages").touch()
    (tmp_path / "unknown.conf").write_text(SIGNATURE)
    return tmp_path


def restore(host: Path) -> str:
    """Run the program, and return the calls that it makes."""
    log, unknown, root = str(host / "x.log"), str(host / "unknown.conf"), str(host / "srv")
    names = Names("shop", root, "puerto-none", "puerto-none", ("shop.example",), log, log, unknown, "acme")
    adoption = Adoption(str(host / "copies" / "shop-1"), "shop", (), (), "", (), (), (), ())
    environment = os.environ | {"PATH": f"{host}/bin:{os.environ['PATH']}"}
    program = restoration.program(adoption, names)
    done = subprocess.run(["sh"], input=program, env=environment, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return (host / "calls").read_text()


@pytest.mark.parametrize("has_other", [False, True])
def test_file_that_applications_share_goes_with_the_last(host, has_other):
    (host / "ENABLED" / "shop").write_text(SIGNATURE)
    if has_other:
        (host / "ENABLED" / "blog").write_text(f"{SIGNATURE}: blog")
    restore(host)
    assert (host / "unknown.conf").exists() == has_other


def test_renewal_of_the_certificate_ends(host):
    for kind in ("service", "timer"):
        text = f"WorkingDirectory={host}/srv/current\n" if kind == "service" else ""
        (host / "UNITS" / f"puerto-none-certificate.{kind}").write_text(text)
    calls = restore(host)
    assert "systemctl disable --quiet --now puerto-none-certificate.timer\n" in calls
    assert not list((host / "UNITS").iterdir())


def test_unit_that_begins_alike_runs_on(host):
    stopped = next(line for line in restore(host).splitlines() if line.startswith("systemctl stop "))
    assert stopped.endswith(" puerto-none-watch.*")
