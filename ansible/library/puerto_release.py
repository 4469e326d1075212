#!/usr/bin/python
"""Has a release answer the site's visitors; what is done is in module_utils/puerto."""

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
short_description: Releases side by side on a host, switched between without a failed request
description:
  - Starts a release beside the one that runs, probes it through its own socket, switches Nginx to it and verifies it.
  - A release that fails a gate leaves the site as it was, and is marked bad.
  - Its action plugin composes the plan, of the project's options and templates.
extends_documentation_fragment: [puerto, puerto.operator, puerto.lock]
options:
  state:
    description: What the release is to be. C(rolled_back) makes an earlier one current; C(watched) waits.
    type: str
    choices: [current, abandoned, rolled_back, watched]
    required: true
  packed:
    description: What the archive of the working tree is, as deploy.release.archive says; the plan is composed of it.
    type: dict
  archive:
    description: The archive's path on the host.
    type: str
  plan:
    description: All that makes a release what it is; the action plugin's to give.
    type: dict
  hooks:
    description: Hooks that the environment has; the steps end before the next of them. The action plugin's to give.
    type: list
    elements: str
    choices: [before_build, before_switch]
    default: []
  after:
    description: The hook that has run; empty at a release's beginning.
    type: str
    choices: ["", before_build, before_switch]
    default: ""
  id:
    description: The release to watch, or to go back to; of that its first digits, or empty for the last good one.
    type: str
    default: ""
  reason:
    description: Why a release is abandoned.
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
  description: The release's id, the seconds of each step, the gates and the downtime.
  type: dict
  returned: success
hook:
  description: The hook that is to run now, after which the release is to go on; empty where it is at its end.
  type: str
  returned: success
samples:
  description: Of each request of the visitor that a release has, its start in s, ms, status and release.
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
    # An operator who is cut off doesn't cut off the release: it goes on to its end, good or bad.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        application = Application.at(module.params["root"], module.params["unit"])
        answer = STATES[module.params["state"]](module, application)
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))
    module.exit_json(**answer)


def current(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """All steps, or those as far as the next hook."""
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
    return _answer(report) | {"hook": hook}


def abandoned(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """A hook has failed."""
    plan, operator = Plan.read(module.params["plan"]), Operator.read(module.params["operator"])
    if not module.check_mode:
        deployer.abandon(application, plan, operator, module.params["reason"])
        Lock(application).give_back()
    return {"changed": True}


def rolled_back(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """To the last good release, or to the one asked for."""
    operator = Operator.read(module.params["operator"])
    if module.check_mode:
        target = deployer.rollback_target(application, module.params["id"])
        return {"changed": True, "report": {"id": target}}
    lock = Lock(application)
    lock.take(operator, module.params["on_conflict"])
    try:
        return _answer(deployer.rollback(application, operator, module.params["id"]))
    finally:
        lock.give_back()


def watched(module: AnsibleModule, application: Application) -> dict[str, Any]:
    """Until its watch is over."""
    if not module.check_mode:
        wait_for_watch(application, module.params["id"])
    return {"changed": False}


def _answer(report: dict[str, Any]) -> dict[str, Any]:
    """Return the module's result; the visitor's requests stand apart from the report."""
    return {"changed": report.pop("changed"), "samples": report.pop("samples"), "report": report}


STATES = {"current": current, "abandoned": abandoned, "rolled_back": rolled_back, "watched": watched}


if __name__ == "__main__":
    main()
