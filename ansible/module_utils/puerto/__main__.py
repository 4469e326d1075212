"""For people on the host: ``cd /var/www/practica_flask/current && sudo python3 -m puerto --help``."""

import argparse
import getpass
import json
import os
import signal
import sys

from . import acme, cleanup, deployer
from .errors import HostError
from .layout import Application, own_application
from .lock import Lock
from .maintenance import set_maintenance
from .plan import Operator
from .status import host_status
from .watchdog import watch


def main() -> None:
    """Run the command that the command line names."""
    options = _parser().parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run(own_application(), options)
    except HostError as fault:
        sys.exit(str(fault))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m puerto", description="The releases of this application, on its host."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="print what runs, and what was deployed, as JSON")
    rollback_parser = commands.add_parser("rollback", help="go back to the last good release, or to a named one")
    rollback_parser.add_argument("id", nargs="?", default="", help="its first digits")
    on_conflict = "what to do if another operator is deploying (%(default)s)"
    rollback_parser.add_argument("--lock", choices=("refuse", "wait", "break"), default="refuse", help=on_conflict)
    maintenance_parser = commands.add_parser(
        "maintenance", help="show visitors the maintenance page, or the site again"
    )
    maintenance_parser.add_argument("state", choices=("on", "off"))
    commands.add_parser("boot", help="start the current release (the boot unit runs this)")
    certificate_parser = commands.add_parser(
        "certificate", help="have the site's certificate signed or renewed by ACME (its unit runs this)"
    )
    certificate_parser.add_argument("step", choices=("obtain", "load"))
    commands.add_parser("stop", help="stop a release that isn't current").add_argument("id")
    watch_parser = commands.add_parser("watch", help="watch a new release, and go back if it fails")
    watch_parser.add_argument("id")
    watch_parser.add_argument("seconds", type=float)
    return parser


def run(application: Application, options: argparse.Namespace) -> None:
    """Run a command."""
    operator = Operator(os.environ.get("SUDO_USER") or getpass.getuser(), os.uname().nodename)
    if options.command == "status":
        print(json.dumps(host_status(application), indent=2, ensure_ascii=False))
    elif options.command == "rollback":
        lock = Lock(application)
        lock.take(operator, options.lock)
        try:
            print(json.dumps(deployer.rollback(application, operator, options.id)["seconds"]))
        finally:
            lock.give_back()
    elif options.command == "maintenance":
        set_maintenance(application, options.state == "on", operator)
    elif options.command == "boot":
        deployer.boot(application)
    elif options.command == "certificate":
        (acme.obtain if options.step == "obtain" else acme.load)(application)
    elif options.command == "stop":
        cleanup.stop(application, options.id)
    else:
        watch(application, options.id, options.seconds)


if __name__ == "__main__":
    main()
