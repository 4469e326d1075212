"""What ``model add`` shows of its steps while it works: what is done, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print what is being done and, once it is, after how many seconds."""
    print(f"{text} …", end="", flush=True)
    begin = time.monotonic()
    try:
        yield
    finally:
        print(f" {time.monotonic() - begin:.1f} s", flush=True)
