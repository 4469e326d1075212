"""A conversation with a process that may flood, stall or leave others behind: bounded in bytes and in time."""

import os
import selectors
import subprocess
import time
from typing import IO

LINE_BYTES = 8 << 20
"""Of a reply."""

MESSAGE_BYTES = 16 << 20
"""That a process may write to its standard error."""

KEPT_BYTES = 16 << 10
"""Of these messages, the last."""

_BLOCK = 1 << 16
_POLL_SECONDS = 0.2
"""Where nothing comes for so long, the process is polled: it may have ended, and others hold its pipes."""


class Ended(Exception):
    """The process has ended; its messages say why."""


class Silent(Exception):
    """There was no reply in time."""


class Flooded(Exception):
    """More came than a reply has: what."""


class Channel:
    """Lines and bytes from a process, and lines to it; no stream of the process can hold up ours.

    Args:
        process: with pipes for all its streams.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._received, self._messages, self._message_bytes = bytearray(), bytearray(), 0
        self._selector = selectors.DefaultSelector()
        self._pending = b""
        for stream in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(_descriptor(stream), False)
        self._selector.register(_descriptor(process.stdout), selectors.EVENT_READ)
        self._selector.register(_descriptor(process.stderr), selectors.EVENT_READ)

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
            self._selector.register(_descriptor(self._process.stdin), selectors.EVENT_WRITE)
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > LINE_BYTES:
                raise Flooded(f"answers with more than {LINE_BYTES >> 20} MiB")
            self._pump(deadline)
        reply = bytes(self._received[:end])
        del self._received[: end + 1]
        return reply

    def read(self, count: int, deadline: float) -> bytes:
        """Return so many bytes that come next.

        Raises:
            Ended, Silent, Flooded: they don't.
        """
        while len(self._received) < count:
            self._pump(deadline)
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    def drain(self) -> None:
        """Read the rest of the messages of a process that has ended."""
        descriptor = _descriptor(self._process.stderr)
        for _ in range(MESSAGE_BYTES // _BLOCK):
            try:
                block = os.read(descriptor, _BLOCK)
            except BlockingIOError:
                return
            if not block:
                return
            self._keep_message(block)

    def close(self) -> None:
        """Let go of the streams, whoever holds their other ends."""
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()

    def _pump(self, deadline: float) -> None:
        """Wait until a stream can be read or written, and do so."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise Silent
        ready = self._selector.select(min(left, _POLL_SECONDS))
        for key, _ in ready:
            if key.fd == _descriptor(self._process.stdin):
                self._write(key.fd)
            elif block := _read(key.fd):
                self._receive(key.fd, block)
            elif key.fd == _descriptor(self._process.stdout):
                raise Ended
            else:
                self._selector.unregister(key.fd)
        if not ready and self._process.poll() is not None:  # others may hold its pipes
            raise Ended

    def _write(self, descriptor: int) -> None:
        try:
            sent = os.write(descriptor, self._pending[:_BLOCK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            sent = len(self._pending)
        self._pending = self._pending[sent:]
        if not self._pending:
            self._selector.unregister(descriptor)

    def _receive(self, descriptor: int, block: bytes) -> None:
        if descriptor == _descriptor(self._process.stdout):
            self._received += block
            return
        self._keep_message(block)
        if self._message_bytes > MESSAGE_BYTES:
            raise Flooded(f"writes more than {MESSAGE_BYTES >> 20} MiB of messages")

    def _keep_message(self, block: bytes) -> None:
        self._message_bytes += len(block)
        self._messages += block
        del self._messages[:-KEPT_BYTES]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _BLOCK)
    except ConnectionError:
        return b""


def _descriptor(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise ValueError("the process has no pipe there")
    return stream.fileno()
