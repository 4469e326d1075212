"""Gunicorn's configuration, from the settings: ``gunicorn --config python:app.gunicorn_conf wsgi:app``."""

import gc
import os
import sys
from typing import Any

from app import hooks, logs, settings

try:
    _settings = settings.load()
except settings.SettingsError as error:
    sys.exit(str(error))

bind = _settings.gunicorn_bind
workers = _settings.gunicorn_workers or len(os.sched_getaffinity(0))
timeout = _settings.gunicorn_timeout
graceful_timeout = _settings.gunicorn_graceful_timeout

# Threads keep Nginx's connections open between requests; the sync worker would close each. The worker is Gunicorn's
# with a deadline for each request: the timeout above only ends a process that no longer gives any sign of life.
worker_class = "app.worker.Worker"
threads = 4

# Longer than Nginx keeps an idle connection: only Nginx closes them, so that none is closed while a request arrives.
keepalive = 75

# The model is loaded once, before the workers fork, and shared by them.
preload_app = True

# As long as Nginx takes them, so that the application answers all that Nginx lets through.
limit_request_line = 8190

# Gunicorn's socket would be 0777: this leaves 0660, for the owner and Nginx's group.
umask = 0o117

# A heartbeat file on a disk can block a worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# An entrance that nothing here uses.
control_socket_disable = True

# Every log entry is a line of JSON; the application itself writes one per request.
logconfig_dict = logs.LOGGING

proc_name = "puerto"


_CURRENT, _OWN = settings.ROOT.parent.parent / "current", settings.ROOT.stat().st_ino


def pre_request(worker: Any, request: Any) -> None:
    """Close each connection after its response once another release is current: that one gets the next request."""
    try:
        if _CURRENT.stat().st_ino != _OWN:
            request.force_close()
    except OSError:  # a checkout, which has no other releases
        return


def when_ready(server: Any) -> None:
    """Check the application's hooks once more, and load all that the workers can share.

    Templates are compiled here, or each worker's first visitor would wait for it. What is shared is hidden from the
    garbage collector, which would otherwise write to it and so make each worker copy it.
    """
    try:
        application = server.app.wsgi()
        application.extensions["shortcut"].check_hooks(application)
    except hooks.HookError as error:
        sys.exit(str(error))
    for name in application.jinja_loader.list_templates():
        application.jinja_env.get_template(name)
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Look after the tables that a worker before this one held."""
    from app.tables import held

    held.clear_what_others_left()


def child_exit(server: Any, worker: Any) -> None:
    """Log the requests that were in a worker when it died."""
    worker.log_lost_requests()
