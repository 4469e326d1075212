#!/usr/bin/python
"""Reports what runs on a host, or what stands in the way of its next release; changes nothing."""

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto.arguments import APPLICATION
from ansible.module_utils.puerto.doctor import findings
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application
from ansible.module_utils.puerto.status import host_status

DOCUMENTATION = """
module: puerto_facts
short_description: What runs on a host, and what stands in the way of its next release
description:
  - Changes nothing.
extends_documentation_fragment: [puerto]
options:
  gather:
    description: C(status) for what runs and what was deployed, C(findings) for what stands in the way.
    type: str
    choices: [status, findings]
    required: true
  clock:
    description: The operator's time, in seconds since 1970, to compare with the host's.
    type: int
    default: 0
author:
  - Puerto
"""

EXAMPLES = """
- name: Ask the host what runs
  puerto_facts:
    gather: status
    root: /var/www/practica_flask
    unit: flask_app
"""

RETURN = """
status:
  description: What runs, since when, deployed by whom; the releases, the lock, the last deploys.
  type: dict
  returned: when gather is status
findings:
  description: For each thing examined, whether it is as it should be, what was found, and what to do if it isn't.
  type: list
  returned: when gather is findings
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **APPLICATION,
            "gather": {"type": "str", "required": True, "choices": ["status", "findings"]},
            "clock": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    try:
        application = Application.at(module.params["root"], module.params["unit"])
        if module.params["gather"] == "status":
            module.exit_json(changed=False, status=host_status(application))
        module.exit_json(changed=False, findings=findings(application, module.params["clock"]))
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))


if __name__ == "__main__":
    main()
