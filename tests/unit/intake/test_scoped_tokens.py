"""Scoped tokens: which are proofs, and what their caveats come to."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.support.intake import ALL_CREDENTIALS, request, x_signature
from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import END, KEY, OLD_KEY, narrowed, scoped, written
from webhook_core.errors import Unauthenticated
from webhook_core.intake import scoped_tokens
from webhook_core.intake.authentication import verify
from webhook_core.intake.credentials import Scheme, TokenKey, token_credential

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = (TokenKey("k2", KEY, frozenset({"dead"})), TokenKey("k1", OLD_KEY, frozenset({"dead"})))


def verified(token, credentials=(*ALL_CREDENTIALS, *KEYS), headers=None, url_token=None, **fields):
    body = json.dumps({"symbol": "BTC/USD", **({"token": token} if token else {}), **fields})
    asked = request(body.encode(), headers)._replace(url_token=url_token)
    return verify(asked, credentials, NOW, anonymous_allowed=False)


def refused(token, **options):
    with pytest.raises(Unauthenticated) as caught:
        verified(token, **options)
    error = caught.value
    assert str(error) == "The alert carries no valid proof of its sender."
    assert error.__context__ is None
    if isinstance(token, str) and len(token) > 60:
        assert token not in error.reason
        assert token[-43:] not in error.reason
    return error.reason


def permit(*caveats):
    return verified(scoped(*caveats)).permit


# -- proof


def test_a_good_token_proves_its_strategy_and_brings_what_it_allows():
    token = scoped(
        "p=BTC/USD,ETH/USD",
        "x=order,close",
        "s=buy",
        "o=market,limit",
        "c=200USD,150EUR",
        "n=20",
        "i=tv",
    )
    found = verified(token)
    assert (found.strategy, found.scheme, found.key_id) == (
        "trend", Scheme.SCOPED_TOKEN, "WEBHOOK_TOKEN_KEYS[k2]",
    )  # fmt: skip
    assert "token" not in found.fields
    allowed = found.permit
    assert allowed.pairs == (("BTC/USD", "ETH/USD"),)
    assert allowed.actions == {"order", "close"}
    assert allowed.sides == {"buy"}
    assert allowed.order_types == {"market", "limit"}
    assert allowed.max_cost == {"USD": Decimal(200), "EUR": Decimal(150)}
    assert allowed.orders_per_day == 20
    assert len(allowed.networks[0]) == 4
    assert allowed.expires == date(2027, 3, 31)


def test_the_chain_is_that_of_macaroons():
    token = scoped("p=BTC/USD", "s=buy", END)
    ours = scoped_tokens.mint(KEY, "k2", "a7f3", "trend", ["p=BTC/USD", "s=buy", END])
    assert ours.text == token
    assert scoped_tokens.narrowed(ours, ["x=close"]).text == narrowed(token, "x=close")


def test_the_signature_is_in_no_repr():
    token = scoped_tokens.parse(scoped())
    assert written(token.signature) not in repr(token)
    assert repr(token.signature) not in repr(token)


@row_by_row
@pytest.mark.parametrize(
    ("what", "token"),
    [
        ("another key", scoped(key=bytes(range(32)))),
        ("an unknown key id", scoped(key_id="k9")),
        ("the key of another id", scoped(key=OLD_KEY)),
        ("another strategy", scoped().replace(".trend~", ".other~")),
        ("another token id", scoped().replace("a7f3", "a7f4")),
        ("a wider caveat", scoped("s=buy").replace("s=buy", "s=buy,sell")),
        ("a caveat less", scoped("s=buy").replace("~s=buy", "")),
        ("caveats in another order", scoped("s=buy", "n=2").replace("s=buy~n=2", "n=2~s=buy")),
        ("a later end", scoped().replace("20270331", "20270401")),
        ("no signature", scoped().rpartition("~")[0]),
        ("an empty signature", scoped().rpartition("~")[0] + "~"),
        ("a signature with one bit more at its end", scoped()[:-1] + chr(ord(scoped()[-1]) + 1)),
        ("a signature with padding", scoped() + "="),
        ("one cut short", scoped()[:-1]),
        ("a revoked one", scoped(token_id="dead")),
        ("a revoked one, its id in capitals", scoped(token_id="DEAD")),
        ("a child of a revoked one", narrowed(scoped(token_id="dead"), "s=buy")),
        ("a revoked one of the older key", scoped(token_id="dead", key=OLD_KEY, key_id="k1")),
        ("nothing but its beginning", "tk1."),
        ("dots alone", "tk1...~~"),
        ("too long a one", scoped("p=" + ",".join(f"A{n}/USD" for n in range(30)))),
        ("another version", scoped().replace("tk1.", "tk2.")),
        ("capitals", scoped().replace("tk1.", "TK1.")),
        ("a blank at its end", scoped() + " "),
        ("a letter that is not ASCII", scoped().replace("a7f3", "a7f\u0663")),
        ("a line break inside", scoped().replace("~e", "\n~e")),
    ],
)  # fmt: skip
def test_none_of_these_proves_anything(what, token):
    assert refused(token)


@row_by_row
@pytest.mark.parametrize(
    "caveats",
    [
        ("e=",), ("e=2027",), ("e=20270231",), ("e=20271124",), ("e=99991231",),
        ("e=20270331", "e=99991231"),
        ("exp=20270331",), ("E=20270331",), ("e",), ("",), ("=",), ("s",), ("s=",), ("s=hold",),
        ("s=BUY",),
        ("s=buy,",), ("s=,buy",), ("s=buy,buy",), ("s=buy", "s=sell"), ("x=",), ("x=orders",),
        ("x=order", "x=close"),
        ("o=spot",), ("o=market", "o=limit"), ("c=200",), ("c=USD",), ("c=0USD",), ("c=-1USD",),
        ("c=1e3USD",),
        ("c=200USD,300USD",), ("c=200USD", "c=200EUR"), ("c=200 USD",), ("n=0",), ("n=-1",),
        ("n=1.5",), ("n=01",),
        ("n=",), ("n=many",), ("p=",), ("p=BTC/USD,",), ("p=B",), ("p=../..",),
        ("p=BTC/USD", "p=ETH/USD"), ("i=",),
        ("i=tradingview.com",), ("i=300.1.1.1",), ("i=10.0.0.0/8", "i=11.0.0.0/8"),
        ("i=tv", "i=203.0.113.7"),
        ("z=1",), ("s=buy", "z=1"), ("read",), ("r=read",), ("s==buy",), ("s=buy~",),
        ("s=buy s=sell",),
    ],
)  # fmt: skip
def test_an_unknown_malformed_empty_or_contradicted_caveat_proves_nothing(caveats):
    assert refused(scoped(*caveats))


def test_a_token_needs_an_end():
    *parts, _ = scoped("s=buy").split("~")
    token = scoped_tokens.mint(KEY, "k2", "a7f3", "trend", parts[1:-1]).text
    assert "no caveat e" in refused(token)


def test_an_older_key_verifies_beside_the_newest_and_not_without_its_place_in_the_list():
    token = scoped(key=OLD_KEY, key_id="k1")
    assert verified(token).key_id == "WEBHOOK_TOKEN_KEYS[k1]"
    assert "not configured" in refused(token, credentials=KEYS[:1])


@pytest.mark.parametrize("credentials", [(), ALL_CREDENTIALS])
def test_without_keys_no_scoped_token_proves_anything(credentials):
    assert "no WEBHOOK_TOKEN_KEYS" in refused(scoped(), credentials=credentials)


def test_a_scoped_token_is_no_plain_one():
    with pytest.raises(ValueError, match="is a scoped token"):
        token_credential(scoped(), "WEBHOOK_TOKEN[0]")


def test_beside_a_second_token_it_proves_nothing():
    assert "more than one of the fields token" in refused(scoped(), secret="tok-5f0c1de2a7b94c38")


# -- in the URL


def test_one_in_the_url_proves_as_much():
    assert verified(None, url_token=scoped("s=buy")).permit == permit("s=buy")


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("a plain token", {"token": None, "url_token": "tok-5f0c1de2a7b94c38"}),
        ("nothing", {"token": None, "url_token": ""}),
        ("one beside another in the body", {"token": scoped(), "url_token": scoped()}),
        (
            "one beside an empty one in the body",
            {"token": None, "secret": "", "url_token": scoped()},
        ),
        ("a forged one", {"token": None, "url_token": scoped(key=OLD_KEY)}),
    ],
)
def test_in_the_url_these_prove_nothing(what, options):
    assert refused(options.pop("token"), **options)


def test_one_in_the_url_beside_a_signature_proves_nothing():
    body = b'{"symbol": "BTC/USD"}'
    asked = request(body, x_signature(body))._replace(url_token=scoped())
    with pytest.raises(Unauthenticated):
        verify(asked, (*ALL_CREDENTIALS, *KEYS), NOW, anonymous_allowed=False)


# -- what they come to


def test_one_that_is_written_twice_holds_both_times():
    found = permit(
        "s=buy,sell", "x=order,close", "c=200USD,150EUR", "n=20", "p=BTC/USD,ETH/USD", "e=20270331",
        "s=buy", "x=close,cancel", "c=100USD", "n=5", "p=XBT/USD", "e=20270101", "n=9",
    )  # fmt: skip
    assert (found.sides, found.actions) == ({"buy"}, {"close"})
    assert (found.max_cost, found.orders_per_day) == ({"USD": 100}, 5)
    assert found.pairs == (("BTC/USD", "ETH/USD"), ("XBT/USD",))
    assert found.expires == date(2027, 1, 1)


PLAIN = {"order", "close", "target", "reverse", "cancel", "amend", "pause"}


@pytest.mark.parametrize(
    ("caveats", "actions"),
    [
        ((), PLAIN),
        (("x=order,resume,read",), {"order", "resume", "read"}),
        ((END, "x=read,order"), {"order"}),
        ((END, "x=resume,close"), {"close"}),
        (("x=order,read", END, "x=read"), {"read"}),
    ],
)
def test_resuming_and_reading_are_given_and_never_taken(caveats, actions):
    assert permit(*caveats).actions == actions


@pytest.mark.parametrize("added", ["x=read", "x=resume", "x=read,resume"])
def test_nobody_gives_oneself_what_the_token_has_not(added):
    assert "contradict" in refused(narrowed(scoped("x=order"), added))
    assert "contradict" in refused(narrowed(scoped(), added))


@row_by_row
@pytest.mark.parametrize(
    ("caveats", "own"),
    [
        ((), False),
        (("p=BTC/USD", "o=market", "x=order"), False),
        (("s=buy",), True),
        (("c=10USD",), True),
        (("n=1",), True),
        (("s=sell",), False),
        (("s=buy,sell", "c=10USD", "n=1"), False),
        (("s=buy,sell", END, "s=buy"), True),
        (("c=10USD", END, "s=buy,sell"), True),
        ((END, "s=sell"), True),
        ((END, "n=1"), True),
        (("s=sell", END, "n=1"), False),
    ],
)
def test_one_that_is_bound_exits_what_its_strategy_bought_unless_it_was_made_to_sell(caveats, own):
    assert permit(*caveats).exits_own is own
