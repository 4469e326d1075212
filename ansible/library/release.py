#!/usr/bin/python
"""Does on a host what is asked of its releases; all of it is in module_utils/puerto."""

import signal
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import deployer, doctor, drift, steps
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application
from ansible.module_utils.puerto.lock import Lock
from ansible.module_utils.puerto.maintenance import set_maintenance
from ansible.module_utils.puerto.plan import Operator, Plan
from ansible.module_utils.puerto.status import status
from ansible.module_utils.puerto.watchdog import wait_for_watch

DOCUMENTATION = """
module: release
short_description: Releases side by side on a host, switched between without a failed request
description:
  - Starts a release beside the one that runs, proves it by its own socket, switches Nginx to it, verifies it.
  - A release that fails a gate leaves the site as it was, and is marked bad.
options:
  verb:
    description: What to do.
    type: str
    choices: [release, watched, abandon, rollback, status, doctor, maintenance, lock, unlock]
    required: true
  root:
    description: The application's folder.
    type: str
    required: true
  unit:
    description: The unit's name, without .service; a plan has it too.
    type: str
  plan:
    description: All that makes a release what it is.
    type: dict
  steps:
    description: Those of a release that are wanted, in their order.
    type: list
    elements: str
  who:
    description: Who deploys, and from where.
    type: dict
  lock:
    description: What to do where another deploys.
    type: str
    choices: [refuse, wait, break]
    default: refuse
  id:
    description: The release to go back to, or the first of its digits; empty for the last good one.
    type: str
    default: ""
  wanted:
    description: Whether visitors are to get the page of maintenance.
    type: bool
    default: false
  clock:
    description: The operator's time, in seconds since 1970.
    type: int
    default: 0
  reason:
    description: Why a release is abandoned.
    type: str
    default: ""
author:
  - Puerto
"""

EXAMPLES = """
- name: Go back to the last good release
  release:
    verb: rollback
    root: /var/www/practica_flask
    unit: flask_app
    who: {who: ada, from: "laptop:/home/ada/puerto"}
"""

RETURN = """
said:
  description: What was found; of a release its id, the seconds of each step, the gates and the downtime.
  type: dict
  returned: success
samples:
  description: Of each request of the visitor that a release has, its start in s, ms, status and release.
  type: list
  returned: success
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "required": True, "choices": list(DO)},
            "root": {"type": "str", "required": True},
            "unit": {"type": "str"},
            "plan": {"type": "dict"},
            "steps": {"type": "list", "elements": "str"},
            "who": {"type": "dict"},
            "lock": {"type": "str", "choices": ["refuse", "wait", "break"], "default": "refuse"},
            "id": {"type": "str", "default": ""},
            "wanted": {"type": "bool", "default": False},
            "reason": {"type": "str", "default": ""},
            "clock": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    # An operator who is cut off doesn't cut off the release: it goes on to its end, good or bad.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        unit = module.params["unit"] or (module.params["plan"] or {}).get("unit", "")
        application = Application(Path(module.params["root"]), unit)
        must_keep_its_unit(application)
        said = DO[module.params["verb"]](module, application)
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))
    aside = {"diff": said.pop("diff", []), "samples": said.pop("samples", [])}
    module.exit_json(changed=bool(said.pop("changed", False)), said=said, **aside)


def must_keep_its_unit(application: Application) -> None:
    """The preflight says it too, where a host is provisioned."""
    used = application.plan(application.current).unit if application.current else application.unit
    if used != application.unit:
        raise HostError(f"The application in {application.root} has the unit {used}: keep systemd_unit.")


def release(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """All steps, or some of them."""
    params = module.params
    plan, operator = Plan.read(params["plan"]), _operator(module)
    if module.check_mode:
        differs = not drift.is_done(application, plan)
        return {"changed": differs, "id": plan.id, "diff": drift.diff(application, plan) if differs else []}
    wanted, lock = params["steps"] or steps.NAMES, Lock(application)
    lock.take(operator, params["lock"])
    try:
        report = deployer.release(application, plan, operator, wanted)
    except (HostError, OSError):
        lock.give_back()
        raise
    if steps.NAMES[-1] in wanted or not report["changed"]:
        lock.give_back()
    return report


def watched(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """Wait for the end of a release's watch."""
    if not module.check_mode:
        wait_for_watch(application, Plan.read(module.params["plan"]).id)
    return {}


def abandon(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """A hook has failed."""
    if not module.check_mode:
        plan = Plan.read(module.params["plan"])
        deployer.abandon(application, plan, _operator(module), module.params["reason"])
        Lock(application).give_back()
    return {"changed": True}


def rollback(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """To the last good release, or to the one asked for."""
    operator = _operator(module)
    if module.check_mode:
        return {"changed": True, "id": deployer.rollback_target(application, module.params["id"])}
    lock = Lock(application)
    lock.take(operator, module.params["lock"])
    try:
        return deployer.rollback(application, operator, module.params["id"])
    finally:
        lock.give_back()


def standing(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """What runs."""
    return status(application)


def look(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """What stands in the way."""
    return {"findings": doctor.findings(application, module.params["clock"])}


def maintenance(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """On or off."""
    operator, wanted = _operator(module), module.params["wanted"]
    if module.check_mode:
        return {"changed": application.in_maintenance != wanted}
    return {"changed": set_maintenance(application, wanted, operator)}


def take_lock(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """The right to deploy."""
    operator = _operator(module)
    if not module.check_mode:
        Lock(application).take(operator, module.params["lock"])
    return {}


def give_back_lock(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """Give it back."""
    if not module.check_mode:
        Lock(application).give_back()
    return {}


def _operator(module: AnsibleModule) -> Operator:
    who = module.params["who"] or {}
    return Operator.read({"name": who.get("who"), "origin": who.get("from")})


DO = {"release": release, "watched": watched, "abandon": abandon, "rollback": rollback, "status": standing,
      "doctor": look, "maintenance": maintenance, "lock": take_lock, "unlock": give_back_lock}  # fmt: skip


if __name__ == "__main__":
    main()
