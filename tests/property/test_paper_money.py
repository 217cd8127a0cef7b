"""Over any orders of any kind, amendments, prices and thin markets: no money comes from nowhere,
every order is covered."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.paper import StoppedClock, ask, paper, result
from webhook_core.kraken.paper import arguments
from webhook_core.kraken.paper.desk import MarketRules

PRICE = st.integers(50_000, 70_000).map(str)
RELATIVE = st.tuples(st.sampled_from("+-#"), st.integers(1, 900), st.sampled_from(["", "%"])).map(
    lambda parts: f"{parts[0]}{parts[1] if not parts[2] else Decimal(parts[1]) / 100}{parts[2]}"
)
LOTS = st.integers(5, 9_000).map(lambda lots: f"{Decimal(lots) / 100_000:f}")
KINDS = st.sampled_from(sorted(arguments.ORDER_TYPES - {"settle-position"}))
PRICES = st.fixed_dictionaries({"price": PRICE | RELATIVE, "price2": PRICE | RELATIVE})
CLOSES = st.just({}) | st.builds(
    lambda kind, prices: (
        {"close_ordertype": kind} | {f"close_{name}": text for name, text in prices.items()}
    ),
    KINDS,
    PRICES,
)


def _fitting(kind, prices, volume):
    """Prices that are mostly taken: a trailing stop wants a distance, an iceberg what it shows."""
    if kind.startswith("trailing"):
        return {
            "price": f"+{prices['price'].lstrip('+-#')[-5:]}",
            "price2": f"-{prices['price2'].lstrip('+-#')[-5:]}",
        }
    return prices | ({"displayvol": volume} if kind == "iceberg" else {})


ORDERS = st.builds(
    lambda kind, side, volume, prices, close, more: (
        {"ordertype": kind, "type": side, "volume": volume}
        | _fitting(kind, prices, volume)
        | close
        | more
    ),
    KINDS,
    st.sampled_from(["buy", "sell"]),
    LOTS,
    PRICES,
    CLOSES,
    st.sampled_from(
        [{}, {}, {"timeinforce": "IOC"}, {"timeinforce": "FOK"}, {"starttm": "+2"}]
        + [{"oflags": "viqc", "volume": text} for text in ("77.77", "1234.56789", "9000")]
        + [{"timeinforce": "GTD", "expiretm": "+5"}]
    ),
)
CHANGES = st.one_of(
    st.tuples(st.just("mark"), PRICE),
    st.tuples(st.just("mark"), PRICE),
    st.tuples(st.just("AddOrder"), ORDERS),
    st.tuples(st.just("AddOrder"), ORDERS),
    st.tuples(
        st.just("AmendOrder"),
        st.fixed_dictionaries({"order_qty": LOTS, "limit_price": PRICE | RELATIVE}),
    ),
    st.tuples(st.just("wait"), st.integers(1, 4)),
    st.tuples(st.just("CancelAll"), st.just({})),
)
SHARES = st.lists(
    st.sampled_from(["1", "0.5", "0.33333", "0.07"]).map(Decimal), min_size=1, max_size=3
).map(tuple)


def _play(kraken, clock, changes, more=None):
    """Carry the changes out; after each of them every order is covered and no money is missing."""
    kraken.mark_price("XBTUSD", Decimal(60000))
    for name, what in changes:
        if name == "mark":
            kraken.mark_price("XBTUSD", Decimal(what))
        elif name == "wait":
            clock.forward(what)
        elif name == "AmendOrder":
            txid = next((kept["txid"] for kept in kraken.orders() if kept["status"] == "open"), "")
            ask(kraken, name, pair="XBTUSD", txid=txid, **what)
        else:
            ask(kraken, name, pair="XBTUSD", **what | (more or {}))
        yield result(kraken, "BalanceEx")


def _trades(kraken):
    first = result(kraken, "TradesHistory")
    pages = [
        first,
        *(
            result(kraken, "TradesHistory", ofs=str(start))
            for start in range(50, first["count"], 50)
        ),
    ]
    found = {txid: row for page in pages for txid, row in page["trades"].items()}
    assert len(found) == first["count"]
    return list(found.values())


def _still_wanted(kept):
    """The base that an open sell may still deliver."""
    left = Decimal(kept["vol"]) - Decimal(kept["vol_exec"])
    return left if kept["descr"]["type"] == "sell" else Decimal(0)


@settings(max_examples=examples(150))
@given(st.lists(CHANGES, min_size=6, max_size=25), SHARES)
def test_money_only_moves_between_balances_holds_and_fees(changes, shares):
    clock = StoppedClock()
    kraken = paper(clock=clock, keep_closed=5000)
    kraken.market = MarketRules(fill=shares)
    for held in _play(kraken, clock, changes):
        for row in held.values():
            assert 0 <= Decimal(row["hold_trade"]) <= Decimal(row["balance"])
        resting = [kept for kept in kraken.orders() if kept["status"] in ("open", "pending")]
        assert Decimal(held["XXBT"]["hold_trade"]) == sum(map(_still_wanted, resting))
        buys = [
            kept
            for kept in resting
            if kept["descr"]["type"] == "buy" and kept["descr"]["ordertype"] == "limit"
        ]
        paid = sum(
            (Decimal(kept["vol"]) - Decimal(kept["vol_exec"])) * Decimal(kept["descr"]["price"])
            for kept in buys
            if kept["descr"]["price"][0] not in "+-"
        )
        assert Decimal(held["ZUSD"]["hold_trade"]) >= paid - Decimal("0.001")
        if not resting:
            assert {row["hold_trade"].strip("0.") for row in held.values()} == {""}
    usd, btc = Decimal(10000), Decimal(1)
    for trade in _trades(kraken):
        sign = 1 if trade["type"] == "buy" else -1
        usd -= sign * Decimal(trade["cost"]) + Decimal(trade["fee"])
        btc += sign * Decimal(trade["vol"])
    held = result(kraken, "BalanceEx")
    assert usd - Decimal("0.0001") < Decimal(held["ZUSD"]["balance"]) <= usd
    assert Decimal(held["XXBT"]["balance"]) == btc
    for kept in kraken.orders():
        assert Decimal(kept["vol_exec"]) <= Decimal(kept["vol"])


MARGIN = st.one_of(
    st.tuples(st.just("mark"), st.integers(55_000, 65_000).map(str)),
    st.tuples(
        st.just("AddOrder"),
        st.builds(
            lambda kind, side, volume, more: (
                {"ordertype": kind, "type": side, "volume": volume} | more
            ),
            st.sampled_from(["market", "market", "limit", "stop-loss", "settle-position"]),
            st.sampled_from(["buy", "sell"]),
            LOTS | st.just("0"),
            st.fixed_dictionaries(
                {
                    "price": st.integers(55_000, 65_000).map(str),
                    "reduce_only": st.sampled_from(["false", "true"]),
                }
            ),
        ),
    ),
)


@settings(max_examples=examples(100))
@given(st.lists(MARGIN, min_size=6, max_size=25), SHARES)
def test_a_margin_account_changes_by_its_fees_its_results_and_what_it_settles(changes, shares):
    kraken = paper(keep_closed=5000)
    kraken.market = MarketRules(fill=shares)
    for held in _play(kraken, kraken._clock, changes, {"leverage": "2"}):
        assert all(Decimal(row["balance"]) >= 0 for row in held.values())
    kinds = {kept["txid"]: kept["descr"]["ordertype"] for kept in kraken.orders()}
    cash, coins, exposed = Decimal(10000), Decimal(1), Decimal(0)
    for trade in _trades(kraken):
        sign, volume = (1 if trade["type"] == "buy" else -1), Decimal(trade["vol"])
        cash -= Decimal(trade["fee"])
        exposed += sign * volume
        # Paid at the price of the opening, which is counted there.
        if kinds[trade["ordertxid"]] == "settle-position":
            coins -= sign * volume
        else:
            cash -= sign * Decimal(trade["cost"])
    for held in result(kraken, "OpenPositions").values():  # what is open was not paid for
        sign, volume = (1 if held["type"] == "buy" else -1), Decimal(held["vol"])
        left = volume - Decimal(held["vol_closed"])
        cash += sign * Decimal(held["cost"]) * left / volume
        exposed -= sign * left
    balance = result(kraken, "BalanceEx")
    assert exposed == 0
    assert Decimal(balance["XXBT"]["balance"]) == coins
    assert abs(Decimal(balance["ZUSD"]["balance"]) - cash) < Decimal("0.001")
