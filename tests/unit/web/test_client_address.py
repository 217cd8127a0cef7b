"""Who called, by whom a forger can't imitate: the peer, or an entry that a proxy has written."""

from __future__ import annotations

import ipaddress

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.settings.addresses import networks
from webhook_core.web.client_address import client_address, counted_as, is_allowed

GENUINE, FORGER, BALANCER = "52.89.214.238", "6.6.6.6", "34.120.0.9"
LIST = networks("tradingview")


@row_by_row
@pytest.mark.parametrize(
    ("forwarded", "peer", "hops", "genuine"),
    [
        # none: nobody stands before, so the peer is the caller, and the header is
        # the caller's own text
        (None, GENUINE, None, True),
        (GENUINE, FORGER, None, False),
        (f"{GENUINE}, {GENUINE}", FORGER, None, False),
        (FORGER, GENUINE, None, True),
        ("", "", None, False),
        # 0: one proxy, Google's front end or an Ingress, wrote the last entry
        (GENUINE, BALANCER, 0, True),
        (f"{FORGER}, {GENUINE}", BALANCER, 0, True),
        (f"{GENUINE}, {FORGER}", BALANCER, 0, False),
        (f"{FORGER},{GENUINE}", BALANCER, 0, True),
        (None, GENUINE, 0, False),
        ("", GENUINE, 0, False),
        ("unknown", GENUINE, 0, False),
        (f"{GENUINE}:443", GENUINE, 0, False),
        # 1: one more behind it, such as a load balancer's own address
        (f"{GENUINE}, {BALANCER}", "", 1, True),
        (f"{FORGER}, {GENUINE}, {BALANCER}", "", 1, True),
        (f"{GENUINE}, {FORGER}, {BALANCER}", "", 1, False),
        (GENUINE, GENUINE, 1, False),
        # 2
        (f"{FORGER}, {GENUINE}, 10.0.0.1, {BALANCER}", "", 2, True),
        (f"{GENUINE}, {FORGER}, 10.0.0.1, {BALANCER}", "", 2, False),
        (f"{GENUINE}, {BALANCER}", "", 2, False),
        # how an address may be written
        (f"::ffff:{GENUINE}", "", 0, True),
        (f"::ffff:{GENUINE}%eth0", "", 0, True),
        (None, f"::ffff:{GENUINE}", None, True),
        (f"::{GENUINE}", "", 0, False),
    ],
)
def test_whose_alerts_a_list_lets_in(forwarded, peer, hops, genuine):
    assert is_allowed(client_address(forwarded, hops, peer), LIST) is genuine


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%25eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("1.2.3.4%eth0", None),
        ("1.2.3", None),
        ("", None),
    ],
)
def test_a_scope_names_a_card_of_the_sender_and_is_dropped(text, address):
    expected = ipaddress.ip_address(address) if address else None
    assert client_address(None, None, text) == expected
    assert client_address(f"9.9.9.9, {text}", 0, "") == expected


@row_by_row
@pytest.mark.parametrize(
    ("listed", "caller", "allowed"),
    [
        ("::ffff:52.89.214.238", GENUINE, True),
        ("::ffff:52.89.214.238", FORGER, False),
        ("::ffff:52.89.214.0/120", GENUINE, True),
        ("::ffff:52.89.214.0/120", "52.89.215.1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("2001:db8::/32", "2001:db8:1::7", True),
        ("2001:db8::/32", GENUINE, False),
        ("0.0.0.0/0", "2001:db8::7", False),
    ],
)
def test_what_a_list_means(listed, caller, allowed):
    assert is_allowed(client_address(None, None, caller), networks(listed)) is allowed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("1.2.3.4", "1.2.3.5", False),
        ("1.2.3.4", "::ffff:1.2.3.4", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_failed_proofs_of_ipv6_are_counted_by_the_64_bits_that_a_customer_gets(one, other, same):
    keys = {counted_as(client_address(None, None, text), text) for text in (one, other)}
    assert (len(keys) == 1) is same


def test_whoever_has_no_address_is_counted_as_its_peer():
    assert counted_as(client_address("junk", 0, "10.0.0.7"), "10.0.0.7") == "10.0.0.7"
