"""A release or a rollback on its way: what was done, how long it took, what was found."""

import time
from contextlib import contextmanager

from . import engines, gates
from .layout import Failure
from .lock import Log
from .prober import Prober

TOLD = 5
"""How many edits of a release are named."""


class Course:
    """A release or a rollback on its way.

    Args:
        application: whose.
        plan: of the release; see `steps.identified`.
        who: deploys it: ``{"who", "from"}``.
        note: told of each step.
    """

    def __init__(self, application, plan, who, note=None):
        self.application, self.plan, self.who, self._note = application, plan, who, note
        self.seconds, self.gates, self.lines = {}, [], ""
        self.before = application.current
        self.engines = engines.of(application, self.before)  # now: the release before may be removed on the way
        known = application.plan(self.before)["server_names"] if self.before else []
        name = next((each for each in plan["server_names"] if each in known), None)
        self.prober = Prober(application, name, self.before if name else None)

    @contextmanager
    def step(self, name):
        """Do a step; its name goes before what fails in it."""
        began = time.monotonic()
        if self._note:
            self._note(name)
        try:
            yield
        except (Failure, OSError) as fault:
            raise Failure(f"{name}: {fault}") from fault
        except Exception as fault:  # whatever it is, the site must not stay with what failed
            raise Failure(f"{name}: {type(fault).__name__}: {fault}") from fault
        finally:
            self.seconds[name] = round(time.monotonic() - began, 2)

    def mended(self, edited):
        """Tell what was edited on the host, and is no more."""
        if edited:
            more = f" and {len(edited) - TOLD} more" if len(edited) > TOLD else ""
            self.gates.append(gates.Gate("mended", f"{', '.join(edited[:TOLD])}{more}"))

    def verify(self):
        """Ask the site, and look at the unit once more."""
        release = self.plan["id"]
        self.gates += [*gates.verify(self.application, self.plan, release), gates.unharmed(self.application, release)]

    @property
    def report(self):
        """What is told of it."""
        return {"id": self.plan["id"], "from_release": self.before, "seconds": self.seconds,
                "gates": [[gate.name, gate.found] for gate in self.gates], "downtime": self.prober.found,
                "samples": self.prober.samples,
                "engines": {"before": self.engines, "now": engines.of(self.application, self.plan["id"])}}  # fmt: skip

    def record(self, what, result, reason=""):
        """Write a line of the record."""
        Log(self.application).add(what=what, id=self.plan["id"], before=self.before, who=self.who["who"],
                                  where=self.who["from"], result=result, reason=reason, seconds=self.seconds,
                                  downtime=self.prober.found, manifest=self.plan.get("manifest", {}))  # fmt: skip
