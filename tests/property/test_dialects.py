"""Whatever becomes of another tool's message, it is an order that it asked for, or a refusal."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_intake import objects, scalars, values
from tests.support.dialects import EXAMPLES
from tests.support.examples import examples
from tests.support.intake import ALL_CREDENTIALS, NOW, TOKEN, request, x_signature
from tests.support.pasted_messages import ROWS
from webhook_core.errors import AlertMalformed, WebhookError
from webhook_core.intake.authentication import verify
from webhook_core.intake.dialects.registry import DIALECTS, recognised
from webhook_core.intake.field_names import ALIASES, CONTEXT
from webhook_core.intake.other_tools import in_ours
from webhook_core.intake.parse import parse

JSON = [example for example in EXAMPLES if example.message.startswith("{")]
MESSAGES = [json.loads(example.body()) for example in JSON]
NAMES = sorted(
    {name for dialect in DIALECTS for name in dialect.rows.mapped | dialect.rows.idle}
    | {name for dialect in DIALECTS for name in dialect.rows.refused}
    | {alias for aliases in ALIASES.values() for alias in aliases}
)
names = st.sampled_from(NAMES)
said = st.sampled_from(
    [
        *("buy", "sell", "close", "exit", "long", "short", "flat", "market", "limit", "BTCUSD"),
        *("50", 0, True, False, "5%", "base", "quote", "dollar_amount", "percent_of_position"),
        {"percent": 5},
    ]
)
canonical = st.fixed_dictionaries(
    {"symbol": st.just("BTC/USD"), "side": st.sampled_from(["buy", "sell"])},
    optional={
        "volume": st.sampled_from(["0.1", "5"]),
        "quantity_type": st.sampled_from(["base", "quote", "percent_equity"]),
        "order_type": st.sampled_from(["market", "limit"]),
        "price": st.just("60000"),
        "stop_loss": st.just("2%"),
        "market_position": st.sampled_from(["long", "flat"]),
        "id": st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=9),
        "exchange": st.just("KRAKEN"),
        "close": st.just("60000"),
        "strategy": st.just("trend"),
    },
)


def read(message):
    """The alert, and whether it was another tool's. Raises WebhookError."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    signed = x_signature(body)
    found = in_ours(verify(request(body, signed), ALL_CREDENTIALS, NOW, anonymous_allowed=False))
    return parse(found), found.translated is not None


def gist(alert):
    side = {"close": "sell"}.get(alert.action) or alert.side
    return (alert.symbol or "").replace("/", "").replace("-", ""), side


@given(fields=canonical)
def test_no_alert_of_ours_is_anybody_elses(fields):
    assert recognised({**fields, "token": TOKEN}) is None
    with suppress(AlertMalformed):
        assert read(fields)[1] is False


def spelt(name, how):
    """One of our names as other tools spell theirs."""
    head, *rest = name.split("_")
    return {"camel": head + "".join(part.title() for part in rest), "dash": "-".join([head, *rest]),
        "upper": name.upper()}.get(how, name)  # fmt: skip


OURS = sorted({alias for aliases in ALIASES.values() for alias in aliases} | CONTEXT)
own_values = said | st.sampled_from(["0.1", "60000", "2%", "GTC", "KRAKEN", "trend", ""])


@given(
    fields=st.dictionaries(st.sampled_from(OURS), own_values, max_size=6),
    how=st.sampled_from(["as it is", "camel", "dash", "upper"]),
    about=st.sampled_from([{"symbol": "BTCUSD"}, {"ticker": "BTCUSD"}, {"pair": "BTCUSD"}]),
    asked=st.sampled_from([{"side": "buy"}, {"action": "sell"}, {"action": "close"}]),
)
@settings(max_examples=examples(400))
def test_what_can_be_read_as_ours_is_ours_whatever_stands_beside_it(fields, how, about, asked):
    message = {spelt(name, how): value for name, value in fields.items()} | about | asked
    body = json.dumps(message).encode()
    verified = verify(
        request(body, x_signature(body)), ALL_CREDENTIALS, NOW, anonymous_allowed=False
    )
    try:
        alert = parse(verified)
    except WebhookError:
        return
    said_by = in_ours(verified)
    assert said_by.translated is None
    assert parse(said_by) == alert


@given(message=st.sampled_from(MESSAGES), changes=st.dictionaries(names, said | values, max_size=3))
@settings(max_examples=examples(400))
def test_other_values_end_in_an_alert_or_in_one_of_our_own_errors(message, changes):
    with suppress(WebhookError):
        read({**message, **changes})


@given(
    message=st.sampled_from(MESSAGES),
    inner=st.sampled_from(["strategy", "order", "strategy_info", "open", "close", "takeProfit"])
    | st.sampled_from(["stopLoss", "takeProfits", "multiple_accounts"]),
    value=objects | st.lists(objects, max_size=2) | scalars,
)
@settings(max_examples=examples(300))
def test_whatever_stands_inside_ends_alike(message, inner, value):
    with suppress(WebhookError):
        read({**message, inner: value})


@given(
    text=st.lists(
        st.tuples(
            names.map(str.upper) | names | st.sampled_from(["SIGNAL", "SYMBOL", "command", "key"]),
            st.text(max_size=12) | st.sampled_from(["BUY", "BTCUSD", "PLACE", "5%", "1"]),
        ),
        max_size=6,
    ),
    between=st.sampled_from(["\n", ";", "\r\n", " "]),
)
@settings(max_examples=examples(300))
def test_texts_end_alike(text, between):
    with suppress(WebhookError):
        read(between.join(f"{name}={value}" for name, value in text).encode())


REFUSED = [
    json.loads(json.dumps(row.body).replace("TOKEN", TOKEN))
    for row in ROWS
    if isinstance(row.body, dict) and not isinstance(row.becomes, dict)
]
SPEAKS_OF = {
    "buy": ("buy", "enter", "long", "open", "bot", "increase"),
    "sell": ("sell", "exit", "close", "flat"),
}
"""A side -> the words of which one stands in a message that may mean it, whichever tool's."""


@given(message=st.sampled_from(REFUSED), name=names, value=said, less=st.integers(0, 20))
@settings(max_examples=examples(400))
def test_one_name_more_or_less_never_turns_a_refusal_into_another_order(message, name, value, less):
    """Without what it is refused for it may be an order: the one that its words speak of."""
    changed = {**message, name: value}
    if less < len(message):
        changed = {other: kept for other, kept in message.items() if other != sorted(message)[less]}
    with suppress(WebhookError):
        alert, _ = read(changed)
        text = json.dumps(changed).lower()
        asked = SPEAKS_OF.get(str(gist(alert)[1]), (str(alert.action),))
        assert any(word in text for word in asked), text
        assert str(alert.symbol).replace("/", "").replace("-", "") in (
            "BTCUSD", str(value), message.get("symbol")
        )  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES, ids=[example.title for example in JSON])
def test_a_name_more_or_less_is_a_refusal_or_the_same_order(message):
    """By every name that any dialect knows: nothing turns the side, the pair, or one asked for
    into another one."""
    whole, _ = read(message)
    for name in NAMES:
        for value in ("x", "0.5", True, {"percent": 5}, "short", "limit"):
            if name in message:
                continue
            with suppress(WebhookError):
                alert, _ = read({**message, name: value})
                assert gist(alert) == gist(whole), (name, value)
                assert alert.volume in (whole.volume, Decimal("0.5")), (name, value)
    for name in message:
        with suppress(WebhookError):
            alert, _ = read({other: value for other, value in message.items() if other != name})
            assert gist(alert) == gist(whole), name
            assert alert.volume in (whole.volume, None), name
