"""What others have Nginx do at the site's ports, so that it couldn't listen there, or they would get its visitors."""

from collections.abc import Collection, Iterator

from . import reachability
from .http_client import HOST_ITSELF
from .names import Names
from .neighbours import is_puertos
from .nginx_config import Configuration, Server
from .nginx_listen import WILDCARDS


def faults(names: Names, configuration: Configuration, adopted: Collection[str] = ()) -> list[str]:
    """Return a sentence for each reason why the site couldn't listen, or wouldn't be asked.

    Args:
        adopted: files that are taken over: Nginx doesn't read them any more, but has what they listen on open.
    """
    servers = [server for server in configuration.servers if not is_puertos(server.file)]
    staying = [server for server in servers if str(server.file) not in adopted]
    sentences: list[str] = []
    for port in names.ports:
        sentences += _streams(configuration.streams, port)
        sentences += _both_families(servers, port)
        sentences += _proxy_protocol(staying, port)
        sentences += _preferred(staying, names, port) or _narrow(servers, configuration, port)
    return list(dict.fromkeys(sentences))


def _streams(streams: list[Server], port: int) -> Iterator[str]:
    for stream in streams:
        if stream.listens_on(port):
            yield f"{stream.file} has Nginx pass on what comes to port {port} as a stream: give that another port."


def _both_families(servers: list[Server], port: int) -> Iterator[str]:
    """Yield a sentence for each socket of IPv6 that takes IPv4's port too, which ``nginx -t`` doesn't notice."""
    for server in servers:
        if any(listen.is_on(port) and "ipv6only=off" in listen.options for listen in server.listens):
            yield (
                f"{server.file} listens on [::]:{port} with ipv6only=off, which takes IPv4's port {port} as well: with "
                f"another site on that, Nginx couldn't start. Write “listen {port}; listen [::]:{port};” there, and "
                "restart Nginx."
            )


def _proxy_protocol(servers: list[Server], port: int) -> Iterator[str]:
    for server in servers:
        if any(
            listen.is_on(port) and "proxy_protocol" in listen.options and {*listen.addresses} & {*WILDCARDS}
            for listen in server.listens
        ):
            yield (
                f"{server.file} listens on port {port} with proxy_protocol, which Nginx then expects of everybody who "
                "asks this site, too: give that site a port of its own."
            )


def _preferred(servers: list[Server], names: Names, port: int) -> list[str]:
    """Return a sentence for each address that Nginx would prefer to the site's wildcard."""
    places = _places(servers, port)
    visited = reachability.visited(names.nginx_server_names) if {*places} - {HOST_ITSELF} else set()
    asked = {address: f"visitors, who come to {address}," for address in visited}
    asked[HOST_ITSELF] = "the host itself, which looks there whether a release answers,"
    return [
        f"{server.file} listens on {_place(address, port)}, which Nginx prefers to {port} alone: {asked[address]} "
        f"would get that site instead of this one. {_way(address, port)}"
        for address, server in places.items()
        if address in asked
    ]


def _narrow(servers: list[Server], configuration: Configuration, port: int) -> list[str]:
    """Return a sentence for each address that alone is open: Nginx can't open all others beside it while it runs."""
    places = _places(servers, port)
    wildcards = {address: WILDCARDS[":" in address] for address in places}
    return [
        f"{places[address].file} listens on {_place(address, port)}, and no site on {port} alone: while Nginx runs, it "
        f"can't change from the one to the other. {_way(address, port)}"
        for address, wildcard in wildcards.items()
        if not configuration.listens_at(wildcard, port)
    ]


def _places(servers: list[Server], port: int) -> dict[str, Server]:
    """Return address → the first server that listens on the port there, without the wildcards."""
    places: dict[str, Server] = {}
    for server in servers:
        for listen in server.listens:
            if listen.is_on(port):
                for address in {*listen.addresses} - {*WILDCARDS}:
                    places.setdefault(address, server)
    return places


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _way(address: str, port: int) -> str:
    wildcard = f"[::]:{port}" if ":" in address else port
    return f"Take the address away there (listen {wildcard};) and restart Nginx, or give that site another port."
