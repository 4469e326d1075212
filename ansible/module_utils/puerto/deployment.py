"""A release or a rollback under way: what was done, how long it took, what was measured."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import certificates, gates
from .downtime import DowntimeMonitor
from .engines import engines_of
from .errors import HostError
from .history import History
from .layout import Application
from .plan import Operator, Plan

EDITS_NAMED = 5
"""How many edits of a release are named."""


class Deployment:
    """A release or a rollback under way.

    Args:
        application: whose.
        plan: of the release.
        operator: who deploys it.
        note_step: called with the name of each step as it begins.

    Attributes:
        before: the release that was current.
        seconds: step → how long it took.
        gates: those that were passed.
        last_lines: of the release's log, where it failed.
    """

    def __init__(
        self,
        application: Application,
        plan: Plan,
        operator: Operator,
        note_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.application, self.plan, self.operator, self._note_step = application, plan, operator, note_step
        self.seconds: dict[str, float] = {}
        self.gates: list[gates.Gate] = []
        self.last_lines = ""
        self.before = application.current
        self.engines = engines_of(application, self.before)  # now: this release may remove the one before
        plan_before = application.plan(self.before) if self.before else None
        names_before = plan_before.server_names if plan_before else ()
        name = next((name for name in plan.server_names if name in names_before), None)
        # By HTTP where either doesn't speak HTTPS: a redirect is an answer.
        nginx = gates.site(min(plan, plan_before or plan, key=lambda plan: plan.redirects))
        self.downtime = DowntimeMonitor(application, name or "", self.before if name else None, nginx)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do a step; its name precedes the error of what fails in it."""
        started = time.monotonic()
        self._note_step(name)
        try:
            yield
        except HostError as fault:
            raise HostError(f"{name}: {fault}", fault.output) from fault
        except OSError as fault:
            raise HostError(f"{name}: {fault}") from fault
        except Exception as fault:  # whatever it is, the site must not stay with what failed
            raise HostError(f"{name}: {type(fault).__name__}: {fault}") from fault
        finally:
            self.seconds[name] = round(time.monotonic() - started, 2)

    def add_restored(self, edits: list[str]) -> None:
        """Report the edits on the host that were undone."""
        if edits:
            more = f" and {len(edits) - EDITS_NAMED} more" if len(edits) > EDITS_NAMED else ""
            self.gates.append(gates.Gate("restored", f"{', '.join(edits[:EDITS_NAMED])}{more}"))

    def probe(self) -> None:
        """Ask the release, before it gets traffic."""
        self.gates += gates.probe(self.application, self.plan)

    def verify(self) -> None:
        """Ask the site, and check the unit once more."""
        self.gates += gates.verify(self.application, self.plan)
        self.gates.append(gates.check_unit(self.application, self.plan.id))

    @property
    def report(self) -> dict[str, Any]:
        """What the operator is shown."""
        return {
            "id": self.plan.id,
            "from_release": self.before,
            "seconds": self.seconds,
            "gates": [[gate.name, gate.measured] for gate in self.gates],
            "downtime": self.downtime.summary,
            "samples": self.downtime.samples,
            "https": certificates.summary(self.plan),
            "engines": {"before": self.engines, "now": engines_of(self.application, self.plan.id)},
        }

    def record(self, what: str, result: str, reason: str = "") -> None:
        """Write a line of the history."""
        History(self.application).add(
            what=what,
            id=self.plan.id,
            before=self.before,
            who=self.operator.name,
            where=self.operator.origin,
            result=result,
            reason=reason,
            seconds=self.seconds,
            downtime=self.downtime.summary,
            manifest=self.plan.manifest,
        )
