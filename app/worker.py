"""Gunicorn's worker with threads, and a deadline for its requests.

Gunicorn's own ``timeout`` ends no request: the main thread reports that all is well whatever its threads do. Here one
more thread, a watchdog, looks at all of them. A request that takes too long gets 503 and its connection is closed,
which frees a thread that waits for its client. A thread that hangs nevertheless can't be freed: its worker stops
accepting, finishes the other requests and is replaced. Where C code holds the interpreter, not even the watchdog can
run: a thread of faulthandler, which needs no Python, then ends the process, and Gunicorn's main process logs which
requests it had.
"""

import faulthandler
import os
import signal
import socket
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from app import logs
from app.deadline import Deadline
from app.in_flight import Place, Requests
from app.tracker import RequestTracker

LOOKS = 20
"""How often the watchdog looks within the time that a request may take."""

LONGEST_SECONDS = 0.5
"""The longest that it waits between two looks."""

FREE_SECONDS = 1.0
"""How soon a thread that only waited for its client is free, once the connection is closed."""

MOST_THREADS = 64
"""Of a worker that is being replaced."""

MOST_BYTES = 65536
"""Of the stacks of a worker's threads, in the log."""

LATE_SECONDS = 2.0
"""How late the watchdog may look, on a busy host, before its worker counts as blocked for good."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker whose requests have a deadline. Gunicorn calls its public methods."""

    deadline: Deadline
    tpool: Any
    wsgi: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)  # in the main process, before the fork: it can read these after the worker's death
        self.requests = Requests()
        self.stacks = os.memfd_create("stacks")
        self._given_up: set[TConn] = set()

    def load_wsgi(self) -> None:
        """Put the tracker of requests before the application."""
        super().load_wsgi()
        self.deadline = self.wsgi.extensions["deadline"]
        self.wsgi = RequestTracker(self.wsgi, self.requests, self.wsgi.config["MAX_CONTENT_LENGTH"])

    def run(self) -> None:
        """Serve until told to stop, then exit even if a request hangs: Python would wait for its thread forever."""
        watchdog = _Watchdog(self)
        watchdog.start()
        try:
            super().run()
        finally:
            watchdog.stop()
            if self.requests.in_flight():
                self.log.info("Worker exiting (pid: %s)", self.pid)
                os._exit(0)

    def handle(self, conn: TConn) -> Any:
        """Handle a request, from its first byte to the last of its response, in a thread of the pool."""
        place = self.requests.place()
        place.begin(conn)
        try:
            return super().handle(conn)
        finally:
            place.end()

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Continue with a connection after its request, in the main thread."""
        if conn in self._given_up:  # its thread is free after all
            conn.close()
        elif fs.cancelled():  # it was waiting behind one that hangs
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def give_up(self, places: list[Place]) -> None:
        """Be replaced, waiting for all requests but those that hang in these places, in the main thread.

        Requests that wait for a thread get one of a new pool at once, so that none waits behind another that hangs.
        """
        hanging = {place.connection for place in places if place.hangs} - {None}
        if not hanging:  # all are free meanwhile
            return
        logs.log.warning("worker %s is replaced: hanging requests: %s", self.pid, len(hanging))
        self._given_up |= hanging
        self.nr_conns -= len(hanging)
        pool, self.tpool = self.tpool, ThreadPoolExecutor(MOST_THREADS)
        pool.shutdown(wait=False, cancel_futures=True)
        self.handle_exit(signal.SIGTERM, None)

    def log_lost_requests(self) -> None:
        """Log what was in the worker when it died, and release its memory, in Gunicorn's main process."""
        stacks = os.pread(self.stacks, MOST_BYTES, 0).decode(errors="replace")
        for request in self.requests.lost():
            self.app.wsgi().extensions["deadline"].log_lost(request, stacks)
        os.close(self.stacks)
        self.requests.close()


class _Watchdog(threading.Thread):
    """Ends requests that take too long, and has the worker replaced where that doesn't help."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._worker, self._deadline = worker, worker.deadline
        self._pause = min(self._deadline.seconds / LOOKS, LONGEST_SECONDS)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look until the worker stops."""
        while not self._stopped.wait(self._pause):
            try:
                self._look(time.monotonic())
            except Exception:
                logs.log.exception("the watchdog failed")

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()
        self.join(FREE_SECONDS)  # no longer: it may wait for the log's lock, held by a request that hangs
        faulthandler.cancel_dump_traceback_later()

    def _look(self, now: float) -> None:
        in_flight, hanging = self._worker.requests.in_flight(), []
        oldest = min((place.started for place in in_flight if not place.ended), default=now)
        self._arm(oldest + self._deadline.seconds - now + LATE_SECONDS)
        for place in in_flight:
            with place.lock:
                if place.connection is None or place.hangs:
                    continue
                if place.ended:
                    place.hangs = now - place.ended > FREE_SECONDS
                    hanging += [place] if place.hangs else []
                elif not place.connection.initialized:  # not a byte has arrived yet
                    place.started = now + self._pause  # rather a little late than too early
                elif now - place.started >= self._deadline.seconds:
                    self._end(place, now)
        if hanging:
            self._worker.method_queue.defer(self._worker.give_up, hanging)

    def _arm(self, seconds: float) -> None:
        """Have the process ended after so many seconds, unless it is called again before."""
        faulthandler.dump_traceback_later(max(seconds, LATE_SECONDS), exit=True, file=self._worker.stacks)

    def _end(self, place: Place, now: float) -> None:
        """Respond to a request, unless its own response has begun, and close its connection: its thread is free."""
        connection, environ, frame = place.connection, place.environ, sys._current_frames().get(place.thread)
        request_id = self._deadline.request_id((environ or {}).get("HTTP_X_REQUEST_ID", ""))
        place.ended = now
        try:
            if not place.has_responded:
                connection.sock.send(self._deadline.response(environ, request_id), socket.MSG_DONTWAIT)
        except OSError:
            pass  # the client has disconnected
        finally:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        self._deadline.log_ended(environ, request_id, now - place.started, not place.has_responded, frame)
        place.forget()
