"""Who is calling, as far as somebody can vouch for it. README.md in this folder has the table."""

from __future__ import annotations

from collections.abc import Sequence

from webhook_core.settings.addresses import Address, Network, address_of

_CUSTOMER_BITS = 64


def client_address(
    forwarded_for: str | None, trusted_hops: int | None, peer: str = ""
) -> Address | None:
    """The peer where ``trusted_hops`` is None, else entry ``trusted_hops`` of X-Forwarded-For,
    counted from 0 at its end. None if there is no address.

    Each proxy appends the address that called it and removes nothing
    (cloud.google.com/load-balancing/docs/https, "X-Forwarded-For header"), so every entry before
    that one is the caller's own text: the first entry is never read.
    """
    if trusted_hops is None:
        return address_of(peer)
    entries = [entry.strip() for entry in (forwarded_for or "").split(",")]
    return address_of(entries[-1 - trusted_hops]) if len(entries) > trusted_hops else None


def is_allowed(address: Address | None, networks: Sequence[Network] | None) -> bool:
    """Without a list every caller is; with one, an address that can't be told is not."""
    if networks is None:
        return True
    return address is not None and any(address in network for network in networks)


def counted_as(address: Address | None, peer: str) -> str:
    """One caller, as far as addresses tell: of IPv6 a customer gets 64 bits at least."""
    if address is None or address.version == 4:
        return str(address or peer)
    kept = int(address) >> _CUSTOMER_BITS << _CUSTOMER_BITS
    return f"{type(address)(kept)}/{_CUSTOMER_BITS}"
