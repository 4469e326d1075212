#!/usr/bin/python
"""Takes over a deployment that was made by hand: finds it, copies it, and removes it once it gets no more requests."""

import http.client
import re
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.puerto import adoption, handmade
from ansible.module_utils.puerto.adoption import Adoption
from ansible.module_utils.puerto.errors import HostError
from ansible.module_utils.puerto.http_client import HOST_ITSELF
from ansible.module_utils.puerto.names import Names
from ansible.module_utils.puerto.neighbours import Neighbours
from ansible.module_utils.puerto.program_output import plain

DOCUMENTATION = """
module: puerto_adoption
short_description: A deployment made by hand, taken over
description:
  - It is found by the site that answers to the application's server names or has its name, and by the unit of its name.
options:
  state:
    description: C(surveyed) to tell what there is; C(begun) once it is copied; C(finished) once it has been removed.
    type: str
    choices: [surveyed, begun, finished]
    required: true
  names:
    description: What the application's parts are called; see module_utils/puerto/names.py.
    type: dict
    required: true
author:
  - Puerto
"""

EXAMPLES = """
- name: Look for a deployment made by hand
  puerto_adoption:
    state: surveyed
    names: "{{ __names }}"
"""

RETURN = """
handmade:
  description: Its sites, units, folders, sockets, files of models and settings.
  type: dict
  returned: when state is surveyed
answer:
  description: What it answers at /, C(status), C(type) and the beginning of its C(text).
  type: dict
  returned: when state is surveyed
backup:
  description: The folder of the copy; empty if there is nothing to take over.
  type: str
  returned: always
"""

SECONDS = 10
CHARACTERS, READ = 120, 4096
MARKUP = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "required": True, "choices": ["surveyed", "begun", "finished"]},
            "names": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    names = Names.read(module.params["names"])
    try:
        pending = Adoption.pending(names.app_name)
        match module.params["state"]:
            case "surveyed":
                module.exit_json(changed=False, backup=pending.backup if pending else "", **_survey(names))
            case "begun":
                found = handmade.survey(names, Neighbours.here().configuration)
                if (found or pending) and not module.check_mode:
                    module.exit_json(changed=pending is None, backup=adoption.begin(names, found).backup)
                module.exit_json(changed=bool(found) and pending is None, backup="")
            case "finished":
                if pending and not module.check_mode:
                    adoption.finish(pending)
                module.exit_json(changed=pending is not None, backup=pending.backup if pending else "")
    except (HostError, OSError, subprocess.CalledProcessError) as fault:
        module.fail_json(msg=str(fault))


def _survey(names: Names) -> dict[str, Any]:
    deployment = handmade.survey(names, Neighbours.here().configuration)
    return {
        "handmade": deployment.as_dict(),
        "answer": _answer(names.nginx_server_names[0]) if deployment.sites else {},
    }


def _answer(name: str) -> dict[str, Any]:
    """Ask the site for its first page."""
    connection = http.client.HTTPConnection(HOST_ITSELF, timeout=SECONDS)
    try:
        connection.request("GET", "/", headers={"Host": name})
        response = connection.getresponse()
        body = response.read(2**16).decode("utf-8", errors="replace")
    except (OSError, http.client.HTTPException) as fault:
        return {"status": 0, "type": "", "text": str(fault)}
    finally:
        connection.close()
    text = plain(" ".join(MARKUP.sub(" ", body[:READ]).split()))[:CHARACTERS]
    return {"status": response.status, "type": response.headers.get_content_type(), "text": text}


if __name__ == "__main__":
    main()
