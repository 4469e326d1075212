"""What each command for an environment, or for this machine, does."""

import json
import os
import re
from argparse import Namespace
from contextlib import AbstractContextManager
from dataclasses import replace

from deploy.base import toolchain, variables
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.base.home import require_account
from deploy.base.locks import exclusive
from deploy.base.paths import INVENTORIES, state, tool
from deploy.cli import adoption, output, report_page
from deploy.cli.doctor import host_findings, machine_findings, show_findings
from deploy.environments import passwords
from deploy.environments.inventory import LOCAL, Environment, named, require_local_host, write_local
from deploy.environments.playbook import Outcome, play, run
from deploy.rehearsal import hosts as rehearsal

RELEASE_ID = re.compile(r"[0-9a-f]{4,12}")


def up(console: Console, options: Namespace) -> int:
    """Provision, release and verify an environment; boot its host first if that is on this machine."""
    environment = _named(options, options.environment)
    if options.debian and not environment.is_local:
        reason = f"--debian sets the Debian release of the local host; the hosts of {environment.name} have their own"
        raise DeployError(reason, status=2)
    require_account()
    with _environment_lock(environment):
        toolchain.prepare(console)
        toolchain.require(console, toolchain.TOOLS | toolchain.for_models())
        if environment.is_local:
            write_local(rehearsal.up(console, LOCAL, options.debian))
        outcome = play(console, environment, "site.yml", *_release_options(options))
        tests = state("reports", f"{environment.file_name}.xml")
        _verify(console, environment, f"--junitxml={tests}")
        for host, report in outcome.reports.items():
            _show_release(console, host, report)
            output.show_address(console, report, f"{host}: changed={outcome.changed[host]}")
        page = report_page.write(environment, outcome, tests)
    console.say(f"  report       {os.path.relpath(page)}")
    console.say(f"  log          {os.path.relpath(console.path)}")
    return 0


def adopt(console: Console, options: Namespace) -> int:
    """Take over a deployment made by hand: show what becomes of each part, and go on once that is confirmed."""
    environment = _prepared_environment(console, options, options.environment)
    with _environment_lock(environment):
        toolchain.require(console, toolchain.for_models())
        outcome = play(console, environment, "adopt.yml", quiet=True)
        adoption.require_deployments(console, outcome.reports)
        adoption.confirm(environment.name, options.yes)
        try:
            outcome = play(console, environment, "site.yml", "--extra-vars", "adopt=true")
            _verify(console, environment)
        except DeployError as fault:
            raise DeployError(fault.reason, f"{fault.advice}\n{adoption.HALFWAY}".strip()) from fault
        _show_releases(console, outcome)
        adoption.show_way_back(console, outcome.reports)
    return 0


def release(console: Console, options: Namespace) -> int:
    """Release the working tree: start it beside the running release, check it, switch to it, ask it from here too."""
    environment = _prepared_environment(console, options, options.environment)
    with _environment_lock(environment):
        toolchain.require(console, toolchain.for_models())
        outcome = play(console, environment, "release.yml", *_release_options(options))
        _show_releases(console, outcome)
        page = report_page.write(environment, outcome)
    console.say(f"  report       {os.path.relpath(page)}")
    return 0


def rollback(console: Console, options: Namespace) -> int:
    """Go back to the last good release, or to a given one."""
    release_id, name = release_and_environment(options.arguments)
    environment = _prepared_environment(console, options, name)
    with _environment_lock(environment):
        chosen = ["--extra-vars", f"release_id={release_id}"] if release_id else []
        outcome = play(console, environment, "rollback.yml", *chosen, *_lock_options(options))
        _show_releases(console, outcome)
    return 0


def maintenance(console: Console, options: Namespace) -> int:
    """Show visitors the maintenance page, or the site again."""
    environment = _prepared_environment(console, options, options.environment)
    with _environment_lock(environment):
        on = options.switch == "on"
        play(console, environment, "maintenance.yml", "--extra-vars", f"maintenance={'true' if on else 'false'}")
    console.say(f"{environment.name}: visitors get {'the maintenance page (503)' if on else 'the site'}")
    return 0


def verify(console: Console, options: Namespace) -> int:
    """Run the host tests."""
    environment = _prepared_environment(console, options, options.environment)
    _verify(console, environment)
    console.say(f"    log: {os.path.relpath(console.path)}")
    return 0


def status(console: Console, options: Namespace) -> int:
    """Show what is running; the exit status is 1 if a host can't be reached or its application isn't active."""
    environment = _prepared_environment(console, options, options.environment)
    outcome = run(console, environment, "status.yml", quiet=True)
    hosts = [outcome.reports[name] for name in sorted(outcome.reports)]
    if options.json:
        data = {"environment": environment.name, "hosts": hosts, "failures": outcome.failures}
        print(json.dumps(data, indent=2))
    else:
        for host in hosts:
            output.show_status(console, host)
    if outcome.failures:
        raise DeployError("\n".join(outcome.failures), outcome.advice)
    return 0 if all(host["unit_state"] == "active" and host["health"].get("status") == "ok" for host in hosts) else 1


def down(console: Console, options: Namespace) -> int:
    """Remove the local host."""
    environment = named(options.environment)
    if not environment.is_local:
        raise DeployError(f"{environment.name}: down removes local hosts only; nothing was changed", status=2)
    with _environment_lock(environment):
        (INVENTORIES / LOCAL / "hosts.yml").unlink(missing_ok=True)
        names = [] if toolchain.missing({"podman": "podman"}) else [host.name for host in rehearsal.hosts()]
        for name in names if options.all else {LOCAL} & set(names):
            with console.step(f"Remove {name}"):
                rehearsal.down(name)
        if LOCAL not in names:
            console.say("There is no local host.")
    return 0


def doctor(console: Console, options: Namespace) -> int:
    """Say what is missing here and, for another environment, what stands in the way on its hosts."""
    environment = _named(options, options.environment)
    faults = show_findings(console, machine_findings(environment.is_local))
    if not environment.is_local:
        require_account()
        toolchain.prepare(console)
        outcome = play(console, environment, "doctor.yml")
        for host, report in outcome.reports.items():
            console.say(f"{host}:")
            faults += show_findings(console, host_findings(report))
    return 1 if faults else 0


def release_and_environment(arguments: list[str]) -> tuple[str, str]:
    """Tell a release's id from an environment's name: rollback takes either, or both."""
    ids = [argument for argument in arguments if RELEASE_ID.fullmatch(argument) and not _is_environment(argument)]
    names = [argument for argument in arguments if argument not in ids]
    if len(ids) > 1 or len(names) > 1:
        reason = f"rollback takes at most one release and one environment, not: {' '.join(arguments)}"
        raise DeployError(reason, status=2)
    return "".join(ids), "".join(names) or LOCAL


def _is_environment(name: str) -> bool:
    return (INVENTORIES / name).exists()


def _named(options: Namespace, name: str) -> Environment:
    """Return an environment, with sudo's password if the operator wants to be asked for it."""
    environment = named(name)
    return replace(environment, become_password=passwords.ask()) if options.ask_become_pass else environment


def _prepared_environment(console: Console, options: Namespace, name: str) -> Environment:
    """Return an environment that can be reached: tools installed here, its local host running."""
    environment = _named(options, name)
    require_account()
    toolchain.prepare(console)
    toolchain.require(console, toolchain.TOOLS)
    if environment.is_local:
        require_local_host()
        write_local(rehearsal.up(console, LOCAL))
    return environment


def _verify(console: Console, environment: Environment, *options: str) -> None:
    inventory = str(environment.inventory)
    command = [tool("python"), "-m", "pytest", "tests/host", "--quiet", "--inventory", inventory, *options]
    console.say(f"    {' '.join(['pytest', *command[3:5], '--inventory', os.path.relpath(inventory)])}")
    settings = variables.for_ansible() | {"CI": "1"}  # so that pytest doesn't truncate sentences
    lines: list[str] = []
    with console.step("verify"):
        with passwords.in_pipe(environment.become_password) as password:
            command += [f"--become-password-file=/dev/fd/{password}"] if password else []
            status = console.follow(command, lines.append, env=settings, pass_fds=[password] if password else [])
        if status:
            failures = [line.strip("! ") for line in lines if line.startswith(("FAILED", "ERROR", "!"))] or lines[-6:]
            reason = "\n".join(failures).replace("_pytest.outcomes.Exit: ", "")
            is_tests = any(line.startswith("FAILED") for line in lines)
            raise DeployError(reason, "The log shows each failed test in full." if is_tests else "")
    console.say(f"    {lines[-1]}")


def _show_releases(console: Console, outcome: Outcome) -> None:
    for host, report in outcome.reports.items():
        _show_release(console, host, report)


def _show_release(console: Console, host: str, report: output.Report) -> None:
    output.show_release(console, host, report)
    output.check_from_here(console, report)


def _environment_lock(environment: Environment) -> AbstractContextManager[None]:
    return exclusive(state("locks", environment.file_name), f"{environment.name}: another run is working on it")


def _release_options(options: Namespace) -> list[str]:
    return [*_lock_options(options), *(["--extra-vars", "release_watched=true"] if options.watch else [])]


def _lock_options(options: Namespace) -> list[str]:
    return ["--extra-vars", f"release_lock={options.lock}"] if options.lock else []
