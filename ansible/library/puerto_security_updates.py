#!/usr/bin/python
"""Installs the updates of Debian's security team, and no others."""

import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: puerto_security_updates
short_description: Updates of Debian's security team, and no others
description:
  - Installs newer versions that come from a source labelled Debian-Security, and new packages that those need.
  - Removes no package, changes none that is held, and keeps configuration files that were edited.
  - If no such source is configured, it says so and changes nothing.
options:
  lists_valid:
    description: Seconds for which package lists are valid; older ones are fetched again.
    type: int
    default: 3600
author:
  - Puerto
"""

EXAMPLES = """
- name: Install security updates
  puerto_security_updates:
    lists_valid: 3600
"""

RETURN = """
packages:
  description: The packages that were updated, or would be, each with its new version.
  type: list
  returned: success
"""

LABEL = "Debian-Security"
LISTS = Path("/var/lib/apt/lists")
PINS = f"""\
Package: *
Pin: release a=now
Pin-Priority: 100

Package: *
Pin: release l={LABEL}
Pin-Priority: 500

Package: *
Pin: release *
Pin-Priority: 1

"""
"""apt's priorities: installed versions have 100, so that no other source's version replaces them; a new package that an
update needs may come from any source."""

OPTIONS = (
    "-o",
    "DPkg::Lock::Timeout=300",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
)
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
UPDATE = re.compile(r"^Inst (\S+) \[[^]]+\] \((\S+) ([^)]*)\)", re.MULTILINE)
"""A line of apt's simulation for an installed package: its name, its new version, its source."""


def main() -> None:
    module = AnsibleModule(argument_spec={"lists_valid": {"type": "int", "default": 3600}}, supports_check_mode=True)
    if not module.check_mode and are_old(module.params["lists_valid"]):
        apt(module, "update")
    if module.check_mode and not has_lists():
        module.exit_json(
            changed=False, packages=[], msg="apt has no package lists yet: it isn't known what would be updated"
        )
    if f"l={LABEL}" not in module.run_command(["apt-cache", "policy"], environ_update=ENVIRONMENT)[1]:
        sentence = f"apt has no source of security updates (label {LABEL}); nothing was updated"
        module.warn(sentence)
        module.exit_json(changed=False, packages=[], msg=sentence)
    with tempfile.NamedTemporaryFile("w", prefix="puerto-", suffix=".pref") as pins:
        pins.write(PINS + own_pins())
        pins.flush()
        pinned = ("-o", f"Dir::Etc::Preferences={pins.name}")
        packages = updates(module, pinned)
        if packages and not module.check_mode:
            install(module, packages, pinned)
    module.exit_json(changed=bool(packages), packages=packages)


def updates(module: AnsibleModule, pinned: Sequence[str]) -> list[str]:
    """Return what an upgrade that removes nothing would install from the security team: name=version."""
    simulation = apt(module, "upgrade", "--with-new-pkgs", "--simulate", options=pinned)
    return sorted(f"{name}={version}" for name, version, source in UPDATE.findall(simulation) if f"{LABEL}:" in source)


def install(module: AnsibleModule, packages: Sequence[str], pinned: Sequence[str]) -> None:
    """Install them; those marked as automatically installed stay so, though apt would now mark them as manual."""
    names = {package.partition("=")[0] for package in packages}
    automatic = names & set(module.run_command(["apt-mark", "showauto", *names], check_rc=True)[1].split())
    apt(module, "install", "--only-upgrade", "--no-remove", *packages, options=pinned)
    if automatic:
        module.run_command(["apt-mark", "auto", *sorted(automatic)], check_rc=True)


def own_pins() -> str:
    """Return the administrator's pins: those for a package by its name take precedence over ours."""
    file = Path("/etc/apt/preferences")
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def has_lists() -> bool:
    return any(LISTS.glob("*_Packages*"))


def are_old(seconds: int) -> bool:
    """Return whether the lists were fetched too long ago, or never."""
    fetched = LISTS / "partial"
    return not has_lists() or not fetched.exists() or time.time() - fetched.stat().st_mtime > seconds


def apt(module: AnsibleModule, *arguments: str, options: Sequence[str] = ()) -> str:
    """Run apt-get and return what it prints."""
    command = ["apt-get", "--quiet", "--yes", *OPTIONS, *options, *arguments]
    code, output, errors = module.run_command(command, environ_update=ENVIRONMENT)
    if code:
        module.fail_json(msg=f"apt-get {arguments[0]}: {errors.strip() or output.strip()[-1000:]}")
    return str(output)


if __name__ == "__main__":
    main()
