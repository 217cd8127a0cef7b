"""Addresses as they are written, in the environment and by proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from webhook_core.settings.variables import entries, shown, whole

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_HOPS = 10


def address_of(text: str) -> Address | None:
    """``::ffff:1.2.3.4`` is 1.2.3.4, and a scope (``fe80::1%eth0``) is dropped: it names a network
    card of whoever wrote it. None for anything that is no address alone."""
    try:
        address = ipaddress.ip_address(_without_scope(text))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _of_tradingview() -> tuple[str, ...]:
    from webhook_core.intake.tradingview import ADDRESSES  # for who names them

    return ADDRESSES


def networks(value: str) -> tuple[Network, ...]:
    """Addresses and networks, IPv4 or IPv6; the word ``tradingview`` names TradingView's four."""
    found: list[Network] = []
    for part in entries(value):
        named = _of_tradingview() if part.lower() == "tradingview" else (part,)
        try:
            found.extend(_network(address) for address in named)
        except ValueError:
            raise ValueError(
                f"{shown(part)} is not an address or network such as 203.0.113.7 or "
                "203.0.113.0/24, nor tradingview"
            ) from None
    return tuple(found)


def hops(value: str) -> int | None:
    """``none``: no proxy stands before, the peer is the caller: None."""
    if value.lower() == "none":
        return None
    try:
        return whole(0, MOST_HOPS)(value)
    except ValueError as error:
        raise ValueError(f"{error}, nor none") from None


def _network(text: str) -> Network:
    network = ipaddress.ip_network(_without_scope(text))
    mapped = network.network_address
    if isinstance(mapped, ipaddress.IPv6Address) and mapped.ipv4_mapped and network.prefixlen >= 96:
        return ipaddress.IPv4Network((mapped.ipv4_mapped, network.prefixlen - 96))
    return network


def _without_scope(text: str) -> str:
    """Of an IPv6 address or network alone: with IPv4 a % means nothing."""
    address, percent, rest = text.partition("%")
    if not percent or ":" not in address:
        return text
    scope, slash, length = rest.partition("/")
    return f"{address}{slash}{length}" if re.fullmatch(r"(?a)[\w.~-]+", scope) else text


def exchange_url(value: str) -> str:
    """A base URI without a slash at the end.

    Plain http only to this machine: an order must not travel in clear.
    """
    url = _split(value)
    if url is None or url.path.strip("/") or url.query or url.fragment or url.username is not None:
        raise ValueError(
            "is not a base URI such as https://api.kraken.com, without path, query or credentials"
        )
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.hostname or "")):
        raise ValueError("must begin with https:// (http:// only for 127.0.0.1 and localhost)")
    return value.rstrip("/")


def origins(value: str) -> tuple[str, ...]:
    """What browsers send as Origin: scheme, host and port; or * alone."""
    parts = entries(value)
    for part in parts:
        url = _split(part)
        if part != "*" and (
            url is None
            or url.scheme not in ("http", "https")
            or f"{url.scheme}://{url.netloc}" != part
        ):
            raise ValueError(
                f"{shown(part)} is not an origin such as https://app.example.com, without a path"
            )
    return tuple(parts)


def told(variable: str) -> Callable[[str], Any]:
    """The parser of NOTIFY, NOTIFY_ABOUT and NOTIFY_SUMMARY."""

    def parse(value: str) -> Any:
        from webhook_core.settings import notify_values  # few deployments tell anybody

        return notify_values.PARSERS[variable](value)

    return parse


def _split(value: str) -> Any:
    try:
        url = urlsplit(value)
        return url if url.hostname and (url.port is None or url.port > 0) else None
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
