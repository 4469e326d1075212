"""Asks a site one request after the other, and tells how long the answers took: ``python3 prober.py URL NAME SECONDS``.

The body is read from standard input. Alone, without the project: beside a load in another process it isn't held up.
"""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

PAUSE_SECONDS = 0.005


def main() -> None:
    """Ask, and print as JSON: requests, those that failed, milliseconds that half, 99 % and all stay under."""
    url, name, seconds = urlsplit(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    body, times, failed = sys.stdin.buffer.read(), [], 0
    headers = {"Host": name, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=30)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        try:
            connection.request("POST", url.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            failed += answer.status != 200
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(PAUSE_SECONDS)
    times.sort()
    found = {f"p{part}_ms": times[min(len(times) - 1, len(times) * part // 100)] for part in (50, 99, 100)}
    print(json.dumps({"requests": len(times), "failed": failed, **found}))


if __name__ == "__main__":
    main()
