"""What ``model add`` shows of its steps while it works: what is done, and how long it took."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TICK_SECONDS = 1


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print what is being done, for how long at a terminal and, once it is done, after how many seconds."""
    begin, ended = time.monotonic(), threading.Event()
    print(f"{text} …", end="", flush=True)
    ticking = threading.Thread(target=_tick, args=(text, begin, ended), daemon=True)
    if sys.stdout.isatty():
        ticking.start()
    try:
        yield
    finally:
        ended.set()
        if ticking.is_alive():
            ticking.join()
        start = f"\r{text} …" if sys.stdout.isatty() else ""
        print(f"{start} {time.monotonic() - begin:.1f} s", flush=True)


def _tick(text: str, begin: float, ended: threading.Event) -> None:
    while not ended.wait(TICK_SECONDS):
        print(f"\r{text} … {time.monotonic() - begin:.0f} s", end="", flush=True)
