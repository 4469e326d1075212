"""The command line: reads it, runs the verb, shows what went wrong."""

import argparse
import sys
from collections.abc import Sequence

from deploy.base.console import Console
from deploy.base.errors import DeployError
from deploy.cli import commands as verbs
from deploy.environments.inventory import LOCAL
from deploy.rehearsal.image import SUITES

EXAMPLES = """examples:
  python3 -m deploy up                  a Debian host on this machine, made, provisioned, verified
  python3 -m deploy up production       the servers of ansible/inventories/production
  python3 -m deploy release production  a new release alone, of this folder as it is
  python3 -m deploy rollback            back to the last good release
  python3 -m deploy verify production   the host tests against them
  python3 -m deploy status --json       what runs, for programs
  python3 -m deploy model add churn.joblib --data churn.csv      a model of yours
  python3 -m deploy test                every test of the project
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status: 0 done, 1 failed, 2 not understood, 130 interrupted."""
    options = _read(list(sys.argv[1:] if arguments is None else arguments))
    data_on_stdout = getattr(options, "json", False)
    console = Console(options.verb, sys.stderr if data_on_stdout else None)
    try:
        return int(options.run(console, options))
    except DeployError as fault:
        _explain(console, fault)
        return fault.status
    except KeyboardInterrupt:
        console.say(f"Interrupted. Start it again: it goes on from what is there. Log: {console.path}")
        return 130


def _read(words: list[str]) -> argparse.Namespace:
    """What stands after ``test`` is pytest's own; after ``model`` and ``bench``, theirs; options included."""
    if words[:1] == ["test"] and not {"-h", "--help"} & set(words):
        return argparse.Namespace(verb="test", run=verbs.test, pytest=words[1:])
    if words[:1] in (["model"], ["bench"]):
        return argparse.Namespace(verb=words[0], run=getattr(verbs, words[0]), words=words[1:])
    return _parser().parse_args(words)


def _explain(console: Console, fault: DeployError) -> None:
    console.stream = sys.stderr
    for line in filter(None, (fault.reason, fault.advice, f"Log: {console.path}")):
        console.say(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy", description="Make a production site of a trained scikit-learn model.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    up = _command(commands, "up", verbs.up, "provision, verify, print the address; local: boot the host first")
    up.add_argument("--debian", choices=sorted(SUITES), help="release of the local host (13, or what it has)")
    words = "release this folder as it is: beside what runs, probed, switched to"
    release = _command(commands, "release", verbs.release, words)
    for command in (up, release):
        _lock(command)
        command.add_argument("--watch", action="store_true",
                             help="end with the host's watch over it, and fail where it fell")  # fmt: skip
    _add_rollback(commands)
    maintenance = commands.add_parser("maintenance", help="show visitors the page of maintenance, or the site again")
    maintenance.set_defaults(run=verbs.maintenance)
    maintenance.add_argument("wanted", choices=("on", "off"))
    _environment(maintenance)
    _command(commands, "verify", verbs.verify, "run the host tests (testinfra) against the environment")
    status = _command(commands, "status", verbs.status, "say what runs: release, unit, health, address")
    status.add_argument("--json", action="store_true", help="as JSON, for programs")
    down = _command(commands, "down", verbs.down, "remove the local host")
    down.add_argument(
        "--all", action="store_true", help="and what a cut-off test run left: every host of this checkout"
    )
    _command(commands, "doctor", verbs.doctor, "say what is missing on this machine, or in the way on the hosts")
    words = "write requirements.txt from Pipfile.lock, for platforms that install by pip"
    commands.add_parser("requirements", help=words, description=words).set_defaults(run=verbs.write_requirements)
    words = "write what is generated here: options' page, contract's schema, .env.example, catalogue, requirements.txt"
    commands.add_parser("generate", help=words, description=words).set_defaults(run=verbs.generate)
    commands.add_parser("model", help="add, build, check and list models: python3 -m deploy model --help")
    words = "compare Puerto and its peers under load (--help), or attack it on a host of 600 MiB (--hostile --help)"
    commands.add_parser("bench", help=words)
    _add_test(commands)
    _add_dev(commands)
    return parser


def _command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: verbs.Verb, words: str
             ) -> argparse.ArgumentParser:  # fmt: skip
    command = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    command.set_defaults(run=run)
    _environment(command)
    return command


def _environment(command: argparse.ArgumentParser) -> None:
    command.add_argument("environment", nargs="?", default=LOCAL,
                         help="a folder of ansible/inventories, or an inventory's path (local)")  # fmt: skip


def _lock(command: argparse.ArgumentParser) -> None:
    words = "where another operator is deploying: %(metavar)s"
    command.add_argument("--lock", choices=("wait", "break"), metavar="wait|break", help=words)


def _add_rollback(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "go back to the last good release, or to a named one"
    rollback = commands.add_parser("rollback", help=words, description=words[0].upper() + words[1:] + ".")
    rollback.set_defaults(run=verbs.rollback)
    rollback.add_argument("words", nargs="*", metavar="[id] [environment]", help="see status for the ids")
    _lock(rollback)


def _add_test(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "run every test of the project; hosts for them are booted and removed"
    test = commands.add_parser("test", help=words, description=words)
    test.add_argument("pytest", nargs="*", help="words for pytest, e.g. tests/unit -k form")


def _add_dev(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "run the application on this machine, for work on it"
    dev = commands.add_parser("dev", help=words, description=words)
    dev.set_defaults(run=verbs.dev)
    dev.add_argument("--gunicorn", action="store_true", help="under Gunicorn rather than Flask's development server")
    dev.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all (%(default)s)")
    dev.add_argument("--port", type=int, default=5000, help="port to listen on (%(default)s)")
