"""Situations that people report of their servers: each prepares a host, and says what must come of it."""

from dataclasses import dataclass

from puerto.layout import ENABLED


@dataclass(frozen=True)
class Situation:
    """What a host may have been through before Puerto meets it.

    Attributes:
        name: in an operator's words.
        sentence: that a run must refuse it with.
        prepared: shell commands that bring it about.
        undone: shell commands that undo it.
    """

    name: str
    sentence: str
    prepared: str
    undone: str


VALUES = {"app_name": "tienda", "nginx_server_names": ["tienda.example", "www.tienda.example"]}
"""The application that another's things stand in the way of; what has no value of its own follows from its name."""

SHOP = """mkdir -p /srv/shop; echo the shop > /srv/shop/index.html
    printf '[Unit]\\nDescription=The shop\\n[Service]\\nUser=nobody\\nWorkingDirectory=/srv/shop\\n' > {unit}
    printf 'ExecStart=/usr/bin/python3 -m http.server --bind 127.0.0.1 8000\\n' >> {unit}
    printf '[Install]\\nWantedBy=multi-user.target\\n' >> {unit}
    systemctl daemon-reload; systemctl enable --now {name}"""
UNSHOP = "systemctl disable --now {name}; rm -rf /srv/shop {unit}; systemctl daemon-reload"
UNIT = {"unit": "/etc/systemd/system/tienda.service", "name": "tienda"}

SITE = """printf '%s' 'server {{ listen 80; {directives} location / {{ return 200 theirs; }} }}' > {file}"""
IN_THE_WAY = [
    Situation(
        "its unit is another's, which runs",
        "unit /etc/systemd/system/tienda.service is another's, and stays as it is: “The shop”, active, of nobody: "
        "/usr/bin/python3 -m http.server --bind 127.0.0.1 8000",
        SHOP.format_map(UNIT),
        UNSHOP.format_map(UNIT),
    ),
    Situation(
        "its boot unit is another's",
        "unit /etc/systemd/system/tienda-boot.service is another's, and stays as it is: “Boots the shop”",
        "printf '[Unit]\\nDescription=Boots the shop\\n[Service]\\nExecStart=/bin/true\\n'"
        " > /etc/systemd/system/tienda-boot.service; systemctl daemon-reload",
        "rm /etc/systemd/system/tienda-boot.service; systemctl daemon-reload",
    ),
    Situation(
        "a socket would start its unit",
        "unit /etc/systemd/system/tienda.socket is another's, and stays as it is: “The shop's door”",
        'printf "[Unit]\\nDescription=The shop\'s door\\n[Socket]\\nListenStream=/run/shop.sock\\n"'
        " > /etc/systemd/system/tienda.socket; systemctl daemon-reload",
        "rm /etc/systemd/system/tienda.socket; systemctl daemon-reload",
    ),
    Situation(
        "its user is a person",
        "user tienda is another's, and stays as it is: an account with home /home/tienda, shell /bin/bash and group "
        "www-data; it runs /usr/bin/sleep 600",
        "useradd --create-home --shell /bin/bash --gid www-data tienda; mkdir ~tienda/.ssh;"
        " systemd-run --quiet --unit=persons --uid=tienda sleep 600",
        "systemctl stop persons; userdel --remove tienda 2>/dev/null",
    ),
    Situation(
        "its folder is another's",
        "folder /var/www/tienda is another's, and stays as it is: a folder of www-data:www-data (mode 0775), with "
        ".git, index.php, notas.txt",
        "mkdir -p /var/www/tienda/.git; echo hola > /var/www/tienda/notas.txt; touch /var/www/tienda/index.php;"
        " chown -R www-data:www-data /var/www/tienda; chmod 775 /var/www/tienda",
        "rm -rf /var/www/tienda",
    ),
    Situation(
        "its runtime folder is another's",
        "folder /run/tienda is another's, and stays as it is: a folder of nobody:root (mode 0755), with shop.pid",
        "mkdir /run/tienda; touch /run/tienda/shop.pid; chown nobody /run/tienda",
        "rm -r /run/tienda",
    ),
    Situation(
        "its site is another's, and isn't enabled",
        "site /etc/nginx/sites-available/tienda is another's, and stays as it is: a site of root:root (mode 0644): "
        "server { listen 80;",
        SITE.format(directives="server_name old.example;", file="/etc/nginx/sites-available/tienda"),
        "rm /etc/nginx/sites-available/tienda",
    ),
    Situation(
        "its site is a link that leads nowhere",
        "site /etc/nginx/sites-enabled/tienda is another's, and stays as it is: a link to /srv/gone, which doesn't",
        f"ln -s /srv/gone {ENABLED}/tienda",
        f"rm {ENABLED}/tienda",
    ),
    Situation(
        "an old site has its server name",
        "server name www.tienda.example is another's, and stays as it is: /etc/nginx/sites-enabled/a_old answers to it",
        SITE.format(directives="server_name www.tienda.example;", file=f"{ENABLED}/a_old"),
        f"rm {ENABLED}/a_old",
    ),
    Situation(
        "another site is asked first by the host itself",
        "/etc/nginx/sites-enabled/a_status listens on 127.0.0.2:80, which Nginx prefers to 80 alone",
        SITE.format(directives="listen 127.0.0.2:80; server_name status.example;", file=f"{ENABLED}/a_status"),
        f"rm {ENABLED}/a_status",
    ),
    Situation(
        "another site writes its log",
        "log /var/log/nginx/tienda.access.log is another's, and stays as it is: /etc/nginx/sites-enabled/logging",
        SITE.format(
            directives="server_name logs.example; access_log /var/log/nginx/tienda.access.log;",
            file=f"{ENABLED}/logging",
        ),
        f"rm -f {ENABLED}/logging /var/log/nginx/tienda.access.log",
    ),
    Situation(
        "another site has an upstream of its name",
        "upstream tienda is another's, and stays as it is: /etc/nginx/conf.d/upstream.conf has it",
        "echo 'upstream tienda { server 127.0.0.1:8000; }' > /etc/nginx/conf.d/upstream.conf",
        "rm /etc/nginx/conf.d/upstream.conf",
    ),
    Situation(
        "its cache's folder is another's",
        "cache /var/lib/nginx/tienda is another's, and stays as it is: a folder of root:root (mode 0755)",
        "mkdir /var/lib/nginx/tienda; touch /var/lib/nginx/tienda/kept",
        "rm -r /var/lib/nginx/tienda",
    ),
    Situation(
        "its package index is none that the host reaches",
        "The package index https://index.invalid/simple (/etc/xdg/pip/pip.conf) can't be reached from the host: ",
        "mkdir -p /etc/xdg/pip; mv /etc/pip.conf /etc/pip.aside;"
        " printf '[global]\\nindex-url = https://me:secret@index.invalid/simple\\n' > /etc/xdg/pip/pip.conf",
        "rm -r /etc/xdg/pip; mv /etc/pip.aside /etc/pip.conf",
    ),
]
"""What may be another's, all on one host at once."""

DEAD_NGINX = [
    Situation(
        "another program has the port",
        "Port 80 is taken by python3 (process ",
        "systemctl stop nginx; systemd-run --quiet --unit=apache2 /usr/bin/python3 -m http.server 80;"
        " until ss -Hltn 'sport = :80' | grep -q .; do sleep 0.1; done",
        "systemctl stop apache2",
    ),
    Situation("Nginx is masked", "nginx.service is masked", "systemctl mask nginx", "systemctl unmask nginx"),
    Situation(
        "Nginx runs as another user", "Nginx runs as games, not as www-data",
        "sed -i 's/^user www-data;/user games;/' /etc/nginx/nginx.conf; nginx -t",
        "sed -i 's/^user games;/user www-data;/' /etc/nginx/nginx.conf; nginx -t",
    ),
    Situation(
        "Nginx is laid out as nginx.org does it", "nginx.conf doesn't include /etc/nginx/sites-enabled/*",
        "sed -i 's:include /etc/nginx/sites-enabled:#&:' /etc/nginx/nginx.conf",
        "sed -i 's:#include /etc/nginx/sites-enabled:include /etc/nginx/sites-enabled:' /etc/nginx/nginx.conf;"
        " systemctl start nginx",
    ),
]  # fmt: skip
"""What keeps Nginx from serving the site, all on one host at once; the last one undone starts it again."""

FOLDERS = {
    "/home/admin/tienda": "app_root: /home/admin/tienda is below /home, which the unit's sandbox hides",
    "/srv/linked/tienda": "app_root: /srv/linked/tienda leads over a link to /data/tienda: set app_root to that.",
}
"""Folder of the application → why it can't be there."""

CHANGING = (
    "/proc", "/sys", "/run", "/tmp", "/var/tmp", "/dev", "/var/log", "/var/lib/apt/lists", "/*/.ansible",
    "/home/*/.ansible",
)  # fmt: skip
"""What any connection changes, or a reboot."""


def listing(*more: str, times: bool = True) -> str:
    """Return the shell commands that print all that is on a host: folders and files, units, listeners.

    Units and scopes that systemd runs for a while, such as that of the release before last, come and go by themselves.

    Args:
        more: patterns of paths to leave out, besides those that change anyway.
        times: whether a file counts as another once it was written again.
    """
    left_out = " -o ".join(f"-path '{path}'" for path in (*CHANGING, *more))
    file = f"%p %y %m %u:%g %l %s{' %T@' if times else ''}"
    return f"""find / -xdev \\( {left_out} \\) -prune -o \\
        \\( -type d -printf '%p %y %m %u:%g\\n' -o -printf '{file}\\n' \\) | sort
        systemctl list-unit-files --no-legend --no-pager | grep -vE '\\.scope | transient '
        ss -Hltn | awk '{{print $4}}' | sort"""


LISTING = listing()
