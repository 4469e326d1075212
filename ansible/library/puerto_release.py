#!/usr/bin/python
"""Makes a release the one that answers visitors; the work is done in module_utils/puerto."""

import signal
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import deployer, drift, steps
from ansible.module_utils.puerto.arguments import APPLICATION, LOCK, OPERATOR
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application
from ansible.module_utils.puerto.lock import Lock
from ansible.module_utils.puerto.plan import Operator, Plan
from ansible.module_utils.puerto.watchdog import wait_for_watch

DOCUMENTATION = """
module: puerto_release
short_description: Releases side by side on a host, with switches that fail no request
description:
  - Starts a release beside the one that runs, probes it through its own socket, switches Nginx to it and verifies it.
  - A release that fails a gate leaves the site as it was, and is marked bad.
  - Its action plugin composes the plan from the project's options and templates.
extends_documentation_fragment: [puerto, puerto.operator, puerto.lock]
options:
  state:
    description: What the release is to be. C(rolled_back) makes an earlier one current; C(watched) waits for the watch.
    type: str
    choices: [current, abandoned, rolled_back, watched]
    required: true
  packed:
    description: The archive of the working tree, as deploy.release.archive reports it; the plan is composed from it.
    type: dict
  archive:
    description: The archive's path on the host.
    type: str
  plan:
    description: Everything that a release is made from; set by the action plugin.
    type: dict
  hooks:
    description: Hooks that the environment has; the steps end before the next of them. Set by the action plugin.
    type: list
    elements: str
    choices: [before_build, before_switch]
    default: []
  after:
    description: The hook that has run; empty at the beginning of a release.
    type: str
    choices: ["", before_build, before_switch]
    default: ""
  id:
    description: The release to watch, or the first digits of the one to go back to; empty for the last good one.
    type: str
    default: ""
  reason:
    description: Why the release is abandoned.
    type: str
    default: ""
author:
  - Puerto
"""

EXAMPLES = """
- name: Go back to the last good release
  puerto_release:
    state: rolled_back
    root: /var/www/practica_flask
    unit: flask_app
    operator: {name: ada, origin: "laptop:/home/ada/puerto"}
"""

RETURN = """
report:
  description: The release's id, the seconds that each step took, the gates and the downtime.
  type: dict
  returned: success
hook:
  description: The hook to run now, after which the release goes on; empty if it has come to its end.
  type: str
  returned: success
samples:
  description: For each request of the downtime monitor, its start in s, its latency in ms, its status and release.
  type: list
  returned: success
"""


def main() -> None:
    hooks = list(steps.HOOKS)
    module = AnsibleModule(
        argument_spec={
            **APPLICATION,
            **OPERATOR,
            **LOCK,
            "state": {"type": "str", "required": True, "choices": list(STATES)},
            "plan": {"type": "dict"},
            "hooks": {"type": "list", "elements": "str", "choices": hooks, "default": []},
            "after": {"type": "str", "choices": ["", *hooks], "default": ""},
            "id": {"type": "str", "default": ""},
            "reason": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    # If the operator's connection breaks, the release goes on to its end, good or bad.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        application = Application.at(module.params["root"], module.params["unit"])
        result = STATES[module.params["state"]](module, application)
    except (HostError, OSError) as fault:
        output = fault.output if isinstance(fault, HostError) else ""
        module.fail_json(msg=str(fault), stdout=output)
    module.exit_json(**result)


def current(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """Do all steps, or those up to the next hook."""
    params = module.params
    plan, operator = Plan.read(params["plan"]), Operator.read(params["operator"])
    step_names = steps.between(params["after"], params["hooks"])
    hook = steps.hook_after(step_names)
    if module.check_mode:
        differs = not drift.is_deployed(application, plan)
        diff = drift.diff(application, plan) if differs else []
        return {"changed": differs, "report": {"id": plan.id}, "hook": hook if differs else "", "diff": diff}
    lock = Lock(application)
    lock.take(operator, params["on_conflict"])
    try:
        report = deployer.deploy(application, plan, operator, step_names)
    except (HostError, OSError):
        lock.give_back()
        raise
    if not report["changed"]:
        hook = ""
    if not hook:
        lock.give_back()
    return _result(report) | {"hook": hook}


def abandoned(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """End a release whose hook failed."""
    plan, operator = Plan.read(module.params["plan"]), Operator.read(module.params["operator"])
    if not module.check_mode:
        deployer.abandon(application, plan, operator, module.params["reason"])
        Lock(application).give_back()
    return {"changed": True}


def rolled_back(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """Go back to the last good release, or to the named one."""
    operator = Operator.read(module.params["operator"])
    if module.check_mode:
        target = deployer.rollback_target(application, module.params["id"])
        return {"changed": True, "report": {"id": target}}
    lock = Lock(application)
    lock.take(operator, module.params["on_conflict"])
    try:
        return _result(deployer.rollback(application, operator, module.params["id"]))
    finally:
        lock.give_back()


def watched(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """Wait until the watch over the release is over."""
    if not module.check_mode:
        wait_for_watch(application, module.params["id"])
    return {"changed": False}


def _result(report: dict[str, Any]) -> dict[str, Any]:
    """Return the module's result, with the samples beside the report rather than in it."""
    return {"changed": report.pop("changed"), "samples": report.pop("samples"), "report": report}


STATES = {"current": current, "abandoned": abandoned, "rolled_back": rolled_back, "watched": watched}


if __name__ == "__main__":
    main()
