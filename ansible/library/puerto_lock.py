#!/usr/bin/python
"""Takes the right to deploy for an operator, or gives it back."""

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto.arguments import APPLICATION, LOCK, OPERATOR
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application
from ansible.module_utils.puerto.lock import Lock
from ansible.module_utils.puerto.plan import Operator

DOCUMENTATION = """
module: puerto_lock
short_description: The right to deploy, which only one operator has at a time
description:
  - It ends with the SSH session that it was taken in; the same operator's next run takes it over.
extends_documentation_fragment: [puerto, puerto.operator, puerto.lock]
options:
  state:
    description: Whether the operator is to have it.
    type: str
    choices: [held, free]
    required: true
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
            **APPLICATION,
            **OPERATOR,
            **LOCK,
            "state": {"type": "str", "required": True, "choices": ["held", "free"]},
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
