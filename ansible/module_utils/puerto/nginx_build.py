"""What a host's Nginx was built as: of what the templates say, it is given what its version understands."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Self

HTTP2_DIRECTIVE = (1, 25, 1)
"""The first version in which HTTP/2 is a directive of its own, rather than a word after ``listen``."""

MLKEM_OPENSSL = (3, 5, 0)
"""The first OpenSSL with the hybrid key exchange; to an earlier one it is an unknown name, which Nginx refuses."""

HTTP2 = re.compile(r"^\s*http2 on;\n", re.MULTILINE)
LISTENS_WITH_TLS = re.compile(r"^(\s*listen \S+ ssl);$", re.MULTILINE)


@dataclass(frozen=True)
class NginxBuild:
    """What ``nginx -V`` tells.

    Attributes:
        version: Nginx's.
        openssl: the version of the OpenSSL that it runs with.
    """

    version: tuple[int, ...]
    openssl: tuple[int, ...]

    @classmethod
    def read(cls, output: str) -> Self:
        """Read what ``nginx -V`` prints: "built with OpenSSL …", and "(running with OpenSSL …)" if that is another."""
        nginx = re.search(r"nginx/([\d.]+)", output)
        openssl = re.search(r"running with OpenSSL ([\d.]+)", output) or re.search(r"with OpenSSL ([\d.]+)", output)
        return cls(_version(nginx), _version(openssl))

    def adapted(self, text: str) -> str:
        """Return a site as this build takes it."""
        if self.version < HTTP2_DIRECTIVE and HTTP2.search(text):
            text = LISTENS_WITH_TLS.sub(r"\1 http2;", HTTP2.sub("", text))
        return text if self.openssl >= MLKEM_OPENSSL else text.replace("X25519MLKEM768:", "")


@cache
def installed() -> NginxBuild:
    """Return what this host's Nginx was built as.

    Raises:
        FileNotFoundError: there is none.
    """
    return NginxBuild.read(subprocess.run(["nginx", "-V"], capture_output=True, text=True).stderr)


def _version(match: re.Match[str] | None) -> tuple[int, ...]:
    return tuple(map(int, match[1].split("."))) if match else (0,)
