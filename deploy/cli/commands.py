"""What each verb does."""

import json
import os
import re
import subprocess
from argparse import Namespace
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from deploy.base import toolchain
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.locks import exclusive
from deploy.base.paths import INVENTORIES, KIT, VENV, state, tool
from deploy.cli import doctor as checks
from deploy.cli import output, report
from deploy.environments.addresses import in_url
from deploy.environments.inventory import LOCAL, Environment, named, require_local_host, write_local
from deploy.environments.playbook import play, run
from deploy.generate import requirements
from deploy.rehearsal import hosts as rehearsal

RELEASE = re.compile(r"[0-9a-f]{4,12}")

MOST_PROCESSES = 4
"""That test side by side: the longest group is one process's, and more wouldn't end before it."""

Verb = Callable[[Console, Namespace], int]


def up(console: Console, options: Namespace) -> int:
    """Provision, release and verify an environment; boot its host first where that is on this machine."""
    environment = named(options.environment)
    if options.debian and not environment.is_local:
        raise DeployError(f"--debian chooses the local host's release; {environment.name} has its own", status=2)
    with _alone(environment):
        toolchain.prepare(console)
        toolchain.require(console, toolchain.TOOLS | toolchain.for_models())
        if environment.is_local:
            write_local(rehearsal.up(console, LOCAL, options.debian))
        outcome = play(console, environment, "site.yml", *_release_words(options))
        tests = state("reports", f"{environment.file_name}.xml")
        _verify(console, environment, f"--junitxml={tests}")
        for name, said in outcome.reports.items():
            output.release(console, name, said)
            output.seen_from_here(console, said)
            output.address(console, said, f"{name}: changed={outcome.changed[name]}")
        page = report.write(environment, outcome, tests)
    console.say(f"  report       {os.path.relpath(page)}")
    console.say(f"  log          {os.path.relpath(console.path)}")
    return 0


def release(console: Console, options: Namespace) -> int:
    """Release the working tree: beside what runs, proved, switched to, verified from here too."""
    environment = _ready(console, options.environment)
    with _alone(environment):
        toolchain.require(console, toolchain.for_models())
        outcome = play(console, environment, "release.yml", *_release_words(options))
        for name, said in outcome.reports.items():
            output.release(console, name, said)
            output.seen_from_here(console, said)
        page = report.write(environment, outcome)
    console.say(f"  report       {os.path.relpath(page)}")
    return 0


def rollback(console: Console, options: Namespace) -> int:
    """Go back to the last good release, or to a named one."""
    number, name = number_and_environment(options.words)
    environment = _ready(console, name)
    with _alone(environment):
        words = ["--extra-vars", f"release_id={number}"] if number else []
        outcome = play(console, environment, "rollback.yml", *words, *_lock_words(options))
        for host, said in outcome.reports.items():
            output.release(console, host, said)
            output.seen_from_here(console, said)
    return 0


def maintenance(console: Console, options: Namespace) -> int:
    """Show visitors the page that says so, or the site again."""
    environment = _ready(console, options.environment)
    with _alone(environment):
        on = options.wanted == "on"
        play(console, environment, "maintenance.yml", "--extra-vars", f"maintenance={'true' if on else 'false'}")
    console.say(f"{environment.name}: visitors get {'503, the page of maintenance' if on else 'the site'}")
    return 0


def verify(console: Console, options: Namespace) -> int:
    """Run the host tests."""
    environment = _ready(console, options.environment)
    _verify(console, environment)
    console.say(f"    log: {os.path.relpath(console.path)}")
    return 0


def status(console: Console, options: Namespace) -> int:
    """Say what runs; exit with 1 where a host can't be reached or its application isn't active."""
    environment = _ready(console, options.environment)
    outcome = run(console, environment, "status.yml", quiet=True)
    hosts = [outcome.reports[name] for name in sorted(outcome.reports)]
    if options.json:
        data = {"environment": environment.name, "hosts": hosts, "failures": outcome.failures}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        for host in hosts:
            output.status(console, host)
    if outcome.failures:
        raise DeployError("\n".join(outcome.failures), outcome.advice)
    return 0 if all(host["unit_state"] == "active" and host["health"].get("status") == "ok" for host in hosts) else 1


def down(console: Console, options: Namespace) -> int:
    """Remove the local host."""
    environment = named(options.environment)
    if not environment.is_local:
        raise DeployError(f"{environment.name}: only local hosts are removed by down; nothing was changed", status=2)
    with exclusive(state("locks", LOCAL), "local: another run is at work on it"):
        (INVENTORIES / LOCAL / "hosts.yml").unlink(missing_ok=True)
        names = [] if toolchain.missing({"podman": "podman"}) else [host.name for host in rehearsal.hosts()]
        for name in names if options.all else {LOCAL} & set(names):
            with console.step(f"Remove {name}"):
                rehearsal.down(name)
        if LOCAL not in names:
            console.say("There is no local host.")
    return 0


def doctor(console: Console, options: Namespace) -> int:
    """Say what is missing here, or, for another environment, what stands in the way on its hosts."""
    environment = named(options.environment)
    faults = checks.show(console, checks.of_machine(environment.is_local))
    if not environment.is_local:
        toolchain.prepare(console)
        outcome = play(console, environment, "doctor.yml")
        for name, said in outcome.reports.items():
            console.say(f"{name}:")
            faults += checks.show(console, checks.of_host(said))
    return 1 if faults else 0


def test(console: Console, options: Namespace) -> int:
    """Run pytest, its own lines on the screen; its exit status is ours."""
    toolchain.prepare(console)
    toolchain.require(console, toolchain.TOOLS | toolchain.SANDBOX | toolchain.REHEARSAL | toolchain.BROWSER)
    command = [tool("python"), "-m", "pytest", *(options.pytest or _side_by_side())]
    console.say(f"    {' '.join(command)}")
    with exclusive(state("locks", "test"), "another test run is at work in this checkout"):
        return subprocess.run(command, cwd=KIT, env=_tools_first()).returncode


def model(console: Console, options: Namespace) -> int:
    """Run a verb of models, which needs more than bare Python; paths count from where the user stands."""
    toolchain.prepare(console)
    if options.words[:1] in (["add"], ["check"], ["build"]):
        toolchain.require(console, toolchain.SANDBOX)
    command = [tool("python"), "-m", "deploy.models.cli", *options.words]
    return subprocess.run(command, env=_tools_first() | {"PYTHONPATH": str(KIT)}).returncode


def bench(console: Console, options: Namespace) -> int:
    """Load Puerto and its peers on a host of their own; or, with --hostile, send Puerto alone what strangers may."""
    toolchain.prepare(console)
    toolchain.require(console, toolchain.for_models() | toolchain.REHEARSAL)
    words = [word for word in options.words if word != "--hostile"]
    program = "hostile.py" if len(words) < len(options.words) else "serving.py"
    command = [tool("python"), f"tests/bench/{program}", *words]
    return subprocess.run(command, cwd=KIT, env=_tools_first()).returncode


def write_requirements(console: Console, options: Namespace) -> int:
    """Write requirements.txt, for platforms that install by pip."""
    requirements.PAGE.write_text(requirements.text(), encoding="utf-8")
    console.say(f"{requirements.PAGE.name}: written from Pipfile.lock")
    return 0


def generate(console: Console, options: Namespace) -> int:
    """Write everything that is generated, which needs more than bare Python."""
    toolchain.prepare(console)
    return subprocess.run([tool("python"), "-m", "deploy.generate"], cwd=KIT).returncode


def dev(console: Console, options: Namespace) -> int:
    """Serve the application from this checkout until interrupted."""
    toolchain.prepare(console)
    toolchain.require(console, toolchain.for_models())
    console.run([tool("python"), "-m", "deploy.models.builder"], cwd=KIT)
    address = f"{in_url(options.host)}:{options.port}"
    if options.gunicorn:
        command = [tool("gunicorn"), "--config", "python:app.gunicorn_conf", "--bind", address, "wsgi:app"]
    else:
        # The debugger runs code for whoever reaches it: on this machine alone.
        debug = ["--debug"] if options.host in ("127.0.0.1", "::1", "localhost") else []
        where = ["--host", options.host, "--port", str(options.port)]
        command = [tool("flask"), "--app", "wsgi", "run", *debug, *where]
    console.say(f"    {' '.join(command)}\n    http://{address}/   (stop it with Ctrl+C)")
    os.chdir(KIT)
    os.execve(command[0], command, _tools_first())


def _side_by_side() -> list[str]:
    """Return pytest's words for all tests at once: one process waits for its hosts, the others compute meanwhile."""
    processes = min(max(len(os.sched_getaffinity(0)), 2), MOST_PROCESSES)
    return ["--numprocesses", str(processes), "--no-loadscope-reorder"]


def _ready(console: Console, name: str) -> Environment:
    """Return an environment that can be asked: tools here, its host running."""
    environment = named(name)
    toolchain.prepare(console)
    toolchain.require(console, toolchain.TOOLS)
    if environment.is_local:
        require_local_host()
        write_local(rehearsal.up(console, LOCAL))
    return environment


def _verify(console: Console, environment: Environment, *more: str) -> None:
    command = [
        tool("python"),
        "-m",
        "pytest",
        "tests/host",
        "--quiet",
        "--inventory",
        str(environment.inventory),
        *more,
    ]
    console.say(f"    {' '.join(['pytest', *command[3:5], '--inventory', os.path.relpath(environment.inventory)])}")
    lines: list[str] = []
    with console.step("verify"):
        if console.follow(command, lines.append, env=_tools_first() | {"CI": "1"}):  # pytest cuts no sentence then
            failed = [line.strip("! ") for line in lines if line.startswith(("FAILED", "ERROR", "!"))] or lines[-6:]
            reason = "\n".join(failed).replace("_pytest.outcomes.Exit: ", "")
            raise DeployError(reason, "The log has each failed test whole.")
    console.say(f"    {lines[-1]}")


def number_and_environment(words: list[str]) -> tuple[str, str]:
    """Tell a release's number from an environment's name: rollback takes either, or both."""
    numbers = [word for word in words if RELEASE.fullmatch(word) and not (INVENTORIES / word).exists()]
    names = [word for word in words if word not in numbers]
    if len(numbers) > 1 or len(names) > 1:
        raise DeployError(f"rollback takes one release and one environment, not: {' '.join(words)}", status=2)
    return "".join(numbers), "".join(names) or LOCAL


def _alone(environment: Environment) -> AbstractContextManager[None]:
    return exclusive(state("locks", environment.file_name), f"{environment.name}: another run is at work on it")


def _release_words(options: Namespace) -> list[str]:
    return [*_lock_words(options), *(["--extra-vars", "release_watched=true"] if options.watch else [])]


def _lock_words(options: Namespace) -> list[str]:
    return ["--extra-vars", f"release_lock={options.lock}"] if options.lock else []


def _tools_first() -> dict[str, str]:
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    return os.environ | {"PATH": path, "VIRTUAL_ENV": str(Path(VENV))}
