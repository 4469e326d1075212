"""Gunicorn's worker with threads, and a deadline for its requests.

Gunicorn's own ``timeout`` ends none: the main thread tells that all is well whatever its threads do. Here a watchdog, a
thread more, looks at all of them. A request that is too old is answered 503 and its connection is ended, which frees a
thread that waits for its client. One that hangs all the same can't be freed: its worker stops accepting, ends the
others and is replaced. Where C code holds the interpreter not even the watchdog can run: a thread of faulthandler's,
which needs no Python, then ends the process, and Gunicorn's main process tells what was in it.
"""

import faulthandler
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from app import logs
from app.deadline import Deadline
from app.in_flight import Place, Requests

LOOKS = 20
"""How often the watchdog looks within the time that a request may take."""

LONGEST_SECONDS = 0.5
"""And how long it waits at most between two looks."""

FREE_SECONDS = 1.0
"""How soon a thread comes free that only waited for its client, once the connection has ended."""

PART_BYTES = 65536
"""Of a body that nobody wants, at once."""

NO_BODY = (204, 304)
"""Statuses of answers that have none."""

MOST_THREADS = 64
"""Of a worker that is being replaced."""

MOST_BYTES = 65536
"""Of the stacks of a worker's threads, in the log."""

LATE_SECONDS = 2.0
"""How much later than it should a watchdog may look, on a busy host, before its worker counts as held up for good."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker whose requests have a deadline. What is public here, Gunicorn calls."""

    deadline: Deadline
    tpool: Any
    wsgi: Any

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)  # in the main process, before the fork: it keeps what tells of the worker's death
        self.requests = Requests()
        self.stacks = os.memfd_create("stacks")
        self._given_up: set[TConn] = set()

    def load_wsgi(self) -> None:
        """Put what notes each request before the application."""
        super().load_wsgi()
        self.deadline = self.wsgi.extensions["deadline"]
        self.wsgi = _Noting(self.wsgi, self.requests, self.wsgi.config["MAX_CONTENT_LENGTH"])

    def run(self) -> None:
        """Serve until told to stop. What then still runs is left behind: Python would wait for its thread forever."""
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
        """Handle a request, from its first byte to its answer's last, in a thread of the pool."""
        place = self.requests.place()
        place.begin(conn)
        try:
            return super().handle(conn)
        finally:
            place.end()

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Go on with a connection after its request, in the main thread."""
        if conn in self._given_up:  # its thread has come free after all
            conn.close()
        elif fs.cancelled():  # it waited behind one that hangs
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def give_up(self, places: list[Place]) -> None:
        """Be replaced, and wait for all requests but those that hang in these places, in the main thread.

        Whoever waits for a thread gets one of a new pool at once, and none waits behind a second one that hangs.
        """
        hanging = {place.connection for place in places if place.hangs} - {None}
        if not hanging:  # all have come free since
            return
        logs.log.warning("worker %s, in which %s hang, is replaced", self.pid, len(hanging))
        self._given_up |= hanging
        self.nr_conns -= len(hanging)
        pool, self.tpool = self.tpool, ThreadPoolExecutor(MOST_THREADS)
        pool.shutdown(wait=False, cancel_futures=True)
        self.handle_exit(signal.SIGTERM, None)

    def bury(self) -> None:
        """Tell what was in the worker when it died, and give its memory back, in Gunicorn's main process."""
        stacks = os.pread(self.stacks, MOST_BYTES, 0).decode(errors="replace")
        for remains in self.requests.remains():
            self.app.wsgi().extensions["deadline"].died(remains, stacks)
        os.close(self.stacks)
        self.requests.close()


class _Noting:
    """Notes which request a thread is at, and when its answer begins."""

    def __init__(self, wsgi: Any, requests: Requests, most_bytes: int) -> None:
        self._wsgi, self._requests, self._most_bytes = wsgi, requests, most_bytes

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        place = self._requests.place()
        place.named(environ)
        answer = self._wsgi(environ, start_response)
        _read_rest(environ, self._most_bytes)
        if type(answer) is list or isinstance(answer, environ["wsgi.file_wrapper"]):
            place.answer()  # its headers go out now; Gunicorn sends files in a way of its own
            sent = type(answer) is list and len(answer) == 1 and _is_sent(start_response.__self__, answer[0])
            return [] if sent else answer
        return _Answer(answer, place, start_response.__self__)


def _read_rest(environ: dict[str, Any], most_bytes: int) -> None:
    """Read what is left of a body that was refused before its end.

    Else the connection would be closed while Nginx still writes to it, and the visitor told 502 rather than why.
    """
    left = int(environ.get("CONTENT_LENGTH") or ("HTTP_TRANSFER_ENCODING" in environ and most_bytes))
    if left > most_bytes:  # Nginx hands on no such body
        return
    with suppress(OSError):  # who sent it has gone away
        while left > 0 and (part := environ["wsgi.input"].read(min(left, PART_BYTES))):
            left -= len(part)


def _is_sent(response: Any, body: bytes) -> bool:
    """Send headers and body together, where that is all there is; tell whether it was done.

    Gunicorn sends one after the other. A process that is killed between the two, as at the limit of its memory, has
    told the visitor half of it, and Nginx can't ask the release before any more.
    """
    is_all = body and not response.headers_sent and response.response_length == len(body)
    if not is_all or response.req.method == "HEAD" or response.status_code in NO_BODY:
        return False
    lines = [*response.default_headers(), *(f"{name}: {value}\r\n" for name, value in response.headers), "\r\n"]
    response.sock.sendall("".join(lines).encode("latin-1") + body)
    response.headers_sent, response.sent = True, len(body)
    return True


class _Answer:
    """An answer in parts: its headers go out with the first."""

    def __init__(self, parts: Iterable[bytes], place: Place, response: Any) -> None:
        self._parts, self._place, self._response = parts, place, response

    def __iter__(self) -> Iterator[bytes]:
        for number, part in enumerate(self._parts):
            if not number:
                self._place.answer()
            if number or not _is_sent(self._response, part):
                yield part
        self._place.answer()

    def close(self) -> None:
        """Close the answer's own resources."""
        close = getattr(self._parts, "close", None)
        if close:
            close()


class _Watchdog(threading.Thread):
    """Ends what is too old, and has the worker replaced where that didn't help."""

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
        """Look no more."""
        self._stopped.set()
        self.join(FREE_SECONDS)  # it may wait for a lock of the log's, in which a request hangs
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
                elif not place.connection.initialized:  # not a byte has come yet
                    place.started = now + self._pause  # rather a little late than early
                elif now - place.started >= self._deadline.seconds:
                    self._end(place, now)
        if hanging:
            self._worker.method_queue.defer(self._worker.give_up, hanging)

    def _arm(self, seconds: float) -> None:
        """Have the process ended unless this is said again before."""
        faulthandler.dump_traceback_later(max(seconds, LATE_SECONDS), exit=True, file=self._worker.stacks)

    def _end(self, place: Place, now: float) -> None:
        """Answer a request, unless its own answer has begun, and end its connection; its thread waits no longer."""
        connection, environ, frame = place.connection, place.environ, sys._current_frames().get(place.thread)
        request_id = self._deadline.request_id((environ or {}).get("HTTP_X_REQUEST_ID", ""))
        place.ended = now
        try:
            if not place.answered:
                connection.sock.send(self._deadline.answer(environ, request_id), socket.MSG_DONTWAIT)
        except OSError:
            pass  # the client has gone away
        finally:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        self._deadline.ended(environ, request_id, now - place.started, not place.answered, frame)
        place.forget()
