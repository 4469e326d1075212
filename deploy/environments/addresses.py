"""Addresses of hosts, in the notations that need them."""

import ipaddress


def in_url(address: str) -> str:
    """Return an address, or a name, as it stands in a URL: IPv6 in brackets, its zone's sign escaped (RFC 6874)."""
    try:
        is_v6 = ipaddress.ip_address(address).version == 6
    except ValueError:
        return address
    return f"[{address.replace('%', '%25')}]" if is_v6 else address
