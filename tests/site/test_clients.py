"""Programs that ask a host: those of the README, a client of the Open Inference Protocol, schemathesis."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
import requests
import tritonclient.http as triton

from deploy.base.paths import tool
from deploy.rehearsal import hosts as rehearsal
from tests import readme
from tests.run import FULL
from tests.site.common import scratch
from tests.site.hosts import Hosts

pytestmark = pytest.mark.debian(13)

ASKING = "Asking the site"
CASES = 2000 if FULL else 500
"""At least so many of schemathesis's."""

NAMES_LEAD_TO_THE_HOST = """
import socket
real = socket.getaddrinfo
socket.getaddrinfo = lambda name, *more, **others: real({address!r} if name in {names!r} else name, *more, **others)
"""
"""Before a Python program of the README: what the line in /etc/hosts does for its reader."""


@pytest.fixture(scope="module")
def site(hosts: Hosts, host: rehearsal.Host) -> tuple[str, list[str]]:
    """The host's address and names."""
    return host.address, hosts.values[host.name]["nginx_server_names"]


@pytest.mark.parametrize("command", readme.commands(ASKING))
def test_curl_of_the_readme(site, command):
    address, names = site
    resolved = [word for name in names for word in ("--resolve", f"{name}:80:{address}")]
    arguments = shlex.split(command)
    done = subprocess.run(
        [arguments[0], "-sS", "--fail-with-body", *resolved, *arguments[1:]], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Aprobado" in done.stdout


def test_python_of_the_readme(site):
    address, names = site
    (program,) = readme.blocks(ASKING, "python")
    prelude = NAMES_LEAD_TO_THE_HOST.format(address=address, names=names)
    done = subprocess.run([tool("python"), "-c", prelude + program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == program.count("print(")
    assert all("Aprobado" in line for line in done.stdout.splitlines())


def test_client_of_the_open_inference_protocol(site):
    address, names = site
    headers = {"Host": names[0]}
    client = triton.InferenceServerClient(f"{address}:80")
    assert client.is_server_live(headers)
    assert client.is_server_ready(headers)
    assert "binary_tensor_data" in client.get_server_metadata(headers)["extensions"]
    tables = {"exam": {"estudio": [6.0, 1.0], "sueno": [8.0, 4.5]},
             "titanic": {"class": ["first", "crew"], "sex": ["female", "male"], "age": ["adult", "adult"]}}  # fmt: skip
    expected = {"exam": [b"Aprobado", b"Suspendido"], "titanic": [b"survived", b"died"]}
    for name, columns in tables.items():
        assert client.is_model_ready(name, headers=headers)
        types = {
            tensor["name"]: tensor["datatype"] for tensor in client.get_model_metadata(name, headers=headers)["inputs"]
        }
        for binary in (True, False):
            inputs = []
            for column, values in columns.items():
                tensor = triton.InferInput(column, [2], types[column])
                kind = object if types[column] == "BYTES" else float
                tensor.set_data_from_numpy(np.array(values, kind), binary_data=binary)
                inputs.append(tensor)
            answer = client.infer(name, inputs, request_id="a", headers=dict(headers))
            answers = [value if isinstance(value, bytes) else value.encode() for value in answer.as_numpy("predict")]
            assert answers == expected[name], binary
            assert answer.as_numpy("predict_proba").sum(axis=1) == pytest.approx([1, 1])
            assert answer.get_response()["id"] == "a"
    client.close()


def test_answers_are_compressed_and_a_tag_still_saves_them(site):
    address, names = site
    url = f"http://{address}/api/v1/models/titanic"
    headers = {"Host": names[0]}
    assert requests.get(url, headers=headers, timeout=30).headers["Content-Encoding"] == "gzip"
    url = f"{url}/prediction?class=first&sex=female&age=adult"
    first = requests.get(url, headers=headers, timeout=30)
    again = requests.get(url, headers=headers | {"If-None-Match": first.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")


def test_client_can_t_give_itself_an_id_or_a_refusal(site):
    address, names = site
    headers = {
        "Host": names[0],
        "X-Request-ID": "0123456789abcdef",
        "X-Refused": "413",
        "X-Forwarded-Host": "evil.example",
    }
    answer = requests.get(f"http://{address}/models/exam", headers=headers, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"] != headers["X-Request-ID"]
    assert "evil.example" not in answer.text


def test_schemathesis_finds_nothing(site, tmp_path):
    """All its checks: no 5xx, no answer that the document doesn't have, nothing accepted that it excludes."""
    address, names = site
    command = [
        tool("schemathesis"), "--config-file", str(Path(__file__).parent / "schemathesis.toml"), "run",
        f"http://{address}/api/v1/openapi.json", "--header", f"Host: {names[0]}", "--checks", "all", "--workers", "2",
        "--max-examples", "300" if FULL else "75", "--seed", os.environ.get("SCHEMATHESIS_SEED", "1"),
        "--continue-on-failure", "--generation-database", "none", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    scratch("schemathesis.log").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) >= CASES
