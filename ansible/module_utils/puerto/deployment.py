"""A release or a rollback on its way: what was done, how long it took, what was measured."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import gates
from .engines import engines_of
from .errors import HostError
from .history import History
from .layout import Application
from .plan import Operator, Plan
from .prober import Prober

NAMED = 5
"""How many edits of a release are named."""


class Deployment:
    """A release or a rollback on its way.

    Args:
        application: whose.
        plan: of the release.
        operator: who deploys it.
        note: called with the name of each step.

    Attributes:
        before: the release that was current.
        seconds: step → how long it took.
        gates: those that were passed.
        last_lines: of the release's log, where it failed.
    """

    def __init__(
        self, application: Application, plan: Plan, operator: Operator, note: Callable[[str], None] = lambda _: None
    ) -> None:
        self.application, self.plan, self.operator, self._note = application, plan, operator, note
        self.seconds: dict[str, float] = {}
        self.gates: list[gates.Gate] = []
        self.last_lines = ""
        self.before = application.current
        self.engines = engines_of(application, self.before)  # now: the release before may be removed on the way
        known = application.plan(self.before).server_names if self.before else ()
        name = next((name for name in plan.server_names if name in known), None)
        self.prober = Prober(application, name or "", self.before if name else None)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do a step; its name goes before what fails in it."""
        began = time.monotonic()
        self._note(name)
        try:
            yield
        except (HostError, OSError) as fault:
            raise HostError(f"{name}: {fault}") from fault
        except Exception as fault:  # whatever it is, the site must not stay with what failed
            raise HostError(f"{name}: {type(fault).__name__}: {fault}") from fault
        finally:
            self.seconds[name] = round(time.monotonic() - began, 2)

    def add_mended(self, edits: list[str]) -> None:
        """Tell what was edited on the host, and is no more."""
        if edits:
            more = f" and {len(edits) - NAMED} more" if len(edits) > NAMED else ""
            self.gates.append(gates.Gate("mended", f"{', '.join(edits[:NAMED])}{more}"))

    def probe(self) -> None:
        """Ask the release, before it gets traffic."""
        self.gates += gates.probe(self.application, self.plan)

    def verify(self) -> None:
        """Ask the site, and look at the unit once more."""
        self.gates += gates.verify(self.application, self.plan)
        self.gates.append(gates.check_unit(self.application, self.plan.id))

    @property
    def report(self) -> dict[str, Any]:
        """What the operator is shown."""
        return {"id": self.plan.id, "from_release": self.before, "seconds": self.seconds,
                "gates": [[gate.name, gate.measured] for gate in self.gates], "downtime": self.prober.summary,
                "samples": self.prober.samples,
                "engines": {"before": self.engines, "now": engines_of(self.application, self.plan.id)}}  # fmt: skip

    def record(self, what: str, result: str, reason: str = "") -> None:
        """Write a line of the history."""
        History(self.application).add(
            what=what, id=self.plan.id, before=self.before, who=self.operator.name, where=self.operator.origin,
            result=result, reason=reason, seconds=self.seconds, downtime=self.prober.summary,
            manifest=self.plan.manifest,
        )  # fmt: skip
