#!/usr/bin/python
"""Shows visitors the maintenance page, or the site again."""

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto.arguments import APPLICATION, OPERATOR
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application
from ansible.module_utils.puerto.maintenance import set_maintenance
from ansible.module_utils.puerto.plan import Operator

DOCUMENTATION = """
module: puerto_maintenance
short_description: The page that tells visitors that the site is being worked on
description:
  - The application goes on running, and still answers /health.
extends_documentation_fragment: [puerto, puerto.operator]
options:
  enabled:
    description: Whether visitors are to see that page.
    type: bool
    required: true
author:
  - Puerto
"""

EXAMPLES = """
- name: Show visitors the site again
  puerto_maintenance:
    enabled: false
    root: /var/www/practica_flask
    unit: flask_app
    operator: {name: ada, origin: "laptop:/home/ada/puerto"}
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **APPLICATION,
            **OPERATOR,
            "enabled": {"type": "bool", "required": True},
        },
        supports_check_mode=True,
    )
    enabled = module.params["enabled"]
    try:
        operator = Operator.read(module.params["operator"])
        application = Application.at(module.params["root"], module.params["unit"])
        if module.check_mode:
            module.exit_json(changed=application.in_maintenance != enabled)
        module.exit_json(changed=set_maintenance(application, enabled, operator))
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))


if __name__ == "__main__":
    main()
