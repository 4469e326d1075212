"""People with an account on a host, each with a fault or a habit of their own."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploy.rehearsal import hosts as rehearsal
from tests.site.common import scratch
from tests.site.hosts import Hosts

PASSWORD = "se cr#t'"
MAKE = r"""
for name in {names}; do
    id $name >/dev/null 2>&1 || useradd --create-home --shell /bin/bash $name
    install -d -o $name -m 0700 /home/$name/.ssh
    install -o $name -m 0600 /home/{admin}/.ssh/authorized_keys /home/$name/.ssh/authorized_keys
    echo "$name ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/$name
done
"""
REMOVE = """
for name in {names}; do pkill -KILL -u $name; userdel --force --remove $name; rm -f /etc/sudoers.d/$name; done
"""


def script(template: str, names: Iterable[str], admin: str) -> str:
    """Return the shell script that makes or removes users; they have the key of another."""
    return template.replace("{names}", " ".join(names)).replace("{admin}", admin)


def inventory(hosts: Hosts, values: dict[str, dict[str, Any]]) -> Path:
    """Write an inventory in which each user is a host of that name, with values of its own; return its path."""
    (host,) = json.loads(rehearsal.inventory(list(hosts.by_name.values())))["all"]["hosts"].values()
    path = scratch(f"{min(values)}.yml")
    path.write_text(json.dumps({"all": {"hosts": {name: host | {"ansible_user": name} | own
                                                  for name, own in values.items()}}}))  # fmt: skip
    return path
