"""What a release must show before it gets traffic, and after: the application itself is asked; only its id counts."""

import math
import time
from dataclasses import dataclass

from . import http_client, sandbox, systemd
from .errors import HostError
from .golden import golden_rows, requests
from .http_client import Address, Connection, Response, fetch
from .layout import Application
from .plan import Plan

PAUSE = 0.05
BURST = 200
CONSECUTIVE_ANSWERS = 5
"""Answers in a row from the new release that show that the switch is complete."""

SWITCH_SECONDS = 10.0
MEMORY_SHARE = 0.9


@dataclass(frozen=True)
class Gate:
    """A gate that was passed.

    Attributes:
        name: of the gate.
        measured: what it found, as a phrase.
    """

    name: str
    measured: str = ""


def probe(application: Application, plan: Plan) -> list[Gate]:
    """Ask a release through its own socket; return the gates it passed.

    Raises:
        HostError: it failed one.
    """
    address, server_name = application.socket(plan.id), plan.server_names[0]
    gates = [check_health(application, plan, plan.start_seconds)]
    gates.append(check_golden_rows(address, server_name, application, plan.id))
    gates.append(_check_burst(address, server_name, application, plan))
    return [*gates, check_unit(application, plan.id), *_sandbox(plan)]


def _sandbox(plan: Plan) -> list[Gate]:
    """Say what the release runs without: nothing to refuse it for, where the host can't do otherwise."""
    lost = [directive.partition("=")[0] for directive in sandbox.lost(plan.unit_text)]
    return [Gate("sandbox", f"without {', '.join(lost)}, which this container can't set up")] if lost else []


def verify(application: Application, plan: Plan) -> list[Gate]:
    """Ask the site through Nginx, by its name, until the release answers; return the gates it passed.

    Raises:
        HostError: it doesn't answer in time, or answers wrongly.
    """
    server_name, release, nginx = plan.server_names[0], plan.id, site(plan)
    deadline, consecutive = time.monotonic() + SWITCH_SECONDS, 0
    while consecutive < CONSECUTIVE_ANSWERS:
        response = fetch(nginx, server_name, "/health")
        if response.is_from(release):  # however slowly: another gate judges that
            consecutive += 1
            continue
        if time.monotonic() > deadline:
            raise HostError(f"through Nginx, {server_name}: {response}; release {release} was expected")
        consecutive = 0
        time.sleep(PAUSE)
    gates = [Gate("site", f"{server_name} is answered by {release}")]
    if not application.in_maintenance:
        gates.append(check_golden_rows(nginx, server_name, application, release, SWITCH_SECONDS))
    return gates


def site(plan: Plan) -> Address:
    """Return where Nginx answers for a release, rather than send on to where it does."""
    return http_client.NGINX_HTTPS if plan.redirects else http_client.NGINX


def check_health(application: Application, plan: Plan, seconds: float) -> Gate:
    """Wait until a release answers through its socket.

    Raises:
        HostError: it doesn't answer in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        response = fetch(application.socket(plan.id), plan.server_names[0], "/health")
        if response.is_from(plan.id):
            return Gate("health", f"{plan.id} answers")
        if time.monotonic() > deadline:
            raise HostError(f"health: {response} after {seconds:g} s (app_start_seconds)")
        if not systemd.is_active(application.service(plan.id)):
            raise HostError("health: the unit has stopped")
        time.sleep(PAUSE)


def check_golden_rows(
    address: Address, server_name: str, application: Application, release: str, seconds: float = 0
) -> Gate:
    """Ask for every golden row of every bundle.

    Args:
        seconds: for how long the release before may still answer, on a connection that a worker of Nginx's has kept.

    Raises:
        HostError: another release answered, or an answer differs from the recorded one.
    """
    count, deadline = 0, time.monotonic() + seconds
    connection = Connection(address, server_name)
    for golden in golden_rows(application, release):
        for block in golden.blocks(application.plan(release).settings):
            response = _fetch_from(release, connection, golden.path, [row["row"] for row in block], deadline)
            if not response.is_from(release):
                raise HostError(f"golden rows of {golden.model}: {response}")
            golden.compare(block, response)
            count += len(block)
    connection.close()
    return Gate("golden rows", f"{count} answered as recorded")


def _fetch_from(release: str, connection: Connection, path: str, rows: object, deadline: float) -> Response:
    """Ask, and ask again until the deadline as long as another release answers."""
    response = connection.fetch(path, rows)
    while response.status == 200 and response.release != release and time.monotonic() < deadline:
        response = connection.fetch(path, rows)
    return response


def _check_burst(address: Address, server_name: str, application: Application, plan: Plan) -> Gate:
    golden_requests = requests(application, plan.id)
    connection, latencies = Connection(address, server_name), []
    for number in range(BURST):
        response = connection.fetch(*golden_requests[number % len(golden_requests)])
        if response.status != 200:
            raise HostError(f"burst: {response}")
        latencies.append(response.seconds * 1000)
    connection.close()
    p99 = sorted(latencies)[math.ceil(len(latencies) * 0.99) - 1]
    if p99 > plan.p99_ms:
        raise HostError(
            f"burst: the slowest of 100 requests took {p99:.0f} ms, more than {plan.p99_ms} (release_p99_ms)"
        )
    return Gate("burst", f"p99 {p99:.1f} ms of {BURST} requests")


def check_unit(application: Application, release: str) -> Gate:
    """Check that a release's unit is active, was never restarted, and stays within its memory.

    Raises:
        HostError: one of these isn't so.
    """
    properties = systemd.properties(application.service(release))
    active_state, restarts = properties["ActiveState"], properties["NRestarts"]
    if active_state != "active" or restarts != "0":
        raise HostError(f"the unit is {active_state} ({properties['Result']}), restarted {restarts} times")
    if not (properties["MemoryCurrent"].isdigit() and properties["MemoryMax"].isdigit()):
        return Gate("memory", "not limited")
    used, limit = (int(properties[name]) / 2**20 for name in ("MemoryCurrent", "MemoryMax"))
    if used > MEMORY_SHARE * limit:
        raise HostError(f"memory: {used:.0f} MiB of the {limit:.0f} MiB allowed (systemd_memory_max)")
    return Gate("memory", f"{used:.0f} MiB of {limit:.0f}")
