#!/usr/bin/python
"""Does on a host what is asked of its releases; all of it is in module_utils/puerto."""

import signal
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import deployer, steps
from ansible.module_utils.puerto import doctor as looks
from ansible.module_utils.puerto import status as standing
from ansible.module_utils.puerto import watchdog as watching
from ansible.module_utils.puerto.layout import Application, Failure
from ansible.module_utils.puerto.lock import Lock

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


def main():
    module = AnsibleModule(
        argument_spec={
            "verb": {"type": "str", "required": True,
                     "choices": ["release", "watched", "abandon", "rollback", "status", "doctor", "maintenance",
                                 "lock", "unlock"]},
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
    )  # fmt: skip
    # An operator who is cut off doesn't cut off the release: it goes on to its end, good or bad.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    plan = module.params["plan"] or {}
    application = Application(Path(module.params["root"]), module.params["unit"] or plan["unit"])
    try:
        must_keep_its_unit(application)
        said = DO[module.params["verb"]](module, application)
    except (Failure, OSError) as fault:
        module.fail_json(msg=str(fault))
    aside = {"diff": said.pop("diff", []), "samples": said.pop("samples", [])}
    module.exit_json(changed=bool(said.pop("changed", False)), said=said, **aside)


def must_keep_its_unit(application):
    """The preflight says it too, where a host is provisioned."""
    used = application.plan(application.current)["unit"] if application.current else application.unit
    if used != application.unit:
        raise Failure(f"The application in {application.root} has the unit {used}: keep systemd_unit.")


def release(module, application):
    """All steps, or some of them."""
    params = module.params
    plan = steps.identified(params["plan"])
    if module.check_mode:
        differs = not steps.is_done(application, plan)
        return {"changed": differs, "id": plan["id"], "diff": steps.differences(application, plan) if differs else []}
    wanted, lock = params["steps"] or steps.NAMES, Lock(application)
    lock.take(**_operator(module), manner=params["lock"])
    try:
        found = deployer.release(application, plan, params["who"], wanted)
    except (Failure, OSError):
        lock.give_back()
        raise
    if steps.NAMES[-1] in wanted or not found["changed"]:
        lock.give_back()
    return found


def watched(module, application):
    """Wait for the end of a release's watch."""
    if not module.check_mode:
        watching.end(application, steps.identified(module.params["plan"])["id"])
    return {}


def abandon(module, application):
    """A hook has failed."""
    if not module.check_mode:
        plan = steps.identified(module.params["plan"])
        deployer.abandon(application, plan, module.params["who"], module.params["reason"])
        Lock(application).give_back()
    return {"changed": True}


def rollback(module, application):
    """To the last good release, or to the one asked for."""
    if module.check_mode:
        return {"changed": True, "id": deployer.target(application, module.params["id"])}
    lock, who = Lock(application), module.params["who"]
    lock.take(**_operator(module), manner=module.params["lock"])
    try:
        return deployer.rollback(application, who, module.params["id"])
    finally:
        lock.give_back()


def status(module, application):
    """What runs."""
    return standing.status(application)


def doctor(module, application):
    """What stands in the way."""
    return {"findings": looks.findings(application, module.params["clock"])}


def maintenance(module, application):
    """On or off."""
    if module.check_mode:
        return {"changed": application.in_maintenance != module.params["wanted"]}
    return {"changed": deployer.maintenance(application, module.params["wanted"], module.params["who"])}


def lock(module, application):
    """The right to deploy."""
    if not module.check_mode:
        Lock(application).take(**_operator(module), manner=module.params["lock"])
    return {}


def unlock(module, application):
    """Give it back."""
    if not module.check_mode:
        Lock(application).give_back()
    return {}


def _operator(module):
    return {"who": module.params["who"]["who"], "origin": module.params["who"]["from"]}


DO = {each.__name__: each for each in (release, watched, abandon, rollback, status, doctor, maintenance, lock, unlock)}


if __name__ == "__main__":
    main()
