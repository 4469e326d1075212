"""systemd, asked by its own program."""

import subprocess
from pathlib import Path

from .errors import HostError
from .files import replace_symlink, write
from .layout import ID, UNITS, Application

LAST_LINES, READ_LINES = 12, 1000
PROPERTIES = (
    "ActiveState", "SubState", "NRestarts", "MainPID", "Result", "MemoryCurrent", "MemoryMax", "ActiveEnterTimestamp",
    "NeedDaemonReload",
)  # fmt: skip
"""Of a unit, those that the gates look at."""

PROGRAM = "host"
"""The name by which units and timers call this program: it had no other when some of a host's releases were made."""

RELEASE = "@RELEASE@"
"""Stands for the release's id in a plan's unit."""


def systemctl(*words: str, check: bool = True) -> str:
    """Run systemctl and return what it prints."""
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True)
    if check and done.returncode:
        raise HostError(f"systemctl {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def state(unit: str) -> dict[str, str]:
    """Return a unit's properties."""
    lines = systemctl("show", unit, "--property", ",".join(PROPERTIES)).splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value for name, _, value in pairs}


def is_active(unit: str) -> bool:
    """Return whether a unit runs."""
    return state(unit)["ActiveState"] == "active"


def is_installed(application: Application, release: str, template: str) -> bool:
    """Return whether a release has its unit."""
    file = UNITS / application.service(release)
    return file.is_file() and file.read_text(encoding="utf-8") == template.replace(RELEASE, release)


def install(application: Application, release: str, template: str) -> bool:
    """Give a release its unit.

    Returns:
        Whether that changed it.

    Raises:
        HostError: systemd finds fault with it.
    """
    if is_installed(application, release, template):
        return False
    name, text = application.service(release), template.replace(RELEASE, release)
    verify(name, text)
    write(UNITS / name, text)
    systemctl("daemon-reload")
    return True


def verify(name: str, text: str) -> None:
    """Have systemd read a unit that isn't installed.

    Raises:
        HostError: it finds fault with it.
    """
    candidate = Path("/run") / name
    write(candidate, text)
    try:
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(candidate)], capture_output=True, text=True)
    finally:
        candidate.unlink()
    # Other units' faults are told too. Of keys that it doesn't know the status says nothing.
    if faults := [line for line in done.stderr.splitlines() if name in line]:
        raise HostError(f"the unit: {' '.join(faults)}")


def name_active(application: Application, release: str) -> None:
    """Have the administrator's name mean a release's unit."""
    alias = UNITS / f"{application.unit}.service"
    if alias.is_file() and not alias.is_symlink():  # a unit of the time when there was one for all releases
        systemctl("disable", "--now", alias.name, check=False)
    if not alias.is_symlink() or alias.readlink() != Path(application.service(release)):
        replace_symlink(alias, application.service(release))
        systemctl("daemon-reload")


def uninstall(application: Application, release: str) -> None:
    """Stop a release and take its unit away."""
    stop(application, release)
    (UNITS / application.service(release)).unlink(missing_ok=True)


def stop(application: Application, release: str) -> None:
    """Stop a release, however it runs."""
    systemctl("stop", application.service(release), check=False)
    systemctl("reset-failed", application.service(release), check=False)


def units(application: Application) -> list[str]:
    """Return the ids of the releases that have a unit."""
    prefix = f"{application.unit}-"
    files = [(file, file.stem.removeprefix(prefix)) for file in sorted(UNITS.glob(f"{prefix}*.service"))]
    own = f"WorkingDirectory={application.root}/releases/"
    return [release for file, release in files if ID.fullmatch(release) and own in file.read_text(encoding="utf-8")]


def last_lines(application: Application, release: str) -> str:
    """Return the last lines that a release wrote, without those of requests that went well."""
    command = ["journalctl", "--no-pager", "--output=cat", f"--lines={READ_LINES}"]
    done = subprocess.run(
        [*command, "--unit", application.service(release)], capture_output=True, encoding="utf-8", errors="replace"
    )
    lines = [line for line in done.stdout.splitlines() if not ('"level":"info"' in line and '"request_id"' in line)]
    return "\n".join(lines[-LAST_LINES:])


def run_after(application: Application, folder: Path, name: str, seconds: float, *words: str) -> None:
    """Run a folder's copy of this program by systemd, after some seconds; instead of what has that name."""
    unit = f"{application.unit}-{name}"
    for kind in ("timer", "service"):
        systemctl("stop", f"{unit}.{kind}", check=False)
    command = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--property=WorkingDirectory={folder}"]
    when = [f"--on-active={seconds}", "--timer-property=AccuracySec=1s"] if seconds else []
    done = subprocess.run([*command, *when, "/usr/bin/python3", "-m", PROGRAM, *words], capture_output=True, text=True)
    if done.returncode:
        raise HostError(f"{unit}: {done.stderr.strip()}")
