"""The program that puts back a deployment that Puerto took over, for an administrator to read and to run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from .footprint import CACHES, ENTRIES
from .layout import ENABLED, LATE, SIGNATURE, SITES, UNITS
from .names import Names

if TYPE_CHECKING:
    from .adoption import Adoption

HEAD = """#!/bin/sh
# Puts back what ran here before Puerto took it over, and removes what Puerto made. Run it as root:
# sh {backup}/restore.sh
# Each part can be repeated: if it is cut off, run it again.
set -eu
files={backup}/files
back() {{
    if test -e "$files$1" || test -L "$files$1"; then rm -rf "$1"; cp --archive -T "$files$1" "$1"; fi
}}
"""

FOLDER = """
# Its folder: what was in it, then its owner and its mode.
if test -d "$files"{root}; then
    find "$files"{root} -mindepth 1 -maxdepth 1 -exec mv --target-directory={root} -- {{}} +
fi
{owner}
"""

STARTED = """
# Its units: as they were, and running, before Nginx asks them.
{unit_files}
systemctl daemon-reload
{states}
{sockets}
"""

SITE = """
# Its site: Nginx changes over at once, and serves what has begun to its end.
rm -f {links}
# What answers unknown names stays while another application of Puerto's has it.
grep -qs '{signature}' {enabled}/* || rm -f {unknown_hosts}
{sites}
nginx -t -q
systemctl reload nginx
sleep 5
"""

REMOVED = """
# What Puerto made.
systemctl stop '{unit}-drain-*' '{unit}-retire-*' '{unit}-watch.*'
if grep -qs '^WorkingDirectory={root}/' {units}/{unit}-certificate.service; then
    systemctl disable --quiet --now {unit}-certificate.timer 2>/dev/null || true
    rm -f {units}/{unit}-certificate.timer
fi
for file in {units}/{unit}-*.service; do
    if grep -qs '^WorkingDirectory={root}/' "$file"; then
        systemctl disable --quiet --now "$(basename "$file")" 2>/dev/null || true
        rm -f "$file"
    fi
done
systemctl daemon-reload
rm -rf {entries} {cache} /run/{unit} /run/{unit}.lock /run/{unit}.work /run/{unit}-site.loaded
if getent passwd {user} | grep -q ':{mark}:'; then userdel {user}; fi
echo 'Everything is as it was, but for the packages that were installed since:'
dpkg-query --show --showformat='${{Package}}\n' | LC_ALL=C sort | LC_ALL=C comm -13 {backup}/packages -
rm -rf {backup}
rmdir --ignore-fail-on-non-empty {backups}
"""


def program(adoption: Adoption, names: Names) -> str:
    """Return the text of the program."""
    unit, site = names.systemd_unit, names.app_name
    links = [f"{SITES}/{site}", f"{ENABLED}/{site}", f"{ENABLED}/{LATE}{site}"]
    # Its unit may have the name by which Puerto calls its own: a link, until its file is back.
    own_name = f"test ! -L {UNITS}/{unit}.service || rm -f {UNITS}/{unit}.service"
    entries = [f"{names.app_root}/{entry}" for entry in sorted(ENTRIES)] if adoption.root else [names.app_root]
    values = {
        "backup": adoption.backup, "backups": Path(adoption.backup).parent, "root": names.app_root, "unit": unit,
        "units": UNITS, "user": names.app_user, "mark": names.user_mark, "cache": CACHES / site,
        "links": " ".join(links), "entries": " ".join(entries),
        "unit_files": "\n".join([own_name, *_backs(adoption.units)]),
        "states": "\n".join(_states(adoption)), "sockets": "\n".join(_waits(adoption)),
        "sites": "\n".join(_backs((*adoption.sites, f"{ENABLED}/default", names.nginx_unknown_hosts))),
        "signature": SIGNATURE, "enabled": ENABLED, "unknown_hosts": names.nginx_unknown_hosts,
        "owner": _owner(adoption),
    }  # fmt: skip
    parts = (HEAD, FOLDER if adoption.root else "", STARTED, SITE, REMOVED)
    return "".join(part.format_map(values) for part in parts)


def _states(adoption: Adoption) -> list[str]:
    enabled = [f"systemctl enable --quiet {shlex.quote(unit)}" for unit in adoption.enabled]
    return enabled + [f"systemctl start {shlex.quote(unit)}" for unit in adoption.active]


def _backs(files: tuple[str, ...]) -> list[str]:
    return [f"back {shlex.quote(file)}" for file in files]


def _waits(adoption: Adoption) -> list[str]:
    sockets = [Path(address.removeprefix("unix:")) for address in adoption.sockets if address.startswith("unix:")]
    loop = "for second in $(seq 30); do test ! -S {0} || break; sleep 1; done"
    return [*(loop.format(shlex.quote(str(socket))) for socket in sockets), "sleep 2"]


def _owner(adoption: Adoption) -> str:
    if not adoption.root:
        return ""
    user, group, mode = adoption.owner
    return f"chown {shlex.quote(f'{user}:{group}')} {adoption.root}\nchmod {mode} {adoption.root}"
