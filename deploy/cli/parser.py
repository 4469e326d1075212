"""The command line: reads it, runs the command, shows what went wrong."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeAlias

from deploy.base import ownership, streams
from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.cli import checkout, commands
from deploy.environments.inventory import LOCAL
from deploy.rehearsal.image import SUITES

EXAMPLES = """examples:
  python3 -m deploy up                  create a Debian host on this machine, provision and verify it
  python3 -m deploy up production       the same for the servers of ansible/inventories/production
  python3 -m deploy adopt production    take over a deployment that was made by hand there
  python3 -m deploy release production  only a new release, of this folder as it is
  python3 -m deploy rollback            back to the last good release
  python3 -m deploy verify production   run the host tests against the servers
  python3 -m deploy status --json       what is running, for programs
  python3 -m deploy model add churn.joblib --data churn.csv      add a model of your own
  python3 -m deploy test                every test of the project
"""

Command = Callable[[Console, argparse.Namespace], int]
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status: 0 done, 1 failed, 2 not understood, 130 and 141 interrupted."""
    streams.prepare()
    options = _read(list(sys.argv[1:] if arguments is None else arguments))
    try:
        ownership.require_writable()
    except DeployError as fault:
        print(fault.reason, fault.advice, sep="\n", file=sys.stderr)
        return fault.status
    data_on_stdout = getattr(options, "json", False)
    with closing(Console(options.command, sys.stderr if data_on_stdout else None)) as console:
        return _run(console, options)


def _run(console: Console, options: argparse.Namespace) -> int:
    try:
        return int(options.run(console, options))
    except DeployError as fault:
        _explain(console, fault)
        return fault.status
    except BrokenPipeError:  # as in: deploy status | head -1
        streams.abandon()
        return 128 + signal.SIGPIPE
    except (KeyboardInterrupt, EOFError):  # Ctrl+C, and Ctrl+D at a question
        console.say(f"Interrupted. Run it again to continue from where it stopped. Log: {console.path}")
        return 130


def _read(arguments: list[str]) -> argparse.Namespace:
    """What follows ``test`` is pytest's own, what follows ``model`` and ``bench`` is theirs, options included."""
    command, rest = arguments[:1], arguments[1:]
    if command == ["test"] and not {"-h", "--help"} & set(rest):
        return argparse.Namespace(command="test", run=checkout.test, pytest=rest)
    if command == ["model"]:
        return argparse.Namespace(command="model", run=checkout.model, arguments=rest)
    if command == ["bench"]:
        return argparse.Namespace(command="bench", run=checkout.bench, arguments=rest)
    return _parser().parse_args(arguments)


def _explain(console: Console, fault: DeployError) -> None:
    console.stream = sys.stderr
    for line in filter(None, (fault.reason, fault.advice, f"Log: {console.path}")):
        console.say(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy",
        description="Turn a trained scikit-learn model into a production site.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="command", required=True)
    _add_up_and_release(subparsers)
    _add_adopt(subparsers)
    _add_rollback(subparsers)
    _add_maintenance(subparsers)
    text = "run the host tests (testinfra) against the environment"
    _environment(_add(subparsers, "verify", commands.verify, text))
    _add_status(subparsers)
    _add_down(subparsers)
    text = "say what is missing on this machine, or what stands in the way on the hosts"
    _environment(_add(subparsers, "doctor", commands.doctor, text))
    text = "write requirements.txt from Pipfile.lock, for platforms that install with pip"
    _add(subparsers, "requirements", checkout.write_requirements, text)
    text = "write the generated files: page of options, contract's schema, .env.example, catalogue, requirements.txt"
    _add(subparsers, "generate", checkout.generate, text)
    _add(subparsers, "model", checkout.model, "add, build, check and list models: python3 -m deploy model --help")
    text = "compare Puerto with its peers under load (--help), or attack it on a host of 600 MiB (--hostile --help)"
    _add(subparsers, "bench", checkout.bench, text)
    _add_test(subparsers)
    _add_dev(subparsers)
    return parser


def _add_up_and_release(subparsers: Subparsers) -> None:
    text = "provision and verify an environment, print its address; for local, boot the host first"
    up = _add(subparsers, "up", commands.up, text)
    text = "Debian release of the local host (13, or what an existing host has)"
    up.add_argument("--debian", choices=sorted(SUITES), help=text)
    text = "release this folder as it is: start it beside the running release, check it, switch to it"
    release = _add(subparsers, "release", commands.release, text)
    for command in (up, release):
        _environment(command)
        _lock(command)
        text = "wait until the host stops watching the release, and fail if it was rolled back"
        command.add_argument("--watch", action="store_true", help=text)


def _add_adopt(subparsers: Subparsers) -> None:
    text = "take over a deployment made by hand, in one switch: shows what becomes of it, copies it, can be undone"
    adopt = _add(subparsers, "adopt", commands.adopt, text)
    _environment(adopt)
    adopt.add_argument("--yes", action="store_true", help="go on without asking")


def _add_rollback(subparsers: Subparsers) -> None:
    rollback = _add(subparsers, "rollback", commands.rollback, "go back to the last good release, or to a given one")
    rollback.add_argument("arguments", nargs="*", metavar="[id] [environment]", help="status lists the ids")
    _lock(rollback)
    _password(rollback)


def _add_maintenance(subparsers: Subparsers) -> None:
    text = "show visitors the maintenance page, or the site again"
    maintenance = _add(subparsers, "maintenance", commands.maintenance, text)
    maintenance.add_argument("switch", choices=("on", "off"))
    _environment(maintenance)


def _add_status(subparsers: Subparsers) -> None:
    status = _add(subparsers, "status", commands.status, "show what is running: release, unit, health, address")
    _environment(status)
    status.add_argument("--json", action="store_true", help="as JSON, for programs")


def _add_down(subparsers: Subparsers) -> None:
    down = _add(subparsers, "down", commands.down, "remove the local host")
    _environment(down)
    text = "every host of this checkout, also those that an interrupted test run left"
    down.add_argument("--all", action="store_true", help=text)


def _add_test(subparsers: Subparsers) -> None:
    text = "run every test of the project; the hosts that tests need are booted and removed"
    test = _add(subparsers, "test", checkout.test, text)
    test.add_argument("pytest", nargs="*", help="arguments for pytest, e.g. tests/unit -k form")


def _add_dev(subparsers: Subparsers) -> None:
    dev = _add(subparsers, "dev", checkout.dev, "run the application on this machine, to work on it")
    dev.add_argument("--gunicorn", action="store_true", help="under Gunicorn rather than Flask's development server")
    dev.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    dev.add_argument("--port", type=int, default=5000, help="port to listen on (%(default)s)")


def _add(subparsers: Subparsers, name: str, run: Command, text: str) -> argparse.ArgumentParser:
    command = subparsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(run=run)
    return command


def _environment(command: argparse.ArgumentParser) -> None:
    text = "a folder in ansible/inventories, or the path of an inventory (%(default)s)"
    command.add_argument("environment", nargs="?", default=LOCAL, help=text)
    _password(command)


def _password(command: argparse.ArgumentParser) -> None:
    text = "ask for the password that sudo wants on the hosts"
    command.add_argument("-K", "--ask-become-pass", action="store_true", help=text)


def _lock(command: argparse.ArgumentParser) -> None:
    text = "if another operator is deploying: wait until they finish, or break their lock"
    command.add_argument("--lock", choices=("wait", "break"), metavar="wait|break", help=text)
