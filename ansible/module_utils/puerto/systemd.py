"""systemd, by its own programs."""

import re
import subprocess
import time
from pathlib import Path

from . import program_output, sandbox
from .errors import HostError
from .files import replace_symlink, write
from .layout import ID, UNITS, Application

LAST_LINES, READ_LINES = 12, 1000
COMMAND_CHARACTERS = 100
PROPERTIES = (
    "ActiveState", "SubState", "NRestarts", "MainPID", "Result", "MemoryCurrent", "MemoryMax", "ActiveEnterTimestamp",
    "NeedDaemonReload",
)  # fmt: skip
"""Properties of a unit that the gates check."""

SEE = re.compile(r"^See .*for details\.$", re.M)
"""Where systemctl leaves its reader alone."""

PROGRAM = "host"
"""The name by which units and timers call this program: it had no other when some of a host's releases were made."""

RELEASE = "@RELEASE@"
"""Stands for the release's id in a plan's unit."""


def systemctl(*arguments: str, check: bool = True) -> str:
    """Run systemctl and return what it prints.

    Raises:
        HostError: it failed, and that is checked; the reason is what the unit's programs logged, else systemctl's own.
    """
    started = int(time.time())
    result = subprocess.run(["systemctl", *arguments], capture_output=True, text=True)
    if check and result.returncode:
        own = program_output.last_lines(SEE.sub("", result.stderr or result.stdout))
        raise HostError(f"systemctl {' '.join(arguments)}: {_logged(arguments[-1], started) or own}", result.stderr)
    return result.stdout.strip()


def _logged(unit: str, since: int) -> str:
    """Return the last lines that a unit's programs logged since then, without systemd's own about it."""
    subprocess.run(["journalctl", "--quiet", "--sync"], stderr=subprocess.DEVNULL)
    fields = ["--output=cat", f"--since=@{since}", f"_SYSTEMD_UNIT={unit}"]
    command = ["journalctl", "--quiet", "--no-pager", f"--lines={READ_LINES}", *fields]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    return program_output.last_lines(result.stdout)


def properties(unit: str) -> dict[str, str]:
    """Return a unit's properties."""
    lines = systemctl("show", unit, "--property", ",".join(PROPERTIES)).splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value for name, _, value in pairs}


def active_state(unit: str) -> str:
    """Return whether a unit runs, in systemd's word."""
    return properties(unit)["ActiveState"]


def is_active(unit: str) -> bool:
    """Return whether a unit runs."""
    return active_state(unit) == "active"


def shortened(text: str, characters: int) -> str:
    """Return a text cut at a length, which an ellipsis shows."""
    return text if len(text) <= characters else f"{text[:characters]}…"


def exists(unit: str) -> bool:
    """Return whether systemd knows a unit of that name, from any folder; a masked one too."""
    return value(unit, "LoadState") != "not-found"


def value(unit: str, name: str) -> str:
    """Return one property of a unit; empty if it has none of that name."""
    return systemctl("show", unit, f"--property={name}", "--value")


def is_masked(unit: str) -> bool:
    """Return whether an administrator has forbidden a unit to start, not only until the next boot."""
    return value(unit, "UnitFileState") == "masked"


def describe(unit: str) -> str:
    """Say what a unit is, in its own words and systemd's: description, state, command."""
    names = "Description,LoadState,ActiveState,User,ExecStart,FragmentPath"
    lines = systemctl("show", unit, "--property", names).splitlines()
    value = {name: text for name, _, text in (line.partition("=") for line in lines)}
    if value["LoadState"] == "masked":
        return "masked by an administrator"
    command = re.search(r"argv\[\]=([^;]*)", value.get("ExecStart", ""))
    words = f": {shortened(command[1].strip(), COMMAND_CHARACTERS)}" if command else ""
    return f"“{value['Description']}”, {value['ActiveState']}, of {value.get('User') or 'root'}{words}"


def unit_text(template: str, release: str) -> str:
    """Return a release's unit as this host can run it."""
    return sandbox.for_host(template).replace(RELEASE, release)


def is_installed(application: Application, release: str, template: str) -> bool:
    """Return whether a release has its unit."""
    file = UNITS / application.service(release)
    return file.is_file() and file.read_text(encoding="utf-8") == unit_text(template, release)


def install(application: Application, release: str, template: str) -> bool:
    """Give a release its unit.

    Returns:
        Whether that changed anything.

    Raises:
        HostError: systemd reports an error in it.
    """
    if is_installed(application, release, template):
        return False
    name, text = application.service(release), unit_text(template, release)
    verify(name, text)
    write(UNITS / name, text)
    systemctl("daemon-reload")
    return True


def verify(name: str, text: str) -> None:
    """Have systemd check a unit that isn't installed yet.

    Raises:
        HostError: it reports an error in it.
    """
    candidate = Path("/run") / name
    write(candidate, text)
    try:
        command = ["systemd-analyze", "verify", "--man=no", str(candidate)]
        result = subprocess.run(command, capture_output=True, text=True)
    finally:
        candidate.unlink()
    # It reports other units' errors too, and its exit code doesn't tell of unknown keys.
    if errors := [line for line in result.stderr.splitlines() if name in line]:
        raise HostError(f"the unit: {' '.join(errors)}")


def link_alias(application: Application, release: str) -> None:
    """Make the name that administrators use an alias of a release's unit."""
    alias = UNITS / f"{application.unit}.service"
    if alias.is_file() and not alias.is_symlink():  # older versions had one unit for all releases
        systemctl("disable", "--now", alias.name, check=False)
    if not alias.is_symlink() or alias.readlink() != Path(application.service(release)):
        replace_symlink(alias, application.service(release))
        systemctl("daemon-reload")


def uninstall(application: Application, release: str) -> None:
    """Stop a release and remove its unit."""
    stop(application, release)
    (UNITS / application.service(release)).unlink(missing_ok=True)


def stop(application: Application, release: str) -> None:
    """Stop a release, whatever state it is in."""
    systemctl("stop", application.service(release), check=False)
    systemctl("reset-failed", application.service(release), check=False)


def installed_releases(application: Application) -> list[str]:
    """Return the ids of the releases that have a unit."""
    prefix = f"{application.unit}-"
    files = [(file, file.stem.removeprefix(prefix)) for file in sorted(UNITS.glob(f"{prefix}*.service"))]
    own = f"WorkingDirectory={application.root}/releases/"
    return [release for file, release in files if ID.fullmatch(release) and own in file.read_text(encoding="utf-8")]


def last_lines(application: Application, release: str) -> str:
    """Return the last lines that a release logged, without those of successful requests."""
    unit = f"--unit={application.service(release)}"
    command = ["journalctl", "--no-pager", "--output=cat", f"--lines={READ_LINES}", unit]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    lines = [line for line in result.stdout.splitlines() if not ('"level":"info"' in line and '"request_id"' in line)]
    return "\n".join(lines[-LAST_LINES:])


def run_after(application: Application, folder: Path, name: str, seconds: float, *arguments: str) -> None:
    """Have systemd run a folder's copy of this program, after some seconds; it replaces the unit of that name."""
    unit = f"{application.unit}-{name}"
    for kind in ("timer", "service"):
        systemctl("stop", f"{unit}.{kind}", check=False)
    command = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--property=WorkingDirectory={folder}"]
    if seconds:
        command += [f"--on-active={seconds}", "--timer-property=AccuracySec=1s"]
    command += ["/usr/bin/python3", "-m", PROGRAM, *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise HostError(f"{unit}: {result.stderr.strip()}")
