"""Requests in flight: a table that a worker's watchdog reads, and that outlives the worker.

A thread has a place in it for as long as it lives. What the place records of the thread's current request lies in
memory that Gunicorn's main process shares: when a worker dies, it reads there which requests the worker had.
"""

import errno
import mmap
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PLACES = 256
"""More than one worker's threads; a thread beyond them is watched, but its request isn't logged if the worker dies."""

RECORD = struct.Struct("d248s")
"""When a request began, by `time.monotonic`, 0 for none; then its id, method and path, truncated."""

FREE = RECORD.pack(0, b"")


class Ended(OSError):
    """The response comes too late: the request was ended. Gunicorn takes it for a client that has disconnected."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the request was ended at its deadline")


@dataclass(frozen=True)
class LostRequest:
    """A request that was in a worker when it died.

    Attributes:
        age: seconds.
        request_id: as the proxy gave it; empty where there was none.
        method, path: empty where its headers hadn't been read.
    """

    age: float
    request_id: str
    method: str
    path: str


class Place:
    """A thread and its current request. The holder of the lock responds: the thread, or the watchdog that ends it.

    Attributes:
        thread: its identifier.
        connection: Gunicorn's, while the thread serves one.
        environ: the request's, once its headers have been read.
        started, ended: when the request began, and was ended; by `time.monotonic`, 0 for not yet.
        has_responded: whether the response has begun.
        hangs: whether the thread is still busy with it after its end.
    """

    __slots__ = (
        "_offset",
        "_shared",
        "connection",
        "ended",
        "environ",
        "hangs",
        "has_responded",
        "lock",
        "started",
        "thread",
    )

    def __init__(self, shared: mmap.mmap, number: int) -> None:
        self._shared, self._offset = shared, number * RECORD.size if number < PLACES else None
        self.lock, self.thread = threading.Lock(), threading.get_ident()
        self.connection: Any = None
        self.environ: dict[str, Any] | None = None
        self.has_responded = self.hangs = False
        self.started = self.ended = 0.0

    def begin(self, connection: Any) -> None:
        """Record that the thread waits for a request, or reads one."""
        self.has_responded = self.hangs = False
        self.ended, self.started = 0.0, time.monotonic()
        self._write(b"")
        self.connection = connection  # last: from here on the watchdog sees the request

    def set_request(self, environ: dict[str, Any]) -> None:
        """Record which request it is."""
        self.environ = environ
        line = f"{environ.get('HTTP_X_REQUEST_ID', '')} {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self._write(line.encode("latin-1", "replace"))

    def begin_response(self) -> None:
        """Record that the response begins.

        Raises:
            Ended: the request was ended, and responded to, before.
        """
        with self.lock:
            if self.ended:
                raise Ended
            self.has_responded = True

    def end(self) -> None:
        """Record that the thread has finished with it."""
        with self.lock:
            self.connection = self.environ = None
            self.forget()

    def forget(self) -> None:
        """Drop the record of this request: it won't be logged if the worker dies."""
        if self._offset is not None:
            self._shared[self._offset : self._offset + RECORD.size] = FREE

    def _write(self, line: bytes) -> None:
        if self._offset is not None:
            RECORD.pack_into(self._shared, self._offset, self.started, line)


class Requests:
    """The places of a worker's threads; made before the worker is forked."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, PLACES * RECORD.size)
        self._own, self._lock = threading.local(), threading.Lock()
        self.places: list[Place] = []

    def place(self) -> Place:
        """Return the calling thread's place."""
        try:
            return self._own.place  # type: ignore[no-any-return]
        except AttributeError:
            with self._lock:
                self._own.place = Place(self._shared, len(self.places))
                self.places.append(self._own.place)
            return self._own.place  # type: ignore[no-any-return]

    def in_flight(self) -> list[Place]:
        """Return the places that have a request."""
        return [place for place in self.places if place.connection is not None]

    def lost(self) -> Iterator[LostRequest]:
        """Yield the requests that were in the worker when it died."""
        now = time.monotonic()
        for started, line in RECORD.iter_unpack(self._shared[:]):
            if started:
                request_id, method, path = (*line.rstrip(b"\0").decode("latin-1").split(" ", 2), "", "")[:3]
                yield LostRequest(now - started, request_id, method, path)

    def close(self) -> None:
        """Release the shared memory."""
        self._shared.close()
