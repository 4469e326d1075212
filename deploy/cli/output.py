"""Tells people what was done, and what runs."""

import http.client
import json
import shlex
import time
from typing import Any

from deploy.base import engines
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import BUNDLES
from deploy.environments.addresses import in_url

SWITCH_SECONDS = 10
"""Until the site must be answered by a new release, seen from here."""

HTTP_PORT = 80
PAUSE = 0.1


def release(console: Console, name: str, said: dict[str, Any]) -> None:
    """Say how long each step took, what the gates found, and what visitors noticed."""
    found = said["release"]
    if not found["seconds"]:
        return
    steps = "  ".join(f"{step} {seconds:.1f}" for step, seconds in found["seconds"].items())
    console.say(f"{name}: release {found['id']}, before it {found['from_release'] or 'none'}")
    console.say(f"  steps (s)    {steps}")
    console.say(f"  gates        {'; '.join(': '.join(gate) for gate in found['gates'])}")
    if seen := found["downtime"]:
        told = "{requests} requests, {failures} failed, longest gap {longest_gap_ms:.0f} ms, p99 {p99_ms:.0f} ms"
        console.say(f"  visitors     {told.format(**seen)}")
    for sentence in engines.downgrades(**found.get("engines", {"before": {}, "now": {}})):
        console.say(f"  slower       {sentence}")


def seen_from_here(console: Console, said: dict[str, Any]) -> None:
    """Ask the site from this machine too, where it can be reached from here.

    Raises:
        DeployError: another release answers.
    """
    url, wanted = f"http://{in_url(said['address'])}/health", said["release"]["id"]
    deadline = time.monotonic() + SWITCH_SECONDS
    while True:
        try:
            found = _release_at(said["address"], said["server_names"][0])
        except (OSError, http.client.HTTPException) as fault:
            console.say(f"  from here    not to be reached: {fault}")
            return
        if found == wanted:
            console.say(f"  from here    {url} is answered by {found}")
            return
        if time.monotonic() > deadline:
            reason = f"{url} is answered by release {found or 'none'}, seen from here, not by {wanted}"
            raise DeployError(
                reason, "Does the address lead to another machine? Go back with: python3 -m deploy rollback"
            )
        time.sleep(PAUSE)


def _release_at(address: str, name: str) -> str:
    """Return the release that answers at an address, whatever it answers; no proxy of this machine's is asked."""
    connection = http.client.HTTPConnection(address, HTTP_PORT, timeout=SWITCH_SECONDS)
    try:
        connection.request("GET", "/health", headers={"Host": name})
        return connection.getresponse().headers.get("X-Release", "")
    finally:
        connection.close()


def status(console: Console, host: dict[str, Any]) -> None:
    """Say what runs on a host, and what was deployed there."""
    console.say(f"{host['name']}  {host['address']}  {host['url']}")
    manifest = host["manifest"]
    commit = f"commit {manifest['commit'][:12]}{', with changes' if manifest['dirty'] else ''}" if manifest else ""
    lock = f"{host['lock']['who']} on {host['lock']['from']}, since {host['lock']['since']}" if host["lock"] else "free"
    lines = {
        "release": f"{host['release']}  {commit}", "since": f"{host['since']}  by {host['by']}",
        "models": ", ".join(f"{name} {version}" for name, version in manifest.get("models", {}).items()),
        "unit": f"{host['unit']} {host['unit_state']}", "health": host["health"].get("status", "no answer"),
        "maintenance": "on" if host["maintenance"] else "off", "lock": lock,
    }  # fmt: skip
    for key, value in lines.items():
        console.say(f"  {key:<11} {value}")
    for each in host["releases"]:
        told = [each["verdict"], *(["current"] if each["current"] else []), *(["runs"] if each["running"] else [])]
        console.say(f"  {each['id']}  {each['made']}  {', '.join(told)}  {each['reason']}".rstrip())
    for each in host["deploys"]:
        said = f"{each['what']} {each.get('id', '')} by {each['who']}: {each['result']}"
        console.say(f"  {each['at']}  {said}")


def address(console: Console, said: dict[str, Any], changes: str) -> None:
    """Say where the site is, and how to ask it."""
    name, address = said["server_names"][0], said["address"]
    row = json.dumps(_example(said["default_model"]), ensure_ascii=False)
    leads = shlex.quote(f"{name}:80:{in_url(address)}")  # zsh takes brackets for a pattern
    console.say(f"\n{said['url']} on {address}, release {said['release']['id']}, {changes}")
    console.say(f"  /etc/hosts   {address} {' '.join(said['server_names'])}")
    console.say(f"  try it       curl --json {shlex.quote(row)} --resolve {leads} http://{name}/modelo")


def _example(model: str) -> dict[str, Any]:
    """Return the example of a built model's contract; of the first model's where none is named."""
    file = BUNDLES / model / "model.json" if model else min(BUNDLES.glob("[!.]*/model.json"))
    fields = json.loads(file.read_text(encoding="utf-8"))["contract"]["fields"]
    return {field["name"]: field["example"] for field in fields}
