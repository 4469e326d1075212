"""What a release must show before it gets traffic, and after: the application itself is asked, only its id counts."""

import math
import time
from dataclasses import dataclass

from . import http_client, systemd
from .errors import HostError
from .golden import golden_rows, requests
from .http_client import Address, Connection, Response, fetch
from .layout import Application
from .plan import Plan

PAUSE = 0.05
BURST = 200
IN_A_ROW = 5
"""Answers of the new release, one after another, that say that the switch is done."""

SWITCH_SECONDS = 10.0
MEMORY_SHARE = 0.9


@dataclass(frozen=True)
class Gate:
    """A gate that was passed.

    Attributes:
        name: of the gate.
        measured: what was, in words.
    """

    name: str
    measured: str = ""


def probe(application: Application, plan: Plan) -> list[Gate]:
    """Ask a release through its own socket; return the gates it passed.

    Raises:
        HostError: it failed one.
    """
    address, name = application.socket(plan.id), plan.server_names[0]
    gates = [check_health(application, plan, plan.start_seconds)]
    gates.append(check_golden_rows(address, name, application, plan.id))
    gates.append(_check_burst(address, name, application, plan))
    return [*gates, check_unit(application, plan.id)]


def verify(application: Application, plan: Plan) -> list[Gate]:
    """Ask the site through Nginx, by its name, until the release answers; return the gates it passed.

    Raises:
        HostError: it doesn't, in time, or answers wrongly.
    """
    name, release = plan.server_names[0], plan.id
    deadline, right = time.monotonic() + SWITCH_SECONDS, 0
    while right < IN_A_ROW:
        response = fetch(http_client.NGINX, name, "/health")
        if response.is_of(release):  # however slowly: that is another gate's to say
            right += 1
            continue
        if time.monotonic() > deadline:
            raise HostError(f"through Nginx, {name} answers {response} rather than release {release}")
        right = 0
        time.sleep(PAUSE)
    gates = [Gate("site", f"{name} is answered by {release}")]
    if not application.in_maintenance:
        gates.append(check_golden_rows(http_client.NGINX, name, application, release, SWITCH_SECONDS))
    return gates


def check_health(application: Application, plan: Plan, seconds: float) -> Gate:
    """Wait until a release answers through its socket.

    Raises:
        HostError: it doesn't, in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        response = fetch(application.socket(plan.id), plan.server_names[0], "/health")
        if response.is_of(plan.id):
            return Gate("health", f"{plan.id} answers")
        if time.monotonic() > deadline:
            raise HostError(f"health: {response} after {seconds:g} s (app_start_seconds)")
        if not systemd.is_active(application.service(plan.id)):
            raise HostError("health: the unit has stopped")
        time.sleep(PAUSE)


def check_golden_rows(address: Address, name: str, application: Application, release: str, seconds: float = 0) -> Gate:
    """Ask for every golden row of every bundle.

    Args:
        seconds: in which the release before may answer still, by a connection that one of Nginx's workers has kept.

    Raises:
        HostError: another release answered, or this one otherwise than was recorded.
    """
    count, deadline = 0, time.monotonic() + seconds
    connection = Connection(address, name)
    for golden in golden_rows(application, release):
        for block in golden.blocks(application.plan(release).settings):
            response = _fetch_from(release, connection, golden.path, [row["row"] for row in block], deadline)
            if not response.is_of(release):
                raise HostError(f"golden rows of {golden.model}: {response}")
            golden.compare(block, response)
            count += len(block)
    connection.close()
    return Gate("golden rows", f"{count} answered as recorded")


def _fetch_from(release: str, connection: Connection, path: str, rows: object, deadline: float) -> Response:
    """Ask again, until the deadline, as long as another release answers."""
    response = connection.fetch(path, rows)
    while response.status == 200 and response.release != release and time.monotonic() < deadline:
        response = connection.fetch(path, rows)
    return response


def _check_burst(address: Address, name: str, application: Application, plan: Plan) -> Gate:
    samples = requests(application, plan.id)
    connection, took = Connection(address, name), []
    for number in range(BURST):
        response = connection.fetch(*samples[number % len(samples)])
        if response.status != 200:
            raise HostError(f"burst: {response}")
        took.append(response.seconds * 1000)
    connection.close()
    p99 = sorted(took)[math.ceil(len(took) * 0.99) - 1]
    if p99 > plan.p99_ms:
        raise HostError(
            f"burst: the slowest of 100 requests took {p99:.0f} ms, more than {plan.p99_ms} (release_p99_ms)"
        )
    return Gate("burst", f"p99 {p99:.1f} ms of {BURST} requests")


def check_unit(application: Application, release: str) -> Gate:
    """Look whether a release's unit is as it was started, and within its memory.

    Raises:
        HostError: it isn't.
    """
    state = systemd.state(application.service(release))
    if state["ActiveState"] != "active" or state["NRestarts"] != "0":
        raise HostError(f"the unit is {state['ActiveState']} ({state['Result']}), restarted {state['NRestarts']} times")
    if not (state["MemoryCurrent"].isdigit() and state["MemoryMax"].isdigit()):
        return Gate("memory", "not limited")
    used, limit = (int(state[key]) / 2**20 for key in ("MemoryCurrent", "MemoryMax"))
    if used > MEMORY_SHARE * limit:
        raise HostError(f"memory: {used:.0f} MiB of the {limit:.0f} that it may have (systemd_memory_max)")
    return Gate("memory", f"{used:.0f} MiB of {limit:.0f}")
