#!/usr/bin/python
"""Holds the right to deploy for an operator, or lets go of it."""

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application
from ansible.module_utils.puerto.lock import Lock
from ansible.module_utils.puerto.plan import Operator

DOCUMENTATION = """
module: puerto_lock
short_description: The right to deploy, which one operator has at a time
description:
  - It ends with the SSH session that it was taken in; the same operator's next run takes it over.
options:
  state:
    description: Whether the operator is to have it.
    type: str
    choices: [held, free]
    required: true
  root:
    description: The application's folder.
    type: str
    required: true
  unit:
    description: The unit's name, without .service.
    type: str
    required: true
  operator:
    description: Who deploys, name, and from where, origin.
    type: dict
    required: true
  on_conflict:
    description: What to do where another has it.
    type: str
    choices: [refuse, wait, break]
    default: refuse
author:
  - Puerto
"""

EXAMPLES = """
- name: Take the lock
  puerto_lock:
    state: held
    root: /var/www/practica_flask
    unit: flask_app
    operator: {name: ada, origin: "laptop:/home/ada/puerto"}
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "required": True, "choices": ["held", "free"]},
            "root": {"type": "str", "required": True},
            "unit": {"type": "str", "required": True},
            "operator": {"type": "dict", "required": True},
            "on_conflict": {"type": "str", "choices": ["refuse", "wait", "break"], "default": "refuse"},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        operator = Operator.read(params["operator"])
        lock = Lock(Application.at(params["root"], params["unit"]))
        if not module.check_mode and params["state"] == "held":
            lock.take(operator, params["on_conflict"])
        elif not module.check_mode:
            lock.give_back()
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
