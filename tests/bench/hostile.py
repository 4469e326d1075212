"""Attacks a host of little memory and prints what each attack cost: ``python3 -m deploy bench --hostile``.

Exit status 1 if a cell is red: more CPU or memory than the rule allows, no valid response, or a worker that died.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app import create_app
from app.contract import Contract
from app.limits import limits_of
from app.settings import Settings
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import KIT, state, tool
from deploy.rehearsal import hosts as rehearsal
from tests import siege
from tests.attacks.attack import Target
from tests.attacks.routes import routes_of
from tests.bench import neighbours
from tests.checkout import copied
from tests.inventory import rendered

NAME, MEMORY, MEMORY_MIB = "hostile", "600m", 600
ALLOCATE = "python3 -c 'b = bytearray({0} << 20); print(len(b) >> 20)'; echo $?"
"""Takes so many MiB of memory, and prints their number and its exit status."""

UNLIMITED = {"nginx_limit_pages": 0, "nginx_limit_predictions": 0, "nginx_limit_tables": 0}
"""So that each attack comes to the application; how many requests are served at once stays limited."""

SERVER_NAME = "hostile.example"
"""A name that every client takes for one of the Internet's."""

KILLED = str(128 + 9)
"""The exit status that a shell prints for SIGKILL."""


def main() -> int:
    """Boot the host, check its memory limit, attack, print."""
    options = _options()
    console = Console("bench", sys.stderr)
    try:
        host = _booted_host(console, keep=options.keep)
        try:
            copy, values = _provisioned(console, host, UNLIMITED)
            status = attack(host, copy, values, options)
            copy, values = _provisioned(console, host, {})
            return status | neighbours.main(host, copy, values, options)
        finally:
            if not options.keep:
                rehearsal.down(NAME)
    except DeployError as error:
        print(f"{error.reason} {error.advice}".strip(), file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    text = "Attack a host of little memory and print what each attack cost."
    parser = argparse.ArgumentParser(prog="python3 -m deploy bench --hostile", description=text)
    parser.add_argument("--model", default="exam", help="name of the model to attack (exam)")
    text = "KiB of each attack's body (the most that JSON may have, and the most that any body may have)"
    parser.add_argument("--kib", type=int, nargs="+", help=text)
    parser.add_argument("--only", default="", metavar="REGEX", help="only routes and shapes whose names match")
    parser.add_argument("--seconds", type=int, default=10, help="seconds of 16 attacks at once (10)")
    parser.add_argument("--keep", action="store_true", help="use the existing host, and don't remove it")
    return parser.parse_args()


def _booted_host(console: Console, keep: bool) -> rehearsal.Host:
    """Return a host of little memory."""
    if not keep:
        rehearsal.down(NAME)
    host = rehearsal.up(console, NAME, memory=MEMORY)
    _check_memory_limit(host)
    return host


def _provisioned(console: Console, host: rehearsal.Host, options: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Provision the host from a copy of this checkout, with some options; return the copy, and all options' values."""
    copy, inventory = copied(state("bench", "hostile")), state("bench", "hostile.yml")
    content = json.loads(rehearsal.inventory([host]))
    content["all"]["vars"] = {"nginx_server_names": [SERVER_NAME], **options}
    inventory.write_text(json.dumps(content))
    with console.step(f"Provision {NAME}, {'unlimited' if options else 'with its limits'}"):
        console.run([tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"], cwd=copy)
    return copy, rendered(str(inventory))[host.name]


def _check_memory_limit(host: rehearsal.Host) -> None:
    """Check that the host's memory is limited: a process gets a third of it, and dies if it takes more than all.

    Raises:
        DeployError: it isn't.
    """
    little_mib, much_mib = MEMORY_MIB // 3, MEMORY_MIB + 100
    little, much = (
        subprocess.run(host.ssh(ALLOCATE.format(mib)), capture_output=True, text=True).stdout.split()
        for mib in (little_mib, much_mib)
    )
    if (little[-1:], much) != (["0"], [KILLED]):
        raise DeployError(f"{host.name}: its memory isn't limited to {MEMORY}: {little}, {much}")
    print(f"Memory is limited: a process could take {little_mib} MiB; one that took {much_mib} MiB was killed.")


def attack(host: rehearsal.Host, copy: Path, values: dict[str, Any], options: argparse.Namespace) -> int:
    """Attack each route with each shape, then 16 at once; print the table; return the exit status."""
    app = create_app(Settings(app_bundles=copy / "bundles", secret_key="x" * 32))
    model = app.extensions["models"][options.model]
    is_https = values["nginx_https"] != "off"
    site = siege.Site(host.address, 443 if is_https else 80, values["nginx_server_names"][0], is_https)
    site.open_form(f"/models/{model.name}")
    targets = [Target(model.contract, size, site.token) for size in _sizes(model.contract, values, options.kib)]
    routes = routes_of(app, options.model)
    cells = []
    print(siege.HEAD)
    with metered(host, values) as meter:
        for target in targets:
            for cell in siege.cells(site, meter, routes, target, options.only):
                print(siege.line(cell), flush=True)
                cells.append(cell)
        crowds = {target.size: siege.crowd(site, routes, target, options.seconds) for target in targets}
    red = [cell for cell in cells if cell.fault]
    largest_mib = max(cell.whole for cell in cells) / siege.MIB
    print(f"{len(cells)} cells, {len(red)} of them red; the largest worker had {largest_mib:.0f} MiB.")
    for size, crowd in crowds.items():
        print(f"Predictions beside {siege.CROWD} attacks of {size / siege.MIB:.1f} MiB at once: {json.dumps(crowd)}")
    bad = [crowd for crowd in crowds.values() if crowd["failed"] or crowd["p99_ms"] > siege.P99_MS]
    return 1 if red or bad else 0


def _sizes(contract: Contract, values: dict[str, Any], kib: list[int] | None) -> list[int]:
    """Return the sizes of attacks, just below two limits: that of JSON, so that it is parsed, and that of any body."""
    body_limit = values["app_max_body_kib"] * 1024
    json_limit = limits_of(contract, values["app_max_rows"], body_limit).bytes
    return [size * 1024 for size in kib] if kib else [json_limit * 19 // 20, body_limit * 19 // 20]


@contextmanager
def metered(host: rehearsal.Host, values: dict[str, Any]) -> Iterator[siege.Meter]:
    """Measure what the current release's workers, and Nginx's, take on a host."""
    shell = [] if host.user == "root" else ["sudo"]
    subprocess.run(host.ssh("cat > /tmp/meter.py"), input=(KIT / "tests" / "meter.py").read_bytes(), check=True)
    unit = f"{values['systemd_unit']}-$(basename $(readlink {values['app_root']}/current)).service"
    command = host.ssh(*shell, "sh", "-c", f"'python3 /tmp/meter.py {unit}'")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            yield _RemoteMeter(process)
        finally:
            process.terminate()


class _RemoteMeter:
    """A meter on a host, which takes a command per line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def begin(self) -> Any:
        """Start to measure."""
        return self._send("begin")

    def end(self) -> dict[str, Any]:
        """Return what was measured."""
        measurement = self._send("end")
        assert isinstance(measurement, dict)
        return measurement

    def _send(self, command: str) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{command}\n")
        line = self._process.stdout.readline()
        assert line, "the meter ended"
        return json.loads(line)


if __name__ == "__main__":
    sys.exit(main())
