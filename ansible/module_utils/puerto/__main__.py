"""For whoever is on the host: ``cd /var/www/practica_flask/current && sudo python3 -m puerto --help``."""

import argparse
import getpass
import json
import os
import signal
import sys

from . import deployer, steps
from .layout import Failure, here
from .lock import Lock
from .status import status
from .watchdog import watch


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python3 -m puerto", description="The releases of this application, on its host."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("status", help="what runs, and what was deployed, as JSON")
    back = verbs.add_parser("rollback", help="go back to the last good release, or to a named one")
    back.add_argument("id", nargs="?", default="")
    words = "where another operator is deploying (%(default)s)"
    back.add_argument("--lock", choices=("refuse", "wait", "break"), default="refuse", help=words)
    turned = verbs.add_parser("maintenance", help="show visitors the page that says so, or the site again")
    turned.add_argument("wanted", choices=("on", "off"))
    verbs.add_parser("boot", help="start the current release (the unit of that name does)")
    for verb, words in (("stop", "stop a release that isn't current"), ("watch", "look at a new release")):
        verbs.add_parser(verb, help=words).add_argument("id")
    verbs.choices["watch"].add_argument("seconds", type=float)
    options = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run(here(), options)
    except Failure as fault:
        sys.exit(str(fault))


def run(application, options):
    """Do a verb."""
    who = {"who": os.environ.get("SUDO_USER") or getpass.getuser(), "from": os.uname().nodename}
    if options.verb == "status":
        print(json.dumps(status(application), indent=2, ensure_ascii=False))
    elif options.verb == "rollback":
        lock = Lock(application)
        lock.take(who["who"], who["from"], options.lock)
        try:
            print(json.dumps(deployer.rollback(application, who, options.id)["seconds"]))
        finally:
            lock.give_back()
    elif options.verb == "maintenance":
        deployer.maintenance(application, options.wanted == "on", who)
    elif options.verb == "boot":
        deployer.boot(application)
    elif options.verb == "stop":
        steps.stop(application, options.id)
    else:
        watch(application, options.id, options.seconds)


if __name__ == "__main__":
    main()
