"""Runs on a host with its own Python: sends one request, prints the response as JSON, or null if there is none.

Arguments: path, Host header, JSON body ("-": read it from standard input; empty: GET), Unix socket ("": port 80).
"""

import http.client
import json
import socket
import sys


class UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


path, name, body, unix = sys.argv[1:5]
connection = UnixConnection(unix, timeout=10) if unix else http.client.HTTPConnection("127.0.0.1", timeout=10)
headers = {"Host": name}
if body:
    headers["Content-Type"] = "application/json"
    body = sys.stdin.read() if body == "-" else body
try:
    connection.request("POST" if body else "GET", path, body or None, headers)
    response = connection.getresponse()
except http.client.RemoteDisconnected:
    print("null")
else:
    body = response.read().decode()
    print(json.dumps({"status": response.status, "headers": dict(response.getheaders()), "body": body}))
