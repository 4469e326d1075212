"""Runs on a host with its own Python: sends a request, prints the response as JSON, or null if there is none.

Arguments: Nginx's address, path, Host header, JSON body ("-": read it from standard input; empty: GET), Unix socket
("": Nginx), scheme, the address that asks, and how often it does unless it is refused for that.
"""

import http.client
import json
import socket
import ssl
import sys


class UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


class TlsConnection(http.client.HTTPConnection):
    """Takes any certificate: another test looks at it."""

    def connect(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection((nginx, 443), self.timeout, self.source_address)
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


nginx, path, name, body, unix, scheme, source, times = sys.argv[1:9]
if unix:
    connection = UnixConnection(unix, timeout=10)
elif scheme == "https":
    connection = TlsConnection(name, timeout=10, source_address=(source, 0))
else:
    connection = http.client.HTTPConnection(nginx, timeout=10, source_address=(source, 0))
headers = {"Host": name}
if body:
    headers["Content-Type"] = "application/json"
    body = sys.stdin.read() if body == "-" else body
try:
    for _ in range(int(times)):
        connection.request("POST" if body else "GET", path, body or None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status == 429:
            break
except (http.client.RemoteDisconnected, ssl.SSLError):
    print("null")
else:
    together = {name: ", ".join(response.headers.get_all(name)) for name in response.headers}
    print(json.dumps({"status": response.status, "headers": together, "body": text}))
