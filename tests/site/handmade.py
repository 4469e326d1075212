"""Deployments made by hand, as people are taught to make them; each says where its parts lie."""

from dataclasses import dataclass

PYTHON = "/usr/bin/python3"
APPLICATION = """
import http.server, os, socket, socketserver, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def address_string(self): return "nginx"
    def log_message(self, *arguments): pass
    def do_GET(self):
        body = b"<h1>App desplegada a mano</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

class OnSocket(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    def get_request(self):
        return self.socket.accept()[0], ("nginx", 0)

class OnPort(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

where = sys.argv[1]
if where.isdigit():
    server = OnPort(("127.0.0.1", int(where)), Handler)
else:
    if os.path.exists(where): os.unlink(where)
    os.umask(0)
    server = OnSocket(where, Handler)
server.serve_forever()
"""
"""A site of the host's own Python, which needs nothing installed: what serves it isn't what is tested."""

UNIT = """[Unit]
Description={description}
After=network.target
[Service]
User={user}
Group=www-data
WorkingDirectory={folder}
ExecStart={python} {folder}/wsgi.py {address}
[Install]
WantedBy=multi-user.target
"""

SITE = """server {{
    listen 80;
    server_name {names};
    location / {{
        include proxy_params;
        proxy_pass http://{upstream};
    }}
}}
"""


@dataclass(frozen=True)
class Layout:
    """Where a course or a tutorial has its readers put the parts of a deployment.

    Attributes:
        app_name: the application that takes its place.
        user: whom it runs as.
        folder: where it works.
        address: where it listens: a Unix socket, or a port.
        unit: its unit's name.
        site: its site's file.
    """

    app_name: str
    user: str
    folder: str
    address: str
    unit: str
    site: str

    @property
    def server_name(self) -> str:
        """The name that its site answers to."""
        return f"{self.app_name}.example"

    def script(self) -> str:
        """Return the shell commands by which a person makes it, as root."""
        upstream = f"127.0.0.1:{self.address}" if self.address.isdigit() else f"unix:{self.address}"
        unit = UNIT.format(description=f"{self.app_name}, by hand", user=self.user, folder=self.folder, python=PYTHON,
                           address=self.address)  # fmt: skip
        site = SITE.format(names=f"{self.server_name} www.{self.server_name}", upstream=upstream)
        link = f"ln -s {self.site} /etc/nginx/sites-enabled/" if "sites-available" in self.site else "true"
        return f"""umask 022; id {self.user} >/dev/null 2>&1 || useradd --create-home --shell /bin/bash {self.user}
mkdir -p {self.folder}/.venv/bin
cat > {self.folder}/wsgi.py <<'END'
{APPLICATION}
END
printf 'FLASK_APP=wsgi.py\\nFLASK_ENV=production\\n' > {self.folder}/.env
echo 'mis notas' > {self.folder}/notas.txt; echo x > {self.folder}/modelo.pkl
chown -R {self.user}:www-data {self.folder}; chmod 775 {self.folder}; chmod a+x {self.folder}/..
cat > /etc/systemd/system/{self.unit}.service <<'END'
{unit}
END
cat > {self.site} <<'END'
{site}
END
{link}; systemctl daemon-reload; systemctl enable --quiet --now {self.unit}; nginx -s reload; sleep 1"""


LAYOUTS = {
    "the practice's": Layout(
        "manual", "person", "/var/www/manual", "/var/www/manual/manual.sock", "manual",
        "/etc/nginx/sites-available/manual",
    ),
    "a project in the home, its socket beside it": Layout(
        "proyecto", "sammy", "/home/sammy/myproject", "/home/sammy/myproject/myproject.sock", "myproject",
        "/etc/nginx/sites-available/myproject",
    ),
    "a port of the machine, and a site in conf.d": Layout(
        "puerta", "webapp", "/opt/webapp", "8123", "gunicorn", "/etc/nginx/conf.d/webapp.conf",
    ),
}  # fmt: skip
"""Whose way it is → the layout."""
