#!/usr/bin/python
"""Waits until nobody else is at work with the host's package manager."""

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import package_manager

DOCUMENTATION = """
module: puerto_package_manager
short_description: Waits for whoever installs packages on the host
description:
  - A new server installs updates at its first boot; nothing is wrong with it, and it takes a few minutes.
options:
  state:
    description: C(idle) once nobody is at work.
    type: str
    choices: [idle]
    required: true
  seconds:
    description: How long to wait at most.
    type: int
    required: true
author:
  - Puerto
"""

EXAMPLES = """
- name: Wait for the updates of the first boot
  puerto_package_manager:
    state: idle
    seconds: 900
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "required": True, "choices": ["idle"]},
            "seconds": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    seconds = 0 if module.check_mode else module.params["seconds"]
    if (process := package_manager.wait(seconds)) and not module.check_mode:
        sentence = f"{process} is still installing packages after {seconds} s: {process.command}"
        module.fail_json(msg=f"{sentence}. Run this again when it has ended.")
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
