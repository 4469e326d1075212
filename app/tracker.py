"""What a worker puts before the application: it records each thread's request, and sends a response in one piece."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from app.in_flight import Place, Requests

PART_BYTES = 65536
"""How much of an unread body is read at once."""

NO_BODY = (204, 304)
"""Statuses of responses without a body."""


class RequestTracker:
    """A WSGI application before another: records which request a thread serves, and when its response begins.

    Args:
        wsgi: the other one.
        requests: where they are recorded.
        most_bytes: of a body.
    """

    def __init__(self, wsgi: Any, requests: Requests, most_bytes: int) -> None:
        self._wsgi, self._requests, self._most_bytes = wsgi, requests, most_bytes

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Respond to a request."""
        place = self._requests.place()
        place.set_request(environ)
        parts = self._wsgi(environ, start_response)
        _drain(environ, self._most_bytes)
        if type(parts) is list or isinstance(parts, environ["wsgi.file_wrapper"]):
            place.begin_response()  # its headers go out now; Gunicorn sends files by itself
            is_sent = type(parts) is list and len(parts) == 1 and _send_whole(start_response.__self__, parts[0])
            return [] if is_sent else parts
        return _StreamedResponse(parts, place, start_response.__self__)


def _drain(environ: dict[str, Any], most_bytes: int) -> None:
    """Read the rest of a body that was refused before its end.

    Otherwise the connection would be closed while Nginx still writes to it, and the visitor would get 502 instead of
    the reason.
    """
    left = int(environ.get("CONTENT_LENGTH") or ("HTTP_TRANSFER_ENCODING" in environ and most_bytes))
    if left > most_bytes:  # Nginx passes no such body on
        return
    with suppress(OSError):  # the client has disconnected
        while left > 0 and (part := environ["wsgi.input"].read(min(left, PART_BYTES))):
            left -= len(part)


def _send_whole(response: Any, body: bytes) -> bool:
    """Send headers and body together, where the body is complete; tell whether it was done.

    Gunicorn sends one after the other. If the process is killed between the two, as at its memory limit, the visitor
    has got half of the response, and Nginx can no longer repeat the request to the previous release.
    """
    is_complete = body and not response.headers_sent and response.response_length == len(body)
    if not is_complete or response.req.method == "HEAD" or response.status_code in NO_BODY:
        return False
    lines = [*response.default_headers(), *(f"{name}: {value}\r\n" for name, value in response.headers), "\r\n"]
    response.sock.sendall("".join(lines).encode("latin-1") + body)
    response.headers_sent, response.sent = True, len(body)
    return True


class _StreamedResponse:
    """A response in parts: its headers go out with the first."""

    def __init__(self, parts: Iterable[bytes], place: Place, response: Any) -> None:
        self._parts, self._place, self._response = parts, place, response

    def __iter__(self) -> Iterator[bytes]:
        for number, part in enumerate(self._parts):
            if not number:
                self._place.begin_response()
            if number or not _send_whole(self._response, part):
                yield part
        self._place.begin_response()

    def close(self) -> None:
        """Close the response's own resources."""
        close = getattr(self._parts, "close", None)
        if close:
            close()
