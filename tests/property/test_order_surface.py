"""Whatever order an alert asks for: it is refused with a reason, or it is plain text that
the paper Kraken takes."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.instruments import btc_usd, snapshot
from tests.support.intake import verified
from tests.support.paper import NOON, ask, paper
from tests.support.trading_rules import intent, trading_rules
from webhook_core.errors import AlertMalformed, OrderDenied
from webhook_core.intake.parse import parse
from webhook_core.trading import denials
from webhook_core.trading.kraken_fields import parameters
from webhook_core.trading.orders import OrderType, Relative
from webhook_core.trading.planner import appraise, needs_ticker, plan
from webhook_core.trading.plans import Denied, Plan
from webhook_core.trading.prices import estimate, parsed, text
from webhook_core.trading.rules import Fees, TradingRules
from webhook_core.trading.sent_orders import as_stored

NUMBER = r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,17}[1-9])?"
FORMS = {
    "pair": r"[A-Za-z0-9.]+",
    "type": r"buy|sell",
    "ordertype": "|".join(OrderType),
    "volume": NUMBER,
    "displayvol": NUMBER,
    "price": rf"[+#-]?{NUMBER}|[+#-]{NUMBER}%",
    "price2": rf"[+-]?{NUMBER}|[+-]{NUMBER}%",
    "trigger": r"last|index",
    "leverage": r"[1-9][0-9]{0,2}",
    "reduce_only": r"true",
    "stptype": r"cancel-(newest|oldest|both)",
    "oflags": r"(fcib|fciq)(,post)?|post",
    "timeinforce": r"GTC|IOC|GTD|FOK",
    "starttm": r"\+?[0-9]{1,12}",
    "expiretm": r"\+?[0-9]{1,12}",
    "close[ordertype]": r"(stop-loss|take-profit)(-limit)?",
    "close[price]": rf"[+-]?{NUMBER}|[+-]{NUMBER}%",
    "close[price2]": rf"[+-]?{NUMBER}|[+-]{NUMBER}%",
}
"""Kraken's parameters in the order in which they are written, and the form of each."""

BTC = next(instrument for instrument in snapshot() if instrument.key == "XXBTZUSD")
FRESH = BTC._replace(as_of=NOON)
MARKET = Decimal(60000)
CAPPED = trading_rules(caps=({"USD": Decimal(10**15)},))

absolute = (
    st.decimals(min_value="0.01", max_value="200000", places=4)
    .filter(bool)
    .map(lambda price: f"{price:f}")
)
near = st.integers(50000, 70000).map(str)
sizes = (
    st.decimals(min_value="0.00001", max_value="99", places=6)
    .filter(bool)
    .map(lambda size: f"{size:f}")
)
offsets = st.builds(
    "{}{}{}".format, st.sampled_from(["+", "-", "#", ""]), sizes, st.sampled_from(["", "%"])
)
prices = near | near | absolute | offsets
times = st.integers(0, 3_000_000).map(lambda s: f"+{s}") | st.sampled_from(
    [
        "2026-10-01T12:00:30Z",
        "2026-10-05T00:00:00Z",
        "2026-10-01T11:59:59Z",
        "2027-01-01T00:00:00Z",
        "0",
        "1790900000",
    ]
)

OPTIONAL = {
    "leverage": st.sampled_from(["1", "2", "3", "10", "99"]),
    "reduce_only": st.booleans(),
    "display_volume": sizes,
    "trigger_by": st.sampled_from(["last", "index"]),
    "time_in_force": st.sampled_from(["GTC", "IOC", "GTD", "FOK"]),
    "post_only": st.booleans(),
    "starts": times,
    "expires": times,
    "fee_currency": st.sampled_from(["base", "quote"]),
    "self_trade": st.sampled_from(["cancel-newest", "cancel-oldest", "cancel-both"]),
    "oflags": st.sampled_from(["post", "fcib", "fciq", "post,fcib"]),
    "take_profit": prices,
    "take_profit_limit": prices,
    "stop_loss": prices,
    "stop_loss_limit": prices,
}


@st.composite
def bodies(draw):
    """An order of any kind with what it needs, most of the time, and some of everything else."""
    kind = draw(st.sampled_from(OrderType))
    body = {
        "symbol": "BTC/USD",
        "side": draw(st.sampled_from(["buy", "sell"])),
        "order_type": str(kind),
    }
    body["volume"] = draw(sizes)
    needed = {
        "price": kind.takes_limit,
        "stop_price": kind.takes_trigger,
        "trail": kind.trails,
        "trail_limit": kind is OrderType.TRAILING_STOP_LIMIT,
        "display_volume": kind is OrderType.ICEBERG,
        "leverage": kind is OrderType.SETTLE_POSITION,
    }
    signed_offsets = st.builds("{}{}".format, st.sampled_from("+-"), sizes)
    values = {
        "price": prices,
        "stop_price": prices,
        "trail": sizes,
        "trail_limit": signed_offsets,
        **OPTIONAL,
    }
    for name in [name for name, is_needed in needed.items() if is_needed]:
        body[name] = draw(values[name])
    if kind is OrderType.ICEBERG:
        part = Decimal(body["volume"]) / draw(st.sampled_from([2, 5, 15, 16]))
        body["display_volume"] = f"{part.quantize(Decimal('1E-8')):f}"
    extra = draw(st.lists(st.sampled_from(sorted(OPTIONAL)), max_size=3, unique=True))
    for name in extra:
        body.setdefault(name, draw(values[name]))
    return body


def planned(body, rules, instrument, *, ticker):
    """The request, or None where the alert or the market's rules forbid it; the reason is
    an event of the test."""
    try:
        wanted = intent(parse(verified(body)), rules)
    except (AlertMalformed, OrderDenied) as error:
        event(f"{error.status} {error.field}")
        return None
    asked = ticker if needs_ticker(wanted, rules) else None
    result = plan(wanted, instrument, rules, NOON, asked)
    assert result == plan(wanted, instrument, rules, NOON, asked)
    if isinstance(result, Denied):
        assert result.message.startswith(f"{result.rule}: ")
        event(result.rule)
        return None
    (request,) = result.requests
    event(f"planned {wanted.order_type}")
    return request


@pytest.fixture(scope="module")
def kraken():
    engine = paper()
    engine.mark_price("XXBTZUSD", MARKET)
    return engine


@given(body=bodies())
@settings(max_examples=examples(600))
def test_what_is_planned_is_plain_text_and_the_paper_kraken_takes_it(kraken, body):
    request = planned(body, CAPPED, FRESH, ticker=MARKET)
    if request is None:
        return
    sent = dict(request.parameters)
    order = list(FORMS)
    assert [name for name in order if name in sent] == list(sent)
    for name, value in sent.items():
        assert type(value) is str
        assert re.fullmatch(FORMS[name], value), (name, value)
    answer = ask(kraken, "AddOrder", validate="true", **sent)
    assert answer["error"] in excused(sent), (sent, answer)
    assert answer["error"] or "descr" in answer["result"]


STRICT = st.builds(
    FRESH._replace,
    ordermin=st.none() | st.decimals("0.00001", "50", places=5),
    costmin=st.none() | st.decimals("0.5", "500000", places=2),
    leverage_buy=st.sampled_from([None, (), (2, 3)]),
    status=st.sampled_from(
        [None, "online", "cancel_only", "post_only", "limit_only", "reduce_only"]
    ),
    as_of=st.sampled_from([NOON, NOON - timedelta(minutes=2), NOON - timedelta(hours=25)]),
)
percents = st.decimals(0, 10, places=2)
LIMITED = st.builds(
    trading_rules,
    allow_lists=st.sampled_from([(), (("BTC/USD",),), (("ETH/USD",),)]),
    caps=st.sampled_from([(), ({"USD": Decimal(200000)},), ({"EUR": Decimal(1)},)]),
    volume=st.none(),
    fees=st.builds(Fees, percents, percents),
)


@given(body=bodies(), instrument=STRICT, rules=LIMITED, ticker=st.sampled_from([None, MARKET]))
@settings(max_examples=examples(400))
def test_the_verdicts_of_the_checks_are_the_verdict_on_the_plan(body, instrument, rules, ticker):
    try:
        wanted = intent(parse(verified(body)), rules)
    except (AlertMalformed, OrderDenied):
        return
    bare, shown = (decide(wanted, instrument, rules, NOON, ticker) for decide in (plan, appraise))
    whole = shown.plan if isinstance(shown, Denied) else shown
    ((checks, rounding, estimated),) = whole.appraisals
    refusals = [check for check in checks if check.verdict == "denied"]
    event(f"{len(refusals)} refusals")
    if isinstance(bare, Denied):
        assert isinstance(shown, Denied)
        assert shown[:3] == bare[:3] == (refusals[0].rule, refusals[0].message, refusals[0].numbers)
    else:
        assert refusals == []
        assert isinstance(shown, Plan)
        assert bare.checks == checks
        assert shown._replace(appraisals=(), checks=bare.checks) == bare
    assert set(rounding) <= set(whole.notes)
    assert all(type(number) is str for check in checks for number in check.numbers.values())
    assert all(bool(check.message) is (check.verdict != "passed") for check in checks)
    assert all(amount is None or amount >= 0 for amount in estimated[:3])


@given(body=bodies(), instrument=STRICT, rules=LIMITED, ticker=st.sampled_from([None, MARKET]))
@settings(max_examples=examples(400))
def test_an_order_that_is_sent_as_it_was_stored_is_judged_as_when_it_was_planned(
    body, instrument, rules, ticker
):
    """Read back from what goes to Kraken, it is the same order to every rule."""
    try:
        wanted = intent(parse(verified(body)), rules)
    except (AlertMalformed, OrderDenied):
        return
    shown = appraise(wanted, instrument, rules, NOON, ticker)
    whole = shown.plan if isinstance(shown, Denied) else shown
    ((checks, _, _),) = whole.appraisals
    (request,) = whole.requests
    again = as_stored(request, instrument, request.reference_price)
    event(f"{wanted.order_type}")
    then, now = (
        {check.rule: check.passed for check in made}
        for made in (checks, denials.checks(again, rules, NOON))
    )
    # The price of then is today's idea of the market.
    reach = {verdict.pop("EXIT_REACH", True) for verdict in (then, now)}
    assert now == then
    assert False not in reach or isinstance(shown, Denied)
    assert parameters(again) == request.parameters


def excused(sent):
    """What is not ours to refuse first: an index feed that is missing, and a cost between
    the minimum and it by another price of the order (which one counts, Kraken does not
    say; we take the highest)."""
    errors = [[]]
    if sent.get("trigger") == "index":
        errors.append(["EGeneral:Invalid arguments:Index unavailable"])
    named = [parsed(sent[name]) for name in ("price", "price2") if name in sent]
    lowest = [
        estimate(price._replace(sign="-") if isinstance(price, Relative) else price, MARKET)
        for price in named
    ]
    if Decimal(sent["volume"]) * min([MARKET, *lowest]) < FRESH.costmin:
        errors.append(["EOrder:Cost minimum not met"])
    return errors


@given(body=bodies(), tick=st.sampled_from(["0.1", "0.5", "0.01", "5"]))
@settings(max_examples=examples(300))
def test_no_number_is_worse_than_asked(body, tick):
    instrument = btc_usd(tick_size=Decimal(tick), pair_decimals=None, lot_decimals=5, as_of=NOON)
    request = planned(body, TradingRules(), instrument, ticker=None)
    if request is None:
        return
    sent, buys = request.parameters, body["side"] == "buy"
    assert Decimal(sent["volume"]) <= Decimal(body["volume"])
    assert Decimal(sent.get("displayvol", "0")) <= Decimal(body.get("display_volume", "0"))
    kind = OrderType(body["order_type"])
    if kind.trails:
        assert Decimal(sent["price"].strip("+%")) <= Decimal(body["trail"].strip("+%"))
    fields = [
        name
        for name, takes in (("stop_price", kind.takes_trigger), ("price", kind.takes_limit))
        if takes
    ]
    for name, field in zip(("price", "price2"), fields, strict=False):
        asked, got = signed(body[field]), signed(sent[name])
        if "#" not in body[field]:
            assert got <= asked if buys else got >= asked
    closing = (
        "take_profit"
        if "take_profit" in sent.get("close[ordertype]", "").replace("-", "_")
        else "stop_loss"
    )
    if (
        "close[price]" in sent
        and body[closing][0] != "#"
        and (body[closing][0] in "+-" or "%" not in body[closing])
    ):
        asked, got = signed(body[closing]), signed(sent["close[price]"])
        assert got >= asked if buys else got <= asked


def signed(price):
    return Decimal(price.strip("+#%"))


@given(price=absolute | offsets.filter(lambda offset: offset[0] in "+-#"))
def test_a_price_reads_back_from_its_text(price):
    assert text(parsed(text(parsed(price)))) == text(parsed(price))
    assert parsed(text(parsed(price))) == parsed(price)
