"""An authority for ACME on a test host: Debian's pebble, reached as https://localhost:14000/dir, which asks port 80."""

import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from puerto.authority import Authority

from tests.site.common import until

DIRECTORY = "https://localhost:14000/dir"
FOLDER = "/srv/pebble"
VALID_SECONDS = 90 * 86400
QUICK = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
"""It asks for the challenge at once, and takes every nonce."""


ANSWER = "%{http_code} by HTTP/%{http_version}\\n"
LOG = "/run/browser.log"

HOSTS_SECONDS = 6
"""Go's resolver, the authority's, reads /etc/hosts again after five."""


class Pebble:
    """The authority, and the names that lead to it.

    Args:
        host: where it runs, and whose names it signs.
        on: runs a command there.
        folder: of this machine, for its certificate.
    """

    def __init__(self, host: Any, on: Callable[..., str], folder: Path) -> None:
        self.host, self.run = host, lambda command, check=True: on(host, command, check)
        self.authority = Authority(folder, ["localhost"])
        self.authority.sign()
        self.run("command -v pebble >/dev/null || { apt-get -q update && apt-get -qy install pebble curl; }")
        for file in (self.authority.site_certificate, self.authority.site_key):
            self.run(f"mkdir -p {FOLDER}; cat > {FOLDER}/{file.name} <<'E'\n{file.read_text()}\nE")

    def trusted(self, name: str, *options: str) -> str:
        """Ask a site by HTTPS, on the host, as a visitor who trusts this authority; return what curl prints."""
        roots = f"curl -ks https://localhost:15000/roots/0 > {FOLDER}/root.pem"
        return self.run(
            f"{roots}; curl -sS --cacert {FOLDER}/root.pem {' '.join(options)} https://{name}/health 2>&1", False
        )

    @contextmanager
    def browser(self, name: str) -> Iterator[Counter[str]]:
        """Ask a site by HTTP/2 for the time of a block, on one connection as long as that lasts; count the answers."""
        self.trusted(name)  # which fetches the root
        visit = f"curl -sS --http2 --rate 40/s --cacert {FOLDER}/root.pem -o /dev/null -w '{ANSWER}'"
        script = f"{visit} 'https://{name}/health?[1-999999]' > {LOG} 2>&1"
        self.run(f'systemd-run --collect --unit=browser sh -c "{script}"')
        answers: Counter[str] = Counter()
        try:
            yield answers
        finally:
            self.run("systemctl stop browser")
            answers.update(self.run(f"cat {LOG}").splitlines()[:-1])  # the last may be cut off

    def start(self, valid_seconds: int = VALID_SECONDS, **environment: str) -> None:
        """Start it anew, with another root.

        It forgets the accounts that it had, as an authority never would: so the applications forget theirs.
        """
        settings = {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
                    "certificate": f"{FOLDER}/local.pem", "privateKey": f"{FOLDER}/local.key", "httpPort": 80,
                    "tlsPort": 443, "retryAfter": {"authz": 1, "order": 1},
                    "certificateValidityPeriod": valid_seconds}  # fmt: skip
        self.run(f"cat > {FOLDER}/config.json <<'E'\n{json.dumps({'pebble': settings})}\nE")
        variables = " ".join(f"--setenv={name}={value}" for name, value in (QUICK | environment).items())
        self.stop()
        self.run("rm -rf /var/www/*/acme/config/accounts /srv/*/acme/config/accounts")
        command = f"systemd-run --collect --unit=pebble {variables} /usr/bin/pebble -config {FOLDER}/config.json"
        self.run(f"{command}; {until(f'curl -ks {DIRECTORY}', 'pebble')}")

    def stop(self) -> None:
        """As if the authority were down."""
        self.run("systemctl stop pebble", check=False)

    def lead(self, address: str, *names: str) -> None:
        """Have the host find names at an address, and no longer where it found them before."""
        gone = "; ".join(f"sed -i '/ {name}$/d' /etc/hosts.new" for name in names)
        lines = "".join(f"{address} {name}\n" for name in names) if address else ""
        script = f"cp /etc/hosts /etc/hosts.new; {gone}; printf %s {shlex.quote(lines)} >> /etc/hosts.new"
        self.run(f"{script}; cat /etc/hosts.new > /etc/hosts; rm /etc/hosts.new")
        time.sleep(HOSTS_SECONDS)
