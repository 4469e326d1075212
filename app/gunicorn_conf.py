"""Gunicorn's configuration, from the settings: ``gunicorn --config python:app.gunicorn_conf wsgi:app``."""

import gc
import os
import sys
from typing import Any

from app import hooks, logs, settings

try:
    _settings = settings.load()
except settings.SettingsError as fault:
    sys.exit(str(fault))

bind = _settings.gunicorn_bind
workers = _settings.gunicorn_workers or len(os.sched_getaffinity(0))
timeout = _settings.gunicorn_timeout
graceful_timeout = _settings.gunicorn_graceful_timeout

# Threads keep Nginx's connections open between requests; the sync worker would close each. Ours are Gunicorn's with a
# deadline for each request: the timeout above is the main process's patience with a worker that says nothing at all.
worker_class = "app.worker.Worker"
threads = 4

# Longer than Nginx keeps a connection that it doesn't use: it alone ends them, and none under a request.
keepalive = 75

# The model is loaded once, before the workers fork, and shared by them.
preload_app = True

# Gunicorn makes its socket 0777 unless told: this leaves 0660, the owner and Nginx's group.
umask = 0o117

# A heartbeat file on a disk can block a worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# A way in that nothing here uses.
control_socket_disable = True

# Everything that is logged is a line of JSON; the application writes one per request itself.
logconfig_dict = logs.LOGGING

proc_name = "puerto"


_CURRENT, _OWN = settings.ROOT.parent.parent / "current", settings.ROOT.stat().st_ino


def pre_request(worker: Any, request: Any) -> None:
    """Close each connection after its answer once another release is current: the next request goes to that one."""
    try:
        if _CURRENT.stat().st_ino != _OWN:
            request.force_close()
    except OSError:  # a checkout, which has no other releases
        return


def when_ready(server: Any) -> None:
    """Look once more at what hangs on the application, and have the workers share all that they will need.

    Templates are compiled here, or each worker's first visitor would wait for it. Looked at by the garbage collector,
    what is shared would be copied.
    """
    try:
        application = server.app.wsgi()
        application.extensions["shortcut"].must_fit(application)
    except hooks.HookError as fault:
        sys.exit(str(fault))
    for name in application.jinja_loader.list_templates():
        application.jinja_env.get_template(name)
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """Tell which requests a worker took with it."""
    worker.bury()
