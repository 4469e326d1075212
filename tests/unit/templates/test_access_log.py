"""What Nginx's access log keeps of an address: its path, but never what was entered, which its query can hold."""

import re
import socket
import time

import pytest

from tests.unit.templates.rendering import DEFAULTS, SECOND

SECRET = "s3cret"
REFERRED = f"Referer: http://x/models/exam/answer?estudio={SECRET}\r\n"
REQUESTS = {
    f"GET /models/exam/answer/0?estudio={SECRET}&sueno=8 HTTP/1.1": "GET /models/exam/answer/0 HTTP/1.1",
    f"GET /two?b?{SECRET} HTTP/1.1": "GET /two HTTP/1.1",
    f"GET /ends?b=HTTP/1.1&c={SECRET} HTTP/1.1": "GET /ends HTTP/1.1",
    f"POST /old?{SECRET} HTTP/1.0": "POST /old HTTP/1.0",
    "GET /static/style.css HTTP/1.1": "GET /static/style.css HTTP/1.1",
    "GET / HTTP/1.1": "GET / HTTP/1.1",
}  # fmt: skip


def sent(port: int, line: str, name: str) -> None:
    """Send a request, and wait until it is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            f"{line}\r\nHost: {name}\r\n{REFERRED}User-Agent: tests\r\nConnection: close\r\n\r\n".encode()
        )
        while connection.recv(1 << 16):
            pass


@pytest.mark.parametrize("rendering", [DEFAULTS, SECOND], ids=["default", "second"])
def test_access_log_has_paths_without_queries(served, tmp_path, rendering):
    site, name = served(rendering), rendering.option("nginx_server_names")[0]
    log = tmp_path / rendering.option("nginx_access_log").lstrip("/")
    for line in REQUESTS:
        sent(site.port, line, name)
    deadline = time.monotonic() + 10
    while (text := log.read_text()).count("\n") < len(REQUESTS) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert re.findall(r'\] "(.*?)" \d', text) == [*REQUESTS.values()]
    assert SECRET not in text
    assert text.count('"http://x/models/exam/answer" "tests"') == len(REQUESTS)
