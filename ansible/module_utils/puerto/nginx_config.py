"""What Nginx's configuration says: its servers, with the file that each stands in."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import HostError

TOKEN = re.compile(
    r""""(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \#[^\n]* | [{};] | (?:\\. | \$\{[^}\s]*\} | [^\s{};\\])+""",
    re.VERBOSE | re.DOTALL,
)
FILE = re.compile(r"^# configuration file (.+):$", re.MULTILINE)
"""What ``nginx -T`` prints before each file."""

PORT, HTTPS_PORT = 80, 443


@dataclass(frozen=True)
class Directive:
    """A directive, with its own directives if it is a block."""

    name: str
    arguments: tuple[str, ...]
    block: tuple["Directive", ...] = ()

    def all(self, name: str) -> Iterator["Directive"]:
        """Yield the directives of that name within this one, at any depth, in the file's order."""
        remaining = [*reversed(self.block)]
        while remaining:
            directive = remaining.pop()
            if directive.name == name:
                yield directive
            remaining += reversed(directive.block)

    def values(self, name: str) -> list[str]:
        """Return the arguments of all directives of that name within this one."""
        return [argument for directive in self.all(name) for argument in directive.arguments]


@dataclass(frozen=True)
class Server:
    """A server block of a file."""

    file: Path
    directive: Directive

    @property
    def names(self) -> set[str]:
        """The host names that it answers to, in lower case; ``.example.org`` is example.org and all below it."""
        names = {name if name.startswith("~") else name.lower() for name in self.directive.values("server_name")}
        return {name.removeprefix(".") for name in names - {"", "_"}}

    def answers_any(self, names: Iterable[str]) -> bool:
        """Return whether it answers to one of these host names."""
        return not self.names.isdisjoint(name.lower() for name in names)

    def listens_on(self, port: int) -> bool:
        """Return whether it listens on a TCP port."""
        return any(_port(listen.arguments) == port for listen in self._listens())

    def is_default_for(self, port: int) -> bool:
        """Return whether it says that it answers any other name on that port."""
        return any(_port(listen.arguments) == port and {"default_server", "default"} & {*listen.arguments[1:]}
                   for listen in self._listens())  # fmt: skip

    def _listens(self) -> list[Directive]:
        return [one for one in self.directive.block if one.name == "listen"] or [Directive("listen", ("80",))]


@dataclass(frozen=True)
class Configuration:
    """All that Nginx reads: file → its directives, in its order."""

    files: dict[Path, Directive]

    @property
    def servers(self) -> list[Server]:
        """Every server, in Nginx's order."""
        directives = ((file, server) for file, content in self.files.items() for server in content.all("server"))
        return [Server(file, server) for file, server in directives if server.block]

    def files_with(self, name: str, argument: str | None = None) -> list[Path]:
        """Return the files that have a directive of that name, and with that argument if one is given."""
        return [
            file
            for file, content in self.files.items()
            if any(argument is None or argument in directive.arguments for directive in content.all(name))
        ]


def read() -> Configuration:
    """Return what Nginx reads on this host.

    Raises:
        HostError: it can't read it; its own message.
    """
    result = subprocess.run(["nginx", "-T"], capture_output=True, text=True, errors="replace")
    if result.returncode:
        raise HostError(error_of(result.stderr))
    return from_dump(result.stdout)


def error_of(output: str) -> str:
    """Return what Nginx says is wrong, without its prefix and what follows from it."""
    lines = [line.rpartition("[emerg] ")[2] for line in output.splitlines() if "[emerg]" in line]
    return " ".join(dict.fromkeys(re.sub(r"^\d+#\d+: ", "", line) for line in lines)) or output.strip()


def from_dump(dump: str) -> Configuration:
    """Return the configuration that ``nginx -T`` has printed; files are in the order in which Nginx comes to them.

    Nginx prints the file that includes others before them. Its servers come after theirs where it includes first, as
    Debian's nginx.conf does, which has none.
    """
    _, *parts = FILE.split(dump)
    return Configuration({Path(file): parse(text) for file, text in zip(parts[::2], parts[1::2], strict=True)})


def parse(text: str) -> Directive:
    """Return a file's directives, as those of a block without a name; what can't be read ends it."""
    tokens = (token for token in TOKEN.findall(text) if not token.startswith("#"))
    return Directive("", (), _block(tokens))


def _block(tokens: Iterator[str]) -> tuple[Directive, ...]:
    """Read directives up to the end of a block; blocks within blocks are kept on a stack, however deep."""
    levels: list[tuple[list[str], list[Directive]]] = [([], [])]
    words: list[str] = []
    for token in tokens:
        if token == "{":
            levels.append((words, []))
            words = []
        elif token == "}" and len(levels) > 1:
            head, directives = levels.pop()
            levels[-1][1].append(Directive("".join(head[:1]), tuple(head[1:]), tuple(directives)))
            words = []
        elif token == ";":
            if words:
                levels[-1][1].append(Directive(words[0], tuple(words[1:])))
            words = []
        elif token != "}":
            words.append(token[1:-1] if token[0] in "\"'" and token[-1] == token[0] else token)
    return tuple(levels[0][1])


def _port(listen: tuple[str, ...]) -> int:
    """Return the TCP port of a listen directive; 0 for a Unix socket."""
    address = listen[0] if listen else ""
    if address.startswith("unix:"):
        return 0
    host, _, port = address.rpartition(":") if "]" not in address else address.rpartition("]")
    text = port.lstrip(":") if host or address.isdigit() else ""
    return int(text) if text.isdigit() else PORT
