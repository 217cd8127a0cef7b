"""Whatever arrives, intake answers with a value or with one of our own errors, and
no forgery passes."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.intake import (
    ALL_CREDENTIALS,
    NOW,
    TOKEN,
    request,
    standard_webhooks,
    verified,
    x_signature,
)
from webhook_core.errors import AlertMalformed, OrderDenied, Unauthenticated, WebhookError
from webhook_core.intake import json_body
from webhook_core.intake.alert_key import alert_key
from webhook_core.intake.authentication import verify
from webhook_core.intake.field_names import ALIASES, CANONICAL, CONTEXT, normalise
from webhook_core.intake.freshness import check_freshness
from webhook_core.intake.parse import parse
from webhook_core.intake.refused_names import SWITCHES, WORDS
from webhook_core.intake.words import MEASURED

ORDER = {"symbol": "BTC/USD", "side": "buy", "quantity": "0.1"}
BODY = b'{"symbol": "BTC/USD", "side": "buy", "volume": "0.1"}'
SIGNING = ("x-signature", "webhook-id", "webhook-timestamp", "webhook-signature")

names = st.sampled_from(
    [alias for aliases in ALIASES.values() for alias in aliases]
) | st.sampled_from(
    ["token", "secret", "close", "take_profit", "type", "exchange", "strategy", "sied"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.from_regex(r"[0-9.eE+-]{1,20}", fullmatch=True)
    | st.sampled_from(
        [
            "buy",
            "sell",
            "limit",
            "stop-loss",
            TOKEN,
            "2026-02-18T14:30:01Z",
            "NaN",
            "{{x}}",
            "none",
            "BTC/USD",
        ]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(names | st.text(max_size=20), values, max_size=8)


def walk(body, headers, credentials=ALL_CREDENTIALS):
    """The whole way through intake; only our own errors may end it."""
    with suppress(WebhookError):
        trusted = verify(request(body, headers), credentials, NOW, anonymous_allowed=True)
        with suppress(WebhookError):
            check_freshness(trusted, NOW, 60)
        alert_key(trusted, parse(trusted))


@given(
    body=st.binary(max_size=200),
    headers=st.dictionaries(st.sampled_from(SIGNING), st.text(max_size=100)),
)
def test_arbitrary_bytes_and_headers_only_ever_raise_our_own_errors(body, headers):
    walk(body, headers)


@given(body=st.binary(max_size=200) | objects.map(lambda document: json.dumps(document).encode()))
@settings(max_examples=examples(300))
def test_arbitrary_bodies_only_ever_raise_our_own_errors_whoever_sent_them(body):
    walk(body, {}, ())
    walk(body, x_signature(body))
    walk(body, standard_webhooks(body))


@given(fields=objects)
@settings(max_examples=examples(300))
def test_arbitrary_objects_with_the_right_token_only_ever_raise_our_own_errors(fields):
    walk(json.dumps({**fields, "token": TOKEN}).encode(), {})


said = st.sampled_from(
    [
        *(
            "buy",
            "sell",
            "close",
            "exit",
            "reverse",
            "target",
            "cancel",
            "amend",
            "long",
            "short",
            "flat",
            "",
            None,
            "market",
        ),
        *(
            "0",
            "50",
            "50%",
            "-2%",
            "101",
            True,
            False,
            "base",
            "quote",
            "percent_equity",
            "percent_position",
            "risk",
            "all",
        ),
        *(
            "strategy",
            "symbol",
            "BTC/USD",
            "OUF4EM-FRGI2-MQMWZD",
            "mine-1",
            "2026-02-18T14:30:01Z",
            "{{x}}",
            "NaN",
            TOKEN,
        ),
    ]
)
actions = st.sampled_from(["buy", "close", "reverse", "target", "cancel", "amend", ""])
bodies = st.dictionaries(names, said | scalars, max_size=8) | st.fixed_dictionaries(
    {"action": actions, "symbol": st.just("BTC/USD")},
    optional={
        **dict.fromkeys(
            ("side", "volume", "percent", "price", "scope", "order_id", "of_alert", "cl_ord_id"),
            said,
        ),
        **dict.fromkeys(
            (
                "quantity_type",
                "market_position",
                "market_position_size",
                "fired_at",
                "confirm_fill",
            ),
            said,
        ),
    },
)
several = st.fixed_dictionaries(
    {"orders": st.lists(bodies | said, max_size=12) | said}, optional={"symbol": said}
)


def as_json(body):
    return verified(json_body.parse(json.dumps(body).encode()))


@given(body=bodies | several)
@settings(max_examples=examples(1000))
def test_an_alert_of_any_kind_is_read_or_refused_and_what_is_long_is_never_repeated(body):
    try:
        alert = parse(as_json(body))
    except (AlertMalformed, OrderDenied) as error:
        shown = f"{error} {error.field}"
    else:
        for each in (alert, *alert.orders):
            assert each.symbol or each.action in ("cancel", "amend") or each.orders
            assert each.side or each.action != "order" or each.orders
            assert (each.action == "target") <= (
                each.market_position is not None and alert.fired_at is not None
            )
            assert each.percent is None or 0 < each.percent <= 100
        shown = " ".join(alert.warnings)
    assert TOKEN not in shown


@given(
    body=bodies, empty=st.sampled_from(["", None, " "]), name=st.sampled_from(["side", "action"])
)
def test_an_empty_side_or_action_never_makes_anything_but_an_order(body, empty, name):
    named = [key for key in body if normalise(key) == "action"]
    with suppress(WebhookError):
        assert (
            parse(
                as_json({**{key: body[key] for key in body if key not in named}, name: empty})
            ).action
            == "order"
        )


@given(
    webhook_id=st.text(max_size=70) | st.just("msg_1"),
    timestamp=st.text(max_size=15) | st.integers().map(str) | st.just(str(int(NOW.timestamp()))),
    signature=st.text(max_size=120) | st.text(max_size=60).map(lambda text: f"v1,{text}"),
)
def test_arbitrary_signing_headers_are_unauthenticated(webhook_id, timestamp, signature):
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }
    with pytest.raises(Unauthenticated):
        verify(request(BODY, headers), ALL_CREDENTIALS, NOW, anonymous_allowed=True)


@given(token=st.text().filter(lambda text: text != TOKEN))
@example(token=TOKEN + "\x00")
def test_no_other_token_passes(token):
    body = json.dumps({"token": token}).encode()
    with pytest.raises((Unauthenticated, AlertMalformed)):
        verify(request(body), ALL_CREDENTIALS, NOW, anonymous_allowed=True)


@given(body=st.binary(max_size=100), at=st.integers(0, 99), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_body_never_verifies(body, at, bit):
    body = body + b"."
    forged = bytearray(body)
    forged[at % len(body)] ^= 1 << bit
    for headers in (x_signature(body), standard_webhooks(body)):
        with pytest.raises(Unauthenticated):
            verify(request(bytes(forged), headers), ALL_CREDENTIALS, NOW, anonymous_allowed=True)


@given(at=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
def test_a_flipped_digit_of_the_signature_never_verifies(at, digit):
    right = x_signature(BODY)["x-signature"]
    forged = right[:at] + digit + right[at + 1 :]
    if forged == right:
        assert verify(
            request(BODY, {"x-signature": forged}), ALL_CREDENTIALS, NOW, anonymous_allowed=False
        )
    else:
        with pytest.raises(Unauthenticated):
            verify(
                request(BODY, {"x-signature": forged}),
                ALL_CREDENTIALS,
                NOW,
                anonymous_allowed=False,
            )


@given(
    webhook_id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    offset_s=st.integers(-300, 300),
)
def test_any_well_formed_signature_verifies_and_only_under_its_own_id(webhook_id, offset_s):
    headers = standard_webhooks(
        BODY, webhook_id, str(int((NOW + timedelta(seconds=offset_s)).timestamp()))
    )
    assert (
        verify(request(BODY, headers), ALL_CREDENTIALS, NOW, anonymous_allowed=False).webhook_id
        == webhook_id
    )
    other = "b" if webhook_id == "a" else "a"
    with pytest.raises(Unauthenticated):
        verify(
            request(BODY, {**headers, "webhook-id": other}),
            ALL_CREDENTIALS,
            NOW,
            anonymous_allowed=False,
        )


number_texts = st.decimals(allow_nan=False, allow_infinity=False).map(str) | st.from_regex(
    r"[+-]?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)


@given(text=number_texts | st.text(max_size=10))
@settings(max_examples=examples(300))
def test_a_number_text_that_is_accepted_is_that_number_exactly(text):
    with suppress(WebhookError):
        volume = parse(verified({"symbol": "BTC/USD", "side": "buy", "volume": text})).volume
        if volume is None:
            assert not text.strip()
        else:
            assert volume.as_tuple() == Decimal(text).as_tuple()
            assert text.isascii()
            assert volume > 0
            assert Decimal(f"{volume:f}") == volume


@given(
    number=st.decimals(
        min_value=Decimal("1e-18"), max_value=Decimal("1e15"), allow_nan=False
    ).filter(lambda d: len(d.as_tuple().digits) <= 40)
)
def test_every_number_within_the_bounds_is_accepted_plain_or_with_an_exponent(number):
    for text in (f"{number:f}", f"{number:e}"):
        if len(text) <= 64:
            assert (
                parse(verified({"symbol": "BTC/USD", "side": "buy", "volume": text})).volume
                == number
            )


@given(
    document=st.dictionaries(
        st.text(max_size=10),
        st.integers(-(10**60), 10**60) | st.text(max_size=10) | st.booleans() | st.none(),
        max_size=5,
    )
)
def test_what_json_can_say_is_read_back_as_it_was(document):
    fit = all(
        "\x00" not in text for item in document.items() for text in item if isinstance(text, str)
    )
    body = json.dumps(document).encode()
    if fit:
        assert json_body.parse(body) == document
    else:
        with pytest.raises(AlertMalformed):
            json_body.parse(body)


beside = st.sampled_from(
    [
        "",
        "my",
        "is",
        "btc",
        "auto",
        "max",
        "rsi",
        "total",
        "second",
        "strategy",
        "x",
        "2",
        "our",
        "v",
    ]
)
joints = st.sampled_from(["_", "-", " ", ".", "camel", "SHOUT"])
on = st.sampled_from([True, "true", "x", "yes", "limit", "on"])


def joined(words, joint):
    if joint == "camel":
        return words[0] + "".join(word.capitalize() for word in words[1:])
    return "_".join(words).upper() if joint == "SHOUT" else joint.join(words)


@given(word=st.sampled_from(sorted(WORDS)), before=beside, after=beside, joint=joints, value=on)
@settings(max_examples=examples(1000))
def test_no_name_with_a_word_of_an_order_ever_trades(word, before, after, joint, value):
    name = joined([part for part in (before, word, after) if part], joint)
    if normalise(name) in CANONICAL or normalise(name) in CONTEXT or normalise(name) in SWITCHES:
        return
    if word in ("live", "enable", "active") and value in (True, "true"):
        return  # a switch that is on changes nothing
    for body in (
        {**ORDER, name: value},
        {"symbol": "BTC/USD", "orders": [{"side": "buy", "quantity": "1", name: value}]},
        {**ORDER, "meta": {"deep": [{name: value}]}},
    ):
        with pytest.raises((AlertMalformed, OrderDenied)):
            parse(as_json(body))


@given(word=st.sampled_from(sorted(MEASURED)), number=st.integers(2, 10**6))
def test_a_number_beside_a_word_of_direction_is_the_chart_s(word, number):
    assert parse(as_json({**ORDER, f"ema_{word}": number})).warnings
    with pytest.raises(AlertMalformed):
        parse(as_json({**ORDER, word: number}))


@given(
    fields=st.dictionaries(
        st.text(max_size=12) | st.sampled_from(sorted(WORDS)), values, max_size=5
    )
)
@settings(max_examples=examples(500))
def test_any_field_at_all_is_read_warned_of_or_refused_in_words_of_ours(fields):
    with suppress(WebhookError):
        parse(as_json({**fields, **ORDER}))
