"""What Nginx's configuration says: its servers, with the file that each stands in."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .errors import HostError
from .layout import NGINX
from .nginx_listen import PORT, Listen

TOKEN = re.compile(
    r""""(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \#[^\n]* | [{};] | (?:\\. | \$\{[^}\s]*\} | [^\s{};\\])+""",
    re.VERBOSE | re.DOTALL,
)
FILE = re.compile(r"^# configuration file (.+):$", re.MULTILINE)
"""What ``nginx -T`` prints before each file."""

NOT_HTTP = {"stream", "mail"}


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

    @property
    def listens(self) -> list[Listen]:
        """Where it listens; without a word on that, on port 80."""
        directives = [directive for directive in self.directive.block if directive.name == "listen"]
        return [Listen.read(listen.arguments) for listen in directives or [Directive("listen", (str(PORT),))]]

    def listens_on(self, port: int) -> bool:
        """Return whether it listens on a TCP port, at whichever address."""
        return any(listen.is_on(port) for listen in self.listens)

    def listens_at(self, address: str, port: int) -> bool:
        """Return whether it listens on a TCP port at just that address, or at that wildcard."""
        return any(listen.is_on(port) and address in listen.addresses for listen in self.listens)

    def is_default_at(self, address: str, port: int) -> bool:
        """Return whether it says that it answers any other name there."""
        return any(listen.is_on(port) and address in listen.addresses and listen.is_default for listen in self.listens)


@dataclass(frozen=True)
class Configuration:
    """All that Nginx reads: file → its directives, in its order."""

    files: dict[Path, Directive]

    @classmethod
    def of(cls, texts: Mapping[Path, str]) -> Self:
        """Read files, of which the first includes others."""
        return cls({file: parse(text, _without(texts, file)) for file, text in texts.items()})

    @property
    def servers(self) -> list[Server]:
        """Every server of a site, in Nginx's order."""
        return [server for server, is_http in self._all_servers() if is_http]

    @property
    def streams(self) -> list[Server]:
        """Every server that passes on what comes, whatever it is."""
        return [server for server, is_http in self._all_servers() if not is_http]

    def would_read(self, file: Path) -> bool:
        """Return whether Nginx reads a file of that name, once it is there."""
        includes = [include for content in self.files.values() for include in content.all("include")]
        return any(included_by(include, [file]) for include in includes)

    def listens_at(self, address: str, port: int) -> bool:
        """Return whether any site listens on a TCP port at just that address, or at that wildcard."""
        return any(server.listens_at(address, port) for server in self.servers)

    def files_with(self, name: str, argument: str | None = None) -> list[Path]:
        """Return the files that have a directive of that name, and with that argument if one is given."""
        return [
            file
            for file, content in self.files.items()
            if any(argument is None or argument in directive.arguments for directive in content.all(name))
        ]

    def _all_servers(self) -> Iterator[tuple[Server, bool]]:
        """Yield every server, and whether it is a site's; files that none includes come last."""
        seen: set[Path] = set()
        for first, content in self.files.items():
            remaining = [] if first in seen else [(first, content, True)]
            seen.add(first)
            while remaining:
                file, directive, is_http = remaining.pop()
                parts = [(file, part) for part in directive.block]
                if directive.name == "include":
                    parts = [(other, self.files[other]) for other in included_by(directive, self.files)]
                    parts = [(other, part) for other, part in parts if other not in seen]
                    seen.update(other for other, _ in parts)
                is_http = is_http and directive.name not in NOT_HTTP
                if directive.name == "server" and directive.block:
                    # Only a stream's has it here; a file by itself doesn't say in which block it is included.
                    yield Server(file, directive), is_http and all(part.name != "proxy_pass" for _, part in parts)
                remaining += [(*part, is_http) for part in reversed(parts)]


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
    """Return the configuration that ``nginx -T`` has printed, each file before those that it includes."""
    _, *parts = FILE.split(dump)
    return Configuration.of({Path(file): text for file, text in zip(parts[::2], parts[1::2], strict=True)})


def parse(text: str, others: Mapping[Path, str] | None = None) -> Directive:
    """Return a file's directives, as those of a block without a name; what can't be read ends it.

    Args:
        others: the files that it may include; what a server includes counts as its own.
    """
    return Directive("", (), _block(text, others or {}))


def included_by(include: Directive, files: Iterable[Path]) -> list[Path]:
    """Return those of the files that a directive includes."""
    return [file for file in files for pattern in include.arguments if file.match(str(NGINX / pattern))]


def _without(texts: Mapping[Path, str], file: Path) -> dict[Path, str]:
    return {other: text for other, text in texts.items() if other != file}


def _block(text: str, others: Mapping[Path, str], head: Sequence[str] = ()) -> tuple[Directive, ...]:
    """Read directives up to the end of a block; blocks within blocks are kept on a stack, however deep.

    Args:
        head: the words before the block that holds the text.
    """
    levels: list[tuple[Sequence[str], list[Directive]]] = [(head, [])]
    words: list[str] = []
    for token in TOKEN.findall(text):
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
            if words[:1] == ["include"] and any("server" in head[:1] for head, _ in levels):
                levels[-1][1].extend(_included(levels[-1][1][-1], others))
            words = []
        elif token != "}" and not token.startswith("#"):
            words.append(token[1:-1] if token[0] in "\"'" and token[-1] == token[0] else token)
    return tuple(levels[0][1])


def _included(directive: Directive, others: Mapping[Path, str]) -> Iterator[Directive]:
    """Yield the directives of the files that a server includes."""
    for file in included_by(directive, others):
        yield from _block(others[file], _without(others, file), ["server"])
