"""The same tree on other servers and platforms: pip's file, the Procfile's command, waitress."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from deploy.base.paths import KIT, tool
from tests.ports import free_port

START_SECONDS = 30
COMMANDS = {
    "Procfile": (KIT / "Procfile").read_text().removeprefix("web: ").strip(),
    "waitress": re.search(r"waitress-serve .*", (KIT / "docs" / "elsewhere.md").read_text())[0],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_serves(name, bundles: Path):
    port = free_port()
    variables = {
        "PORT": str(port),
        "APP_BUNDLES": str(bundles),
        "PATH": f"{Path(tool('python')).parent}:{os.environ['PATH']}",
    }
    process = subprocess.Popen(
        COMMANDS[name],
        shell=True,
        cwd=KIT,
        env=os.environ | variables,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                response = requests.post(f"http://127.0.0.1:{port}/modelo", json={"estudio": 6, "sueno": 8}, timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.1)
        assert response.json() == {"predict": "Aprobado"}
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=40)
