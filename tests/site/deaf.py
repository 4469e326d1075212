"""A release that dies of each request: stands on a socket, reads what Nginx sends, ends the connection, counts.

``python3 deaf.py SOCKET COUNT_FILE``
"""

import socket
import sys
from pathlib import Path


def main() -> None:
    """Write a byte to the file for each request."""
    path, counted = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        Path(path).chmod(0o777)
        listening.listen(16)
        while True:
            connection, _ = listening.accept()
            with connection:
                if connection.recv(1 << 16):
                    with Path(counted).open("ab") as file:
                        file.write(b".")


if __name__ == "__main__":
    main()
