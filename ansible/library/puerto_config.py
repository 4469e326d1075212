#!/usr/bin/python
"""Writes a file that Nginx or systemd reads, once the program that reads it accepts it."""

import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import nginx, sandbox, systemd
from ansible.module_utils.puerto.adoption import Adoption
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.files import has, write

DOCUMENTATION = """
module: puerto_config
short_description: A configuration file of Nginx or systemd, checked before it is written
description:
  - A file that can't be read is never written to where the next boot would read it.
  - Nginx checks it with the rest of its configuration, in a copy of its folder; systemd with systemd-analyze.
  - What can't be read beside the site of a deployment that is taken over waits for the switch.
options:
  path:
    description: Path of the file.
    type: str
    required: true
  content:
    description: Content of the file.
    type: str
    required: true
  reader:
    description: The program that reads the file.
    type: str
    choices: [nginx, systemd]
    required: true
  app_name:
    description: The application that may be taking over a deployment made by hand.
    type: str
    default: ""
author:
  - Puerto
"""

EXAMPLES = """
- name: Write the server that refuses unknown host names
  puerto_config:
    path: /etc/nginx/conf.d/unknown_hosts.conf
    content: "{{ lookup('ansible.builtin.template', 'unknown_hosts.conf.j2') }}"
    reader: nginx
    app_name: practica_flask
"""

MODE = 0o644


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
            "reader": {"type": "str", "required": True, "choices": ["nginx", "systemd"]},
            "app_name": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    path, text = Path(module.params["path"]), module.params["content"]
    text = (nginx if module.params["reader"] == "nginx" else sandbox).for_host(text)
    try:
        adoption = Adoption.pending(module.params["app_name"]) if module.params["app_name"] else None
        place = adoption.place_for(path) if adoption else path
        before = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
        changed = not has(place, text, MODE)
        if changed and not module.check_mode:  # --check may meet a host without Nginx
            check(module.params["reader"], path, text, adoption.site_files if adoption else [])
            write(place, text, MODE)
    except (HostError, OSError) as fault:
        module.fail_json(msg=f"{path}: {fault}")
    module.exit_json(changed=changed, diff={"before": before, "after": text, "before_header": str(path)})


def check(reader: str, path: Path, text: str, removed: list[Path]) -> None:
    """Have a file checked by the program that reads it.

    Args:
        removed: files that Nginx no longer reads by then.

    Raises:
        HostError: it can't be read.
    """
    if reader == "systemd":
        systemd.verify(path.name, text)
        return
    with tempfile.TemporaryDirectory(prefix="puerto-", dir="/run") as folder:
        nginx.verify(Path(folder, "nginx"), {path: text}, removed)


if __name__ == "__main__":
    main()
