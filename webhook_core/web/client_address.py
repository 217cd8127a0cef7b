"""Who is calling, as far as a proxy of our own can vouch for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_address(forwarded_for: str | None, trusted_hops: int) -> Address | None:
    """The last entry of X-Forwarded-For that a proxy of ours wrote, ``trusted_hops`` before the end; None if there is none.

    Every entry before it is the caller's own text: Google's front end appends and never removes
    (cloud.google.com/load-balancing/docs/https, "X-Forwarded-For header"). The first entry is therefore never read.
    """
    entries = [entry.strip() for entry in (forwarded_for or "").split(",")]
    if len(entries) <= trusted_hops:
        return None
    try:
        address = ipaddress.ip_address(entries[-1 - trusted_hops])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_allowed(address: Address | None, networks: Sequence[Network] | None) -> bool:
    """Without a list every caller is; with one, an address that can't be told is not."""
    if networks is None:
        return True
    return address is not None and any(address in network for network in networks)
