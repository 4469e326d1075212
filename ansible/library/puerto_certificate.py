#!/usr/bin/python
"""Puts a site's certificate and its key in their place: the operator's, the own authority's, or one until ACME's."""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import certificates
from ansible.module_utils.puerto.acme import AcmeCertificate
from ansible.module_utils.puerto.authority import Authority
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.files import has, write
from ansible.module_utils.puerto.layout import Application

DOCUMENTATION = """
module: puerto_certificate
short_description: A site's certificate and its key
description:
  - Nginx loads them with the site, at the switch to the release.
  - The preflight has found that what the operator has can be used.
options:
  mode:
    description: C(own) for the texts given here, C(local) for a certificate of the host's own authority, C(acme) for
      what Nginx reads until puerto_acme has had one signed.
    type: str
    choices: [own, local, acme]
    required: true
  folder:
    description: Folder of the certificates, and of the authority.
    type: str
    required: true
  names:
    description: Host names that the site answers to.
    type: list
    elements: str
    required: true
  certificate:
    description: For C(own), the certificate and those that signed it.
    type: str
    default: ""
  key:
    description: For C(own), the certificate's key.
    type: str
    default: ""
author:
  - Puerto
"""

EXAMPLES = """
- name: Make the site a certificate
  puerto_certificate:
    mode: local
    folder: /var/www/practica_flask/tls
    names: [practica_flask]
"""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "mode": {"type": "str", "required": True, "choices": [*MODES]},
            "folder": {"type": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "certificate": {"type": "str", "default": ""},
            "key": {"type": "str", "default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=MODES[module.params["mode"]](module.params, module.check_mode))
    except (HostError, OSError) as fault:
        module.fail_json(msg=str(fault))


def own(params: dict[str, Any], is_check: bool) -> bool:
    """Write the operator's; return whether that changes anything."""
    folder = Path(params["folder"])
    files = ((folder / "own.key", params["key"], 0o600), (folder / "own.pem", params["certificate"], 0o644))
    changed = not all(has(*file) for file in files)
    if changed and not is_check:
        for file in files:
            write(*file)
    return changed


def local(params: dict[str, Any], is_check: bool) -> bool:
    """Have the host's authority sign, if it must; return whether that changes anything."""
    authority = Authority(Path(params["folder"]), params["names"])
    changed = not authority.is_up_to_date()
    if changed and not is_check:
        authority.sign()
    return changed


def acme(params: dict[str, Any], is_check: bool) -> bool:
    """Have something for Nginx to read, and nobody sent to what has ended; return whether that changes anything."""
    root = Path(params["folder"]).parent
    certificate = AcmeCertificate(root, params["names"])
    if certificate.is_prepared():
        changed = certificate.must_redirect()
        if changed and not is_check:
            certificate.redirect()
        return changed
    application = Application(root, "")
    shown = certificates.shown(application.plan(application.current)) if application.current else None
    return is_check or certificate.prepare(shown)


MODES = {"own": own, "local": local, "acme": acme}


if __name__ == "__main__":
    main()
