#!/usr/bin/python
"""Finds out why a host couldn't run the application, without changing anything on it."""

import os
import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import accounts, nginx_preflight, package_manager, preflight, processes
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.footprint import claims
from ansible.module_utils.puerto.layout import ENABLED
from ansible.module_utils.puerto.names import Names
from ansible.module_utils.puerto.neighbours import DEFAULT, Neighbours, is_debians_default
from ansible.module_utils.puerto.nginx_listen import HTTPS_PORT, PORT
from ansible.module_utils.puerto.preflight import Requirements

DOCUMENTATION = """
module: puerto_preflight
short_description: Refuses a host that can't run the application, or where it would be in another's way
description:
  - Looks at all that a run would write, take or remove, and at all that it needs; each fault is reported in a sentence.
  - The options have already been checked on the controller, by puerto_options; the action plugin of the same name
    makes C(requirements) of them.
options:
  names:
    description: What the application's parts are called; see module_utils/puerto/names.py.
    type: dict
    required: true
  requirements:
    description: What the host must have; see module_utils/puerto/preflight.py.
    type: dict
    required: true
  packages:
    description: Debian packages that will be needed; those that the host lacks are returned.
    type: list
    elements: str
    required: true
  certificate:
    description: Paths of the operator's certificate and key, and the text of the first, unless the host has both.
    type: dict
    default: {}
  certificate_key:
    description: The key, unless the host has it.
    type: str
    default: ""
  refuse:
    description: Whether to fail if there are faults, rather than to return them.
    type: bool
    default: true
author:
  - Puerto
"""

EXAMPLES = """
- name: Check the host
  puerto_preflight:
    names: "{{ __names }}"
    packages: [nginx, python3-venv]
"""

RETURN = """
faults:
  description: A sentence for each thing that stands in the way.
  type: list
  returned: always
claims:
  description: All that a run would write, take or remove, and whose it is.
  type: list
  returned: always
packages:
  description: The packages that the host lacks.
  type: list
  returned: success
python:
  description: Version of the host's Python, e.g. 3.13.
  type: str
  returned: success
package_lists:
  description: Whether apt has package lists; a brand-new host may have none.
  type: bool
  returned: success
packages_busy:
  description: Who is installing packages at this moment; empty for nobody.
  type: str
  returned: success
packages_interrupted:
  description: Whether an installation was interrupted, e.g. by a power cut.
  type: bool
  returned: success
upgrade_due:
  description: Whether there may be updates that came out after the last upgrade.
  type: bool
  returned: success
ipv6:
  description: Whether the kernel has IPv6, at no address perhaps.
  type: bool
  returned: success
has_user:
  description: Whether the application's user exists.
  type: bool
  returned: success
default_site:
  description: Whether Nginx's default site stays, being somebody's own.
  type: bool
  returned: success
default_server:
  description: The file of another's site that answers names which no site has; empty if there is none.
  type: str
  returned: success
default_server_https:
  description: The same by HTTPS.
  type: str
  returned: success
https_beside:
  description: Whether another application of Puerto's answers by HTTPS on the host.
  type: bool
  returned: success
bucket_size:
  description: The file in which somebody sets server_names_hash_bucket_size; empty if nobody does.
  type: str
  returned: success
variables_bucket_size:
  description: The same of variables_hash_bucket_size.
  type: str
  returned: success
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "dict", "required": True},
            "requirements": {"type": "dict", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "certificate": {"type": "dict", "default": {}},
            "certificate_key": {"type": "str", "default": "", "no_log": True},
            "refuse": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        _report(module)
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))


def _report(module: AnsibleModule) -> None:
    names, requirements = Names.read(module.params["names"]), Requirements.read(module.params["requirements"])
    neighbours = Neighbours.here()
    faults = preflight.faults(names, requirements, neighbours)
    if module.params["certificate"]:
        faults += nginx_preflight.certificate_faults(
            names, module.params["certificate"], module.params["certificate_key"]
        )
    if faults and module.params["refuse"]:
        module.fail_json(msg="\n".join(faults), faults=faults)
    module.exit_json(
        faults=faults,
        claims=[] if os.geteuid() else [claim.as_dict() for claim in claims(names, neighbours.configuration)],
        **_packages(module.params["packages"]),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        ipv6=processes.has_ipv6(),
        has_user=accounts.user(names.app_user) is not None,
        default_site=(ENABLED / DEFAULT).exists() and not is_debians_default(),
        **_beside(
            names, neighbours, set() if os.geteuid() else preflight.adopted_files(names, requirements, neighbours)
        ),
    )


def _beside(names: Names, neighbours: Neighbours, adopted: set[str]) -> dict[str, Any]:
    """Return what other sites have, without those of a deployment that is taken over."""
    return {
        "default_server": neighbours.default_server_on(PORT, adopted),
        "default_server_https": neighbours.default_server_on(HTTPS_PORT, adopted),
        "https_beside": neighbours.has_https_beside(names.app_name),
        "bucket_size": neighbours.file_that_sets("server_names_hash_bucket_size", adopted),
        "variables_bucket_size": neighbours.file_that_sets("variables_hash_bucket_size", adopted),
    }


def _packages(needed: list[str]) -> dict[str, Any]:
    process = package_manager.holder()
    return {
        "packages": [name for name in needed if not package_manager.is_installed(name)],
        "package_lists": package_manager.has_lists(),
        "packages_busy": str(process or ""),
        "packages_interrupted": package_manager.is_interrupted(),
        "upgrade_due": package_manager.is_upgrade_due(),
    }


if __name__ == "__main__":
    main()
