#!/usr/bin/python
"""Has an authority sign the current release's names by ACME, where one has no certificate or renewing failed."""

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import acme, certificates
from ansible.module_utils.puerto.arguments import APPLICATION
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.layout import Application

DOCUMENTATION = """
module: puerto_acme
short_description: A site's certificate by ACME
description:
  - Starts the unit that also renews the certificate; the site must answer by then, since the authority asks it.
  - If that fails, the site goes on with the certificate it had, and that is a warning; without one it is an error.
extends_documentation_fragment: [puerto]
author:
  - Puerto
"""

EXAMPLES = """
- name: Have the authority sign a certificate
  puerto_acme:
    root: /var/www/practica_flask
    unit: flask_app
"""

RETURN = """
https:
  description: How the site speaks HTTPS, and until when.
  type: dict
  returned: when there is a release
"""


def main() -> None:
    module = AnsibleModule(argument_spec=APPLICATION, supports_check_mode=True)
    try:
        application = Application.at(module.params["root"], module.params["unit"])
        changed = not acme.is_settled(application)
        if changed and not module.check_mode:
            changed = start(module, application)
        plan = application.plan(application.current) if application.current else None
        module.exit_json(changed=changed, **({"https": certificates.summary(plan)} if plan else {}))
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))


def start(module: AnsibleModule, application: Application) -> bool:
    """Start the unit; return whether it did what it is for.

    Raises:
        HostError: it didn't, and a name has no certificate. Otherwise there is time left, and that is a warning.
    """
    try:
        acme.start(application)
    except HostError as fault:
        if acme.missing(application):
            raise
        module.warn(str(fault))
        return False
    return True


if __name__ == "__main__":
    main()
