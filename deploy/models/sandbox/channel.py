"""A conversation with a process that may flood, stall or leave others behind: bounded in bytes and in time."""

import os
import selectors
import subprocess
import time
from typing import IO

LINE_BYTES = 8 << 20
"""Of an answer."""

MESSAGE_BYTES = 16 << 20
"""That a process may write to its standard error."""

KEPT_BYTES = 16 << 10
"""Of these, the last."""

_BLOCK = 1 << 16
_LOOKS = 0.2
"""Seconds after which a process is looked at, where nothing came."""


class Ended(Exception):
    """The process has ended; its messages say why."""


class Silent(Exception):
    """There was no answer in time."""


class Flooded(Exception):
    """More came than an answer has: what."""


class Channel:
    """Lines and bytes from a process, and lines to it; none of its streams can hold up this one.

    Args:
        process: with pipes for all its streams.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._received, self._messages, self._noise = bytearray(), bytearray(), 0
        self._streams = selectors.DefaultSelector()
        self._pending = b""
        for stream in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(_number(stream), False)
        self._streams.register(_number(process.stdout), selectors.EVENT_READ)
        self._streams.register(_number(process.stderr), selectors.EVENT_READ)

    @property
    def messages(self) -> str:
        """The end of what the process wrote to its standard error."""
        return self._messages.decode(errors="replace").strip()

    def ask(self, line: bytes, deadline: float) -> bytes:
        """Send a line; return the next one that comes, without its end.

        Args:
            deadline: as `time.monotonic` counts.

        Raises:
            Ended, Silent, Flooded: there is none.
        """
        self._pending += line
        if line:
            self._streams.register(_number(self._process.stdin), selectors.EVENT_WRITE)
        seen = 0
        while (end := self._received.find(b"\n", seen)) < 0:
            seen = len(self._received)
            if seen > LINE_BYTES:
                raise Flooded(f"answers with more than {LINE_BYTES >> 20} MiB")
            self._turn(deadline)
        found = bytes(self._received[:end])
        del self._received[: end + 1]
        return found

    def take(self, count: int, deadline: float) -> bytes:
        """Return so many bytes that come next.

        Raises:
            Ended, Silent, Flooded: they don't.
        """
        while len(self._received) < count:
            self._turn(deadline)
        found = bytes(self._received[:count])
        del self._received[:count]
        return found

    def drain(self) -> None:
        """Take what is still there of the messages of a process that has ended."""
        number = _number(self._process.stderr)
        for _ in range(MESSAGE_BYTES // _BLOCK):
            try:
                block = os.read(number, _BLOCK)
            except BlockingIOError:
                return
            if not block:
                return
            self._keep(block)

    def close(self) -> None:
        """Let go of the streams, whoever holds their other ends."""
        self._streams.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def _turn(self, deadline: float) -> None:
        """Wait until a stream has something, or takes something, and see to it."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise Silent
        ready = self._streams.select(min(left, _LOOKS))
        for key, _ in ready:
            if key.fd == _number(self._process.stdin):
                self._write(key.fd)
            elif block := _read(key.fd):
                self._hear(key.fd, block)
            elif key.fd == _number(self._process.stdout):
                raise Ended
            else:
                self._streams.unregister(key.fd)
        if not ready and self._process.poll() is not None:  # others may hold its pipes
            raise Ended

    def _write(self, number: int) -> None:
        try:
            sent = os.write(number, self._pending[:_BLOCK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            sent = len(self._pending)
        self._pending = self._pending[sent:]
        if not self._pending:
            self._streams.unregister(number)

    def _hear(self, number: int, block: bytes) -> None:
        if number == _number(self._process.stdout):
            self._received += block
            return
        self._keep(block)
        if self._noise > MESSAGE_BYTES:
            raise Flooded(f"writes more than {MESSAGE_BYTES >> 20} MiB of messages")

    def _keep(self, block: bytes) -> None:
        self._noise += len(block)
        self._messages += block
        del self._messages[:-KEPT_BYTES]


def _read(number: int) -> bytes:
    try:
        return os.read(number, _BLOCK)
    except ConnectionError:
        return b""


def _number(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise ValueError("the process has no pipe there")
    return stream.fileno()
