"""systemd, asked by its own program."""

import subprocess
from pathlib import Path

from .layout import ID, UNITS, Failure, point, write

LAST_LINES, READ_LINES = 12, 1000
PROGRAM = "host"
"""The name by which units and timers call this program: it had no other when some of a host's releases were made."""

RELEASE = "@RELEASE@"
"""Stands for the release's id in a plan's unit."""


def systemctl(*words, check=True):
    """Run systemctl and return what it prints."""
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    if check and done.returncode:
        raise Failure(f"systemctl {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def state(unit):
    """Return a unit's properties: those that the gates look at."""
    wanted = (
        "ActiveState,SubState,NRestarts,MainPID,Result,MemoryCurrent,MemoryMax,ActiveEnterTimestamp,NeedDaemonReload"
    )
    said = systemctl("show", unit, "--property", wanted)
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def is_active(unit):
    """Return whether a unit runs."""
    return state(unit)["ActiveState"] == "active"


def is_installed(application, release, template):
    """Return whether a release has its unit."""
    file = UNITS / application.service(release)
    return file.is_file() and file.read_text(encoding="utf-8") == template.replace(RELEASE, release)


def install(application, release, template):
    """Give a release its unit.

    Returns:
        Whether that changed it.

    Raises:
        Failure: systemd finds fault with it.
    """
    if is_installed(application, release, template):
        return False
    name, text = application.service(release), template.replace(RELEASE, release)
    candidate = Path("/run") / name
    write(candidate, text)
    try:
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(candidate)], capture_output=True, text=True)
    finally:
        candidate.unlink()
    # Other units' faults are told too. Of keys that it doesn't know the status says nothing.
    if said := [line for line in done.stderr.splitlines() if name in line]:
        raise Failure(f"the unit: {' '.join(said)}")
    write(UNITS / name, text)
    systemctl("daemon-reload")
    return True


def name_active(application, release):
    """Have the administrator's name mean a release's unit."""
    alias = UNITS / f"{application.unit}.service"
    if alias.is_file() and not alias.is_symlink():  # a unit of the time when there was one for all releases
        systemctl("disable", "--now", alias.name, check=False)
    if not alias.is_symlink() or alias.readlink() != Path(application.service(release)):
        point(alias, application.service(release))
        systemctl("daemon-reload")


def uninstall(application, release):
    """Stop a release and take its unit away."""
    name = application.service(release)
    systemctl("stop", name, check=False)
    systemctl("reset-failed", name, check=False)
    (UNITS / name).unlink(missing_ok=True)


def units(application):
    """Return the ids of the releases that have a unit."""
    prefix = f"{application.unit}-"
    found = [(file, file.stem.removeprefix(prefix)) for file in sorted(UNITS.glob(f"{prefix}*.service"))]
    own = f"WorkingDirectory={application.root}/releases/"
    return [release for file, release in found if ID.fullmatch(release) and own in file.read_text(encoding="utf-8")]


def last_lines(application, release):
    """Return the last lines that a release wrote, without those of requests that went well."""
    command = ["journalctl", "--no-pager", "--output=cat", f"--lines={READ_LINES}"]
    done = subprocess.run(
        [*command, "--unit", application.service(release)], capture_output=True, encoding="utf-8", errors="replace"
    )
    told = [line for line in done.stdout.splitlines() if not ('"level":"info"' in line and '"request_id"' in line)]
    return "\n".join(told[-LAST_LINES:])


def later(application, folder, name, seconds, *words):
    """Run a folder's copy of this program by systemd, after some seconds; instead of what has that name."""
    unit = f"{application.unit}-{name}"
    for kind in ("timer", "service"):
        systemctl("stop", f"{unit}.{kind}", check=False)
    command = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--property=WorkingDirectory={folder}"]
    when = [f"--on-active={seconds}", "--timer-property=AccuracySec=1s"] if seconds else []
    done = subprocess.run([*command, *when, "/usr/bin/python3", "-m", PROGRAM, *words], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{unit}: {done.stderr.strip()}")
