"""What a release must show before it gets traffic, and after: the application itself is asked, only its id counts."""

import json
import math
import time
from dataclasses import dataclass, field

from . import http_client, systemd
from .layout import Failure

PAUSE = 0.05
BURST = 200
AT_A_TIME = 50
UNRECORDED = {"relative": 1e-6, "absolute": 1e-6}
"""Within what answers are the same, for bundles of the time when they didn't tell it: a host may go back to one."""

IN_A_ROW = 5
"""Answers of the new release, one after another, that say that the switch is done."""

SWITCH_SECONDS = 10
MEMORY_SHARE = 0.9


@dataclass
class Gate:
    """A gate that was passed.

    Attributes:
        name: of the gate.
        found: what was measured, in words.
    """

    name: str
    found: str = field(default="")


def prove(application, plan, release):
    """Ask a release through its own socket; return the gates it passed.

    Raises:
        Failure: it failed one.
    """
    to, name = application.socket(release), plan["server_names"][0]
    gates = [health(application, plan, release)]
    gates.append(golden(to, name, application, release))
    gates.append(_burst(to, name, application, plan, release))
    return [*gates, unharmed(application, release)]


def verify(application, plan, release):
    """Ask the site through Nginx, by its name, until the release answers; return the gates it passed.

    Raises:
        Failure: it doesn't, in time, or answers wrongly.
    """
    name = plan["server_names"][0]
    deadline, found = time.monotonic() + SWITCH_SECONDS, 0
    while found < IN_A_ROW:
        answer = http_client.ask(http_client.NGINX, name, "/health")
        if (answer.status, answer.release) == (200, release):  # however slowly: that is another gate's to say
            found += 1
            continue
        if time.monotonic() > deadline:
            raise Failure(f"through Nginx, {name} answers {told(answer)} rather than release {release}")
        found = 0
        time.sleep(PAUSE)
    gates = [Gate("site", f"{name} is answered by {release}")]
    if not application.in_maintenance:
        gates.append(golden(http_client.NGINX, name, application, release, SWITCH_SECONDS))
    return gates


def health(application, plan, release):
    """Wait until a release answers through its socket."""
    deadline = time.monotonic() + plan["start_seconds"]
    while True:
        answer = http_client.ask(application.socket(release), plan["server_names"][0], "/health")
        if (answer.status, answer.release) == (200, release):
            return Gate("health", f"{release} answers")
        if time.monotonic() > deadline:
            raise Failure(f"health: {told(answer)} after {plan['start_seconds']} s (app_start_seconds)")
        if not systemd.is_active(application.service(release)):
            raise Failure("health: the unit has stopped")
        time.sleep(PAUSE)


def golden(to, name, application, release, seconds=0):
    """Ask for every golden row of every bundle.

    Args:
        seconds: in which the release before may answer still, by a connection that one of Nginx's workers has kept.
    """
    count, deadline = 0, time.monotonic() + seconds
    connection = http_client.Connection(to, name)
    for model, rows, tolerance in _golden(application, release):
        at_a_time = _at_a_time(application.plan(release)["settings"], rows)
        for start in range(0, len(rows), at_a_time):
            some = rows[start : start + at_a_time]
            question = f"/api/v1/models/{model}/predictions", [each["row"] for each in some]
            answer = connection.ask(*question)
            while answer.status == 200 and answer.release != release and time.monotonic() < deadline:
                answer = connection.ask(*question)
            if (answer.status, answer.release) != (200, release):
                raise Failure(f"golden rows of {model}: {told(answer)}")
            for each, said in zip(some, answer.json["predictions"], strict=True):
                if not _is_same(each["value"], said["value"], tolerance):
                    differs = f"{said['value']!r} rather than {each['value']!r}"
                    raise Failure(f"golden row of {model}: {differs} for {json.dumps(each['row'])}")
            count += len(some)
    connection.close()
    return Gate("golden rows", f"{count} answered as recorded")


def _at_a_time(settings, rows):
    """Return how many rows go into a request, by what the application lets in."""
    longest = max(len(json.dumps(each["row"]).encode()) + len(", ") for each in rows)
    fit = int(settings["APP_MAX_BODY_KIB"]) * 1024 // longest
    return max(1, min(AT_A_TIME, int(settings["APP_MAX_ROWS"]), fit))


def golden_rows(application, release):
    """Return the name of each model of a release, and its golden rows."""
    return ((model, rows) for model, rows, _ in _golden(application, release))


def _golden(application, release):
    """Return the name of each model of a release, its golden rows, and within what answers are the same."""
    for file in sorted((application.folder(release) / "bundles").glob("*/model.json")):
        manifest = json.loads(file.read_text(encoding="utf-8"))
        yield file.parent.name, manifest["golden"], manifest.get("tolerance", UNRECORDED)


def _is_same(recorded, said, tolerance):
    if isinstance(recorded, float) and isinstance(said, int | float) and not isinstance(said, bool):
        return math.isclose(recorded, said, rel_tol=tolerance["relative"], abs_tol=tolerance["absolute"])
    return recorded == said and isinstance(recorded, bool) == isinstance(said, bool)


def _burst(to, name, application, plan, release):
    rows = [(model, each["row"]) for model, golden in golden_rows(application, release) for each in golden]
    connection, took = http_client.Connection(to, name), []
    for number in range(BURST):
        model, row = rows[number % len(rows)]
        answer = connection.ask(f"/api/v1/models/{model}/predictions", row)
        if answer.status != 200:
            raise Failure(f"burst: {told(answer)}")
        took.append(answer.seconds * 1000)
    connection.close()
    p99 = sorted(took)[math.ceil(len(took) * 0.99) - 1]
    if p99 > plan["p99_ms"]:
        raise Failure(
            f"burst: the slowest of 100 requests took {p99:.0f} ms, more than {plan['p99_ms']} (release_p99_ms)"
        )
    return Gate("burst", f"p99 {p99:.1f} ms of {BURST} requests")


def unharmed(application, release):
    """Look whether a release's unit is as it was started, and within its memory."""
    found = systemd.state(application.service(release))
    if found["ActiveState"] != "active" or found["NRestarts"] != "0":
        raise Failure(f"the unit is {found['ActiveState']} ({found['Result']}), restarted {found['NRestarts']} times")
    if not (found["MemoryCurrent"].isdigit() and found["MemoryMax"].isdigit()):
        return Gate("memory", "not limited")
    used, limit = (int(found[key]) / 2**20 for key in ("MemoryCurrent", "MemoryMax"))
    if used > MEMORY_SHARE * limit:
        raise Failure(f"memory: {used:.0f} MiB of the {limit:.0f} that it may have (systemd_memory_max)")
    return Gate("memory", f"{used:.0f} MiB of {limit:.0f}")


def told(answer):
    """Return an answer in words."""
    if not answer.status:
        return f"no answer ({answer.body.decode(errors='replace')})"
    return f"status {answer.status} from release {answer.release or 'none'}"
