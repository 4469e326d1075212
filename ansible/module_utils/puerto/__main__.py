"""For whoever is on the host: ``cd /var/www/practica_flask/current && sudo python3 -m puerto --help``."""

import argparse
import getpass
import json
import os
import signal
import sys

from . import cleanup, deployer
from .errors import HostError
from .layout import Application, here
from .lock import Lock
from .maintenance import set_maintenance
from .plan import Operator
from .status import status
from .watchdog import watch


def main() -> None:
    """Do what the command line says."""
    options = _parser().parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run(here(), options)
    except HostError as fault:
        sys.exit(str(fault))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m puerto", description="The releases of this application, on its host."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("status", help="what runs, and what was deployed, as JSON")
    back = verbs.add_parser("rollback", help="go back to the last good release, or to a named one")
    back.add_argument("id", nargs="?", default="")
    where = "where another operator is deploying (%(default)s)"
    back.add_argument("--lock", choices=("refuse", "wait", "break"), default="refuse", help=where)
    page = verbs.add_parser("maintenance", help="show visitors the page that says so, or the site again")
    page.add_argument("state", choices=("on", "off"))
    verbs.add_parser("boot", help="start the current release (the unit of that name does)")
    for verb, meaning in (("stop", "stop a release that isn't current"), ("watch", "look at a new release")):
        verbs.add_parser(verb, help=meaning).add_argument("id")
    verbs.choices["watch"].add_argument("seconds", type=float)
    return parser


def run(application: Application, options: argparse.Namespace) -> None:
    """Do a verb."""
    operator = Operator(os.environ.get("SUDO_USER") or getpass.getuser(), os.uname().nodename)
    if options.verb == "status":
        print(json.dumps(status(application), indent=2, ensure_ascii=False))
    elif options.verb == "rollback":
        lock = Lock(application)
        lock.take(operator, options.lock)
        try:
            print(json.dumps(deployer.rollback(application, operator, options.id)["seconds"]))
        finally:
            lock.give_back()
    elif options.verb == "maintenance":
        set_maintenance(application, options.state == "on", operator)
    elif options.verb == "boot":
        deployer.boot(application)
    elif options.verb == "stop":
        cleanup.stop(application, options.id)
    else:
        watch(application, options.id, options.seconds)


if __name__ == "__main__":
    main()
