"""Requests in flight: a table that a worker's watchdog reads, and that outlives the worker.

A thread has a place in it for as long as it lives. What the place says of the request that the thread is at lies in
memory that Gunicorn's main process shares: when a worker dies, that tells what it was at.
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
"""More than one worker's threads; a thread beyond them is watched, but not told of when the worker dies."""

RECORD = struct.Struct("d248s")
"""When a request began, by `time.monotonic`, 0 for none; then its id, method and path, cut off."""

FREE = RECORD.pack(0, b"")


class Ended(OSError):
    """The request's answer comes too late: it was ended. Gunicorn takes it for a client that has gone away."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the request was ended at its deadline")


@dataclass(frozen=True)
class Remains:
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
    """What one thread is at. Its lock decides who answers: the thread, or the watchdog that ends its request.

    Attributes:
        thread: its identifier.
        connection: Gunicorn's, while the thread is at one.
        environ: the request's, once its headers have been read.
        started, ended: when the request began, and was ended; by `time.monotonic`, 0 for not yet.
        answered: whether its answer has begun.
        hangs: whether the thread stayed with it after its end.
    """

    __slots__ = ("_offset", "_shared", "answered", "connection", "ended", "environ", "hangs", "lock",
                 "started", "thread")  # fmt: skip

    def __init__(self, shared: mmap.mmap, number: int) -> None:
        self._shared, self._offset = shared, number * RECORD.size if number < PLACES else None
        self.lock, self.thread = threading.Lock(), threading.get_ident()
        self.connection: Any = None
        self.environ: dict[str, Any] | None = None
        self.answered = self.hangs = False
        self.started = self.ended = 0.0

    def begin(self, connection: Any) -> None:
        """Note that the thread waits for a request, or reads one."""
        self.answered = self.hangs = False
        self.ended, self.started = 0.0, time.monotonic()
        self._write(b"")
        self.connection = connection  # last: from here on the watchdog looks

    def named(self, environ: dict[str, Any]) -> None:
        """Note which request it is."""
        self.environ = environ
        words = f"{environ.get('HTTP_X_REQUEST_ID', '')} {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self._write(words.encode("latin-1", "replace"))

    def answer(self) -> None:
        """Note that the answer begins.

        Raises:
            Ended: the request was ended, and answered, before.
        """
        with self.lock:
            if self.ended:
                raise Ended
            self.answered = True

    def end(self) -> None:
        """Note that the thread is done with it."""
        with self.lock:
            self.connection = self.environ = None
            self.forget()

    def forget(self) -> None:
        """Have nothing told of this request when the worker dies."""
        if self._offset is not None:
            self._shared[self._offset : self._offset + RECORD.size] = FREE

    def _write(self, words: bytes) -> None:
        if self._offset is not None:
            RECORD.pack_into(self._shared, self._offset, self.started, words)


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

    def remains(self) -> Iterator[Remains]:
        """Tell what was in the worker when it died."""
        now = time.monotonic()
        for started, words in RECORD.iter_unpack(self._shared[:]):
            if started:
                request_id, method, path = (*words.rstrip(b"\0").decode("latin-1").split(" ", 2), "", "")[:3]
                yield Remains(now - started, request_id, method, path)

    def close(self) -> None:
        """Give the shared memory back."""
        self._shared.close()
