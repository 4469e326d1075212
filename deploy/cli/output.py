"""Shows people what was done, and what is running."""

import http.client
import json
import shlex
import socket
import ssl
import time
from typing import Any

from deploy.base import engines
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES
from deploy.environments.addresses import in_url
from deploy.environments.connections import numeric

SWITCH_SECONDS = 10
"""Within which the new release must answer requests from this machine."""

HTTP_PORT, HTTPS_PORT = 80, 443
TUNNEL_PORT = 8080
"""Of this machine, in the line that leads to a site which it may not reach."""

HOST_ITSELF = "127.0.0.2"
"""Where a host asks for its own site: http_client.py, which this Python can't load, has the reason; a test compares."""

PAUSE_SECONDS = 0.1

Report = dict[str, Any]
"""What a host says about itself and its release: the message of the playbook's task named Report."""


def show_release(console: Console, host: str, report: Report) -> None:
    """Say how long each step took, what the gates measured, and what visitors noticed."""
    release = report["release"]
    if not release["seconds"]:
        return
    steps = "  ".join(f"{step} {seconds:.1f}" for step, seconds in release["seconds"].items())
    console.say(f"{host}: release {release['id']}, previous release {release['from_release'] or 'none'}")
    console.say(f"  steps (s)    {steps}")
    console.say(f"  gates        {'; '.join(': '.join(gate) for gate in release['gates'])}")
    if downtime := release["downtime"]:
        text = "{requests} requests, {failures} failed, longest gap {longest_gap_ms:.0f} ms, p99 {p99_ms:.0f} ms"
        console.say(f"  visitors     {text.format(**downtime)}")
    for sentence in engines.downgrades(**release.get("engines", {"before": {}, "now": {}})):
        console.say(f"  slower       {sentence}")


def check_from_here(console: Console, report: Report) -> None:
    """Ask the site from this machine too, if it can be reached from here.

    Raises:
        DeployError: another release answers.
    """
    scheme, expected = report["url"].partition(":")[0], report["release"]["id"]
    url = f"{scheme}://{in_url(report['address'])}/health"
    deadline = time.monotonic() + SWITCH_SECONDS
    while True:
        try:
            answering = _release_at(report["address"], report["server_names"][0], scheme)
        except (OSError, http.client.HTTPException) as fault:
            console.say(f"  from here    {_unreached(fault, report)}")
            return
        if answering == expected:
            console.say(f"  from here    {url} is answered by {expected}")
            return
        if time.monotonic() > deadline:
            other = f"release {answering}" if answering else "something that isn't a release of this site"
            if _detour(report):
                console.say(f"  from here    {url} is answered by {other}{_detour(report)}")
                return
            reason = f"{url} should be answered by release {expected}, but from here it is answered by {other}"
            advice = "Does the address lead to another machine? To go back: python3 -m deploy rollback"
            raise DeployError(reason, advice)
        time.sleep(PAUSE_SECONDS)


def _unreached(fault: Exception, report: Report) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        reason = f"{fault.verify_message}: fine if your visitors trust its authority"
        return f"this machine doesn't trust the certificate ({reason})"
    return f"can't be reached: {fault}{_detour(report)}"


def _detour(report: Report) -> str:
    """Return a remark on what this machine sees at the host's address, if SSH doesn't go straight there."""
    return f" (SSH goes through {report['jump']}: that address may not lead there)" if report.get("jump") else ""


class _HttpsConnection(http.client.HTTPSConnection):
    """HTTPS at an address, with the certificate of a name."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__(name, timeout=SWITCH_SECONDS, context=ssl.create_default_context())
        self.address = address

    def connect(self) -> None:
        """Open it."""
        plain = socket.create_connection((self.address, HTTPS_PORT), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _release_at(address: str, name: str, scheme: str) -> str:
    """Return the release that answers at an address, whatever its answer; no proxy of this machine's is asked."""
    connection: http.client.HTTPConnection = (
        _HttpsConnection(address, name)
        if scheme == "https"
        else http.client.HTTPConnection(address, HTTP_PORT, timeout=SWITCH_SECONDS)
    )
    try:
        connection.request("GET", "/health", headers={"Host": name})
        return connection.getresponse().headers.get("X-Release", "")
    finally:
        connection.close()


def show_status(console: Console, host: Report) -> None:
    """Say what is running on a host, and what was deployed there."""
    console.say(f"{host['name']}  {host['address']}  {host['url']}")
    manifest = host["manifest"]
    changes = ", with uncommitted changes" if manifest.get("dirty") else ""
    commit = f"commit {manifest['commit'][:12]}{changes}" if manifest.get("commit") else ""
    lock = f"{host['lock']['who']} on {host['lock']['from']}, since {host['lock']['since']}" if host["lock"] else "free"
    properties = {
        "release": f"{host['release']}  {commit}",
        "since": f"{host['since']}  by {host['by']}",
        "models": ", ".join(f"{name} {version}" for name, version in manifest.get("models", {}).items()),
        "unit": f"{host['unit']} {host['unit_state']}",
        "health": host["health"].get("status", "no answer"),
        "https": https_line(host.get("https", {})),
        "refused": refused_line(host.get("limits", {})),
        "maintenance": "on" if host["maintenance"] else "off",
        "lock": lock,
    }
    for name, value in properties.items():
        console.say(f"  {name:<11} {value}")
    for release in host["releases"]:
        console.say(_release_line(release))
    for deploy in host["deploys"]:
        event = f"{deploy['what']} {deploy.get('id', '')} by {deploy['who']}: {deploy['result']}"
        console.say(f"  {deploy['at']}  {event}")


def https_line(https: dict[str, Any]) -> str:
    """Return how a site speaks HTTPS, and until when its certificate is valid."""
    mode = https.get("mode", "off")
    if fault := https.get("fault"):
        return f"{mode}, but {fault}"
    failure = f"; renewing it failed, {https['failure']}" if https.get("failure") else ""
    return f"{mode}, certificate valid until {https['end']} ({https['days']} days){failure}" if "end" in https else mode


def refused_line(limits: dict[str, Any]) -> str:
    """Return how many requests met a limit."""
    if not limits.get("requests"):
        return "no request in the log"
    return f"{limits['refused']:,} of the last {limits['requests']:,} requests (429), since {limits['since']}"


def _release_line(release: dict[str, Any]) -> str:
    current = ["current"] if release["current"] else []
    running = ["running"] if release["running"] else []
    states = ", ".join([release["verdict"], *current, *running])
    return f"  {release['id']}  {release['made']}  {states}  {release['reason']}".rstrip()


def show_address(console: Console, report: Report, changes: str) -> None:
    """Say where the site is, and how to ask it."""
    name, address = report["server_names"][0], numeric(report["address"])
    row = json.dumps(_example(report["default_model"]), ensure_ascii=False)
    console.say(f"\n{report['url']} on {report['address']}, release {report['release']['id']}, {changes}")
    if address:
        console.say(f"  /etc/hosts   {address} {' '.join(report['server_names'])}{_detour(report)}")
    console.say(f"  https        {https_line(report['release'].get('https', {}))}")
    scheme = report["url"].partition(":")[0]
    site_port = http.client.HTTPS_PORT if scheme == "https" else http.client.HTTP_PORT
    port, target = "", f"{site_port}:{in_url(address)}"
    if report.get("jump") or not address:
        console.say(
            f"  tunnel       ssh -N -L {TUNNEL_PORT}:{HOST_ITSELF}:{site_port} {report['login'].removeprefix('ssh ')}"
        )
        port, target = f":{TUNNEL_PORT}", f"{TUNNEL_PORT}:127.0.0.1"
    resolve = shlex.quote(f"{name}:{target}")  # zsh takes brackets for a pattern
    console.say(f"  try it       curl --json {shlex.quote(row)} --resolve {resolve} {scheme}://{name}{port}/modelo")
    if authority := report.get("authority"):
        secure = shlex.quote(f"{name}:{http.client.HTTPS_PORT}:{in_url(address)}")
        console.say(f"  trust        {authority}, in your browser; or once:")
        console.say(f"               curl --cacert {shlex.quote(authority)} --resolve {secure} https://{name}/health")


def _example(model: str) -> dict[str, Any]:
    """Return the example of a built model's contract; of the first model's if no name is given."""
    file = BUNDLES / model / "model.json" if model else min(BUNDLES.glob("[!.]*/model.json"))
    fields = json.loads(file.read_text(encoding="utf-8"))["contract"]["fields"]
    return {field["name"]: field["example"] for field in fields}
