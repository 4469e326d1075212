"""Sends a host of little memory what strangers may, and prints what each cost: ``python3 -m deploy bench --hostile``.

Exit status 1 where a cell is red: more CPU or memory than the rule allows, an answer that is none, a worker that died.
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

from flask import Flask

from app import create_app
from app.contract import Contract
from app.limits import limits_of
from app.settings import Settings
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.paths import KIT, state, tool
from deploy.rehearsal import hosts as rehearsal
from tests import hostile, siege
from tests.checkout import copied
from tests.inventory import rendered

NAME, MEMORY, MEMORY_MIB = "hostile", "600m", 600
TAKE = "python3 -c 'b = bytearray({0} << 20); print(len(b) >> 20)'; echo $?"
"""Takes so many MiB of memory, says so once it has them, and how it ended."""

KILLED = str(128 + 9)
"""How a shell tells it: by SIGKILL."""


def main() -> int:
    """Make the host, prove its limit, attack, print."""
    options = _options()
    console = Console("bench", sys.stderr)
    try:
        host, copy, own = _provisioned(console, keep=options.keep)
        try:
            return attack(host, copy, own, options)
        finally:
            if not options.keep:
                rehearsal.down(NAME)
    except DeployError as fault:
        print(f"{fault.reason} {fault.advice}".strip(), file=sys.stderr)
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy bench --hostile", description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="exam", help="that is asked (exam)")
    parser.add_argument("--kib", type=int, nargs="+", help="of each attack's body (what JSON may be, what any may be)")
    parser.add_argument("--only", default="", metavar="REGEX", help="routes and shapes whose names it finds")
    parser.add_argument("--seconds", type=int, default=10, help="of 16 attacks at once (10)")
    parser.add_argument("--keep", action="store_true", help="use the host of before, and leave it")
    return parser.parse_args()


def _provisioned(console: Console, keep: bool) -> tuple[rehearsal.Host, Path, dict[str, Any]]:
    """Return a host of little memory on which Puerto runs, the copy of this checkout it came from, and its options."""
    copy = copied(state("bench", "hostile"))
    if not keep:
        rehearsal.down(NAME)
    host = rehearsal.up(console, NAME, memory=MEMORY)
    _must_be_limited(host)
    inventory = state("bench", "hostile.yml")
    inventory.write_text(rehearsal.inventory([host]))
    with console.step("Provision it"):
        console.run([tool("ansible-playbook"), "-i", str(inventory), "ansible/site.yml"], cwd=copy)
    return host, copy, rendered(str(inventory))[host.name]


def _must_be_limited(host: rehearsal.Host) -> None:
    """Check that the host's memory is limited: who takes a third gets it, who takes more than there is dies.

    Raises:
        DeployError: it isn't.
    """
    little, much = (
        subprocess.run(host.ssh(TAKE.format(mib)), capture_output=True, text=True).stdout.split()
        for mib in (MEMORY_MIB // 3, MEMORY_MIB + 100)
    )
    if (little[-1:], much) != (["0"], [KILLED]):
        raise DeployError(f"{host.name}: its memory isn't limited to {MEMORY}: {little}, {much}")
    print(f"Memory is limited: who took {MEMORY_MIB // 3} MiB had them; who took {MEMORY_MIB + 100} was killed.")


def attack(host: rehearsal.Host, copy: Path, own: dict[str, Any], options: argparse.Namespace) -> int:
    """Attack each route with each shape, then 16 at once; print the table; return the exit status."""
    app = create_app(Settings(app_bundles=copy / "bundles", secret_key="x" * 32))
    model = app.extensions["models"][options.model]
    site = siege.Site(host.address, 80, own["nginx_server_names"][0])
    site.open_form(f"/models/{model.name}")
    targets = [hostile.Target(model.contract, size, site.token) for size in _sizes(model.contract, own, options.kib)]
    routes = routes_of(app, options.model)
    print(siege.HEAD)
    with metered(host, own) as meter:
        found = [_told(cell) for target in targets for cell in siege.cells(site, meter, routes, target, options.only)]
        crowds = {target.size: siege.crowd(site, routes, target, options.seconds) for target in targets}
    red = [cell for cell in found if cell.fault]
    print(f"{len(found)} cells, {len(red)} of them red; the largest worker had "
          f"{max(cell.whole for cell in found) / siege.MIB:.0f} MiB.")  # fmt: skip
    for size, crowd in crowds.items():
        print(f"Predictions beside {siege.CROWD} attacks of {size / siege.MIB:.1f} MiB at once: {json.dumps(crowd)}")
    bad = [crowd for crowd in crowds.values() if crowd["failed"] or crowd["p99_ms"] > siege.P99_MS]
    return 1 if red or bad else 0


def _told(cell: siege.Cell) -> siege.Cell:
    print(siege.line(cell), flush=True)
    return cell


def _sizes(contract: Contract, own: dict[str, Any], kib: list[int] | None) -> list[int]:
    """Return how large attacks are: as JSON may be, so that it is parsed, and as any body may be, nearly."""
    most = own["app_max_body_kib"] * 1024
    parsed = limits_of(contract, own["app_max_rows"], most).bytes
    return [size * 1024 for size in kib] if kib else [parsed * 19 // 20, most * 19 // 20]


def routes_of(app: Flask, name: str) -> list[hostile.Route]:
    """Return the routes of an application that has such a model."""
    values = {"name": name, "version": app.extensions["models"][name].version}
    return hostile.routes(app.url_map, hostile.ARGUMENTS | values)


@contextmanager
def metered(host: rehearsal.Host, own: dict[str, Any]) -> Iterator[siege.Meter]:
    """Measure what the current release's workers, and Nginx's, take on a host."""
    shell = [] if host.user == "root" else ["sudo"]
    subprocess.run(host.ssh("cat > /tmp/meter.py"), input=(KIT / "tests" / "meter.py").read_bytes(), check=True)
    unit = f"{own['systemd_unit']}-$(basename $(readlink {own['app_root']}/current)).service"
    command = host.ssh(*shell, "sh", "-c", f"'python3 /tmp/meter.py {unit}'")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            yield _Remote(process)
        finally:
            process.terminate()


class _Remote:
    """A meter on a host, obeyed line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def begin(self) -> Any:
        """Start to measure."""
        return self._obeyed("begin")

    def end(self) -> dict[str, Any]:
        """Return what was measured."""
        found = self._obeyed("end")
        assert isinstance(found, dict)
        return found

    def _obeyed(self, word: str) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{word}\n")
        line = self._process.stdout.readline()
        assert line, "the meter ended"
        return json.loads(line)


if __name__ == "__main__":
    sys.exit(main())
