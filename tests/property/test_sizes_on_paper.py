"""Whatever an alert counts its size in, and whatever the account holds: our own refusal with a
reason, or an order that the paper Kraken takes, and never a larger one than asked."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.faked_function import Function
from tests.support.paper import KEY, SECRET, StoppedClock, order, paper, result
from webhook_core.bootstrap import assemble
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.packaged_pairs import snapshot
from webhook_core.kraken.paper.venue import PaperTransport
from webhook_core.kraken.venue import KrakenVenue

FRESH = datetime(2026, 9, 25, 6, 0, tzinfo=UTC)
"""When the packaged rules are as if they had just been read, and may refuse by the minimums."""
FAR_BACK_NS = 10**19
TAKER, DUST = Decimal("0.8"), Decimal("0.00000001")
D = Decimal


class Pair(NamedTuple):
    """``minimum``: so much of it as every order takes. ``has_costmin``: the
    packaged rules say it."""

    symbol: str
    key: str
    base: str
    price: Decimal
    minimum: Decimal
    has_costmin: bool = True

    def text(self, part: Decimal) -> str:
        """A part of its price, in as many decimals."""
        return f"{(self.price * part).quantize(self.price):f}"


class Figures(NamedTuple):
    """Of the account before an alert: free and whole balance of the base, free money,
    equity, margin position."""

    free: Decimal
    total: Decimal
    money: Decimal
    equity: Decimal
    position: Decimal


PAIRS = (
    Pair("BTC/USD", "XXBTZUSD", "XXBT", D(60000), D("0.0001")),
    Pair("ETH/USD", "XETHZUSD", "XETH", D(2500), D("0.01"), has_costmin=False),  # nor cost decimals
    Pair(
        "SHIB/USD", "SHIBUSD", "SHIB", D("0.00001234"), D(800000), has_costmin=False
    ),  # and five lot decimals
    Pair("DOGE/USD", "XDGUSD", "XXDG", D("0.2345678"), D(60)),
)
NAMES = {"XXBT": "BTC", "XETH": "ETH", "SHIB": "SHIB", "XXDG": "DOGE"}

amounts = st.sampled_from(
    [D(0), D("0.01"), D("1234.5678"), D("4321.5"), D("7654.32109876"), D("9999.99999999"), D(20000)]
)
parts = st.sampled_from(["100", "100", "50", "33.333333", "0.1"]) | st.integers(1, 100).map(str)
held_parts = st.sampled_from([D(0), D(1), D("0.37")])
away = st.sampled_from([D(1), D("0.9"), D("1.1"), D("0.97777777")])


class World:
    """One account, and one instance of ours in front of it.

    The market stays where it is, whatever an alert says.
    """

    def __init__(self, pair: Pair, money: Decimal, base: Decimal) -> None:
        self.pair, clock = pair, StoppedClock(FRESH)
        balances = {"USD": money, NAMES[pair.base]: base}
        self.kraken = paper(clock=clock, balances=balances, nonce_window=FAR_BACK_NS)
        self.kraken.mark_price(pair.key, pair.price)
        self.function = Function(clock=clock)
        venue = KrakenVenue(KrakenClient(KEY, SECRET, transport=PaperTransport(self.kraken)), clock)
        self.function.application = assemble(
            self.function.settings(), clock, self.function.store, venue
        )
        rules = self.function.application.decider.pair_rules
        rules.snapshot = lambda: [rule._replace(as_of=FRESH) for rule in snapshot()]

    def rest_sell(self, volume: Decimal) -> None:
        """A limit order that holds a part of the base back."""
        if volume >= self.pair.minimum * 2:
            asked = {
                "pair": self.pair.key,
                "type": "sell",
                "ordertype": "limit",
                "price": f"{self.pair.price * 2:f}",
            }
            order(self.kraken, volume=f"{volume.quantize(D('0.00001'), ROUND_DOWN):f}", **asked)

    def open(self, size: Decimal) -> None:
        """A margin position."""
        side = "buy" if size > 0 else "sell"
        order(
            self.kraken,
            pair=self.pair.key,
            type=side,
            volume=f"{abs(size):f}",
            leverage="2",
            ordertype="market",
        )

    def figures(self) -> Figures:
        rows = result(self.kraken, "BalanceEx")
        total, held = (
            D(rows.get(self.pair.base, {}).get(name, "0")) for name in ("balance", "hold_trade")
        )
        money = D(rows["ZUSD"]["balance"])
        return Figures(
            total - held, total, money, money + total * self.pair.price, self.held(leverage=True)
        )

    def held(self, leverage: bool) -> Decimal:
        if not leverage:
            return D(
                result(self.kraken, "BalanceEx").get(self.pair.base, {"balance": "0"})["balance"]
            )
        rows = result(self.kraken, "OpenPositions").values()
        return sum(
            ((D(r["vol"]) - D(r["vol_closed"])) * (1 if r["type"] == "buy" else -1) for r in rows),
            D(0),
        )

    def post(self, **fields: str | None):
        document = {"id": uuid.uuid4().hex, "symbol": self.pair.symbol, **fields}
        return self.function.post(self.function.alert(**document))


@st.composite
def worlds(draw, pairs=PAIRS):
    pair = draw(st.sampled_from(pairs))
    base = (draw(amounts) / pair.price).quantize(D("0.00000001"))
    world = World(pair, draw(amounts).quantize(D("0.0001")), base)
    world.rest_sell(base * draw(held_parts))
    return world


def outcome(answer) -> str:
    event(f"{answer.status} {(answer['error'] or answer['code'])[:24].split(':')[0]}")
    assert answer.status in (200, 400, 422), answer.document
    return answer["code"]


def cost_of(sent, price: Decimal) -> Decimal:
    return D(sent["volume"]) if "viqc" in sent.get("oflags", "") else D(sent["volume"]) * price


def too_small(world, answer) -> bool:
    """Kraken says so where we can't: of an amount of quote we need not know the volume, and some
    packaged rules lack a minimum."""
    sent = answer["orders"][0]["request"]
    return "minimum not met" in answer["error"] and (
        "viqc" in sent.get("oflags", "") or not world.pair.has_costmin
    )


@st.composite
def shares(draw, pair: Pair) -> dict[str, str | None]:
    """An order whose size is a share of the account, with the prices that it needs."""
    kind = draw(
        st.sampled_from(["percent_balance", "percent_equity", "percent_position", "risk_percent"])
    )
    side, order_type = draw(st.sampled_from(["buy", "sell"])), draw(ORDER_TYPES)
    leverage = None if kind == "percent_balance" else draw(st.sampled_from([None, None, "2"]))
    fields = {
        "quantity_type": kind,
        "side": side,
        "order_type": order_type,
        "volume": draw(parts),
        "leverage": leverage,
    }
    limits = order_type.endswith("limit")
    fields["price"] = pair.text(draw(away)) if limits or draw(st.booleans()) else None
    if order_type.startswith(("stop", "take")):
        fields["stop_price"] = pair.text(draw(away))
    if kind == "risk_percent":
        fields["stop_loss"] = pair.text(D("0.8") if side == "buy" else D("1.25"))
    return fields


ORDER_TYPES = st.sampled_from(
    [
        "market",
        "market",
        "market",
        "limit",
        "stop-loss",
        "take-profit",
        "stop-loss-limit",
        "take-profit-limit",
    ]
)


@given(data=st.data(), world=worlds())
@settings(max_examples=examples(500))
def test_a_share_of_the_account_is_refused_by_us_or_taken_by_kraken(data, world):
    fields = data.draw(shares(world.pair))
    before = world.figures()
    answer = world.post(**fields)
    code = outcome(answer)
    if code == "order_rejected":
        assert too_small(world, answer) or (
            may_lack_money(fields) and "Insufficient" in answer["error"]
        ), answer.document
    if code == "accepted":
        check_share(fields, before, answer["orders"][0]["request"], world.pair.price)


def may_lack_money(fields) -> bool:
    """How far an account may be leveraged is Kraken's to say."""
    return bool(fields["leverage"])


def check_share(fields, before: Figures, sent, market: Decimal) -> None:
    """Never more than the share, and on spot never more than is free, with the fee."""
    volume, percent = D(sent["volume"]), D(fields["volume"]) / 100
    named = [D(sent[name]) for name in ("price", "price2") if name in sent]
    cost = cost_of(sent, max(named, default=market))
    kind, sells = fields["quantity_type"], fields["side"] == "sell"
    base = volume / market if "viqc" in sent.get("oflags", "") else volume
    most = {
        "percent_balance": (volume, before.free) if sells else (cost, before.money),
        # Kraken states the equity of margin to four decimals
        "percent_equity": (cost, before.equity + (D("0.0001") if fields["leverage"] else 0)),
        "percent_position": (base, abs(before.position) if fields["leverage"] else before.total),
    }
    if kind in most:
        asked, of = most[kind]
        assert asked <= of * percent
    if not fields["leverage"] and sells:
        assert volume <= before.free
    elif not fields["leverage"]:
        assert cost * (1 + TAKER / 100) <= before.money + D("0.00001")


@given(
    world=worlds(),
    side=st.sampled_from(["buy", "sell"]),
    volume=amounts.filter(bool),
    how=st.integers(0, 3),
)
@settings(max_examples=examples(200))
def test_a_size_in_quote_never_costs_more(world, side, volume, how):
    price = world.pair.price
    fields = {"side": side, "volume": f"{volume:f}", "quantity_type": "quote", "price": None}
    if how & 1:
        fields |= {"order_type": "limit", "price": f"{price:f}"}
    if how & 2:
        fields |= {"leverage": "2"}
    answer = world.post(**fields)
    code = outcome(answer)
    if code == "order_rejected":  # a fixed size is not ours to fit to the account
        assert "Insufficient" in answer["error"] or too_small(world, answer), answer.document
    elif code == "accepted":
        assert cost_of(answer["orders"][0]["request"], price) <= volume


@st.composite
def positions(draw, unit: Decimal) -> dict[str, str | None]:
    """Close, reverse, or a target of a size or of a share."""
    fields: dict[str, str | None] = {"side": None, "volume": None}
    what = draw(st.sampled_from(["close", "reverse", "target", "target", "equity"]))
    if what == "close":
        return fields | {"action": "close", "percent": draw(parts)}
    if what == "reverse":
        return fields | {"action": "reverse"}
    where = draw(st.sampled_from(["long", "short", "flat"]))
    fields |= {"action": "target", "market_position": where}
    if what == "equity":
        return fields | {"volume": draw(parts), "quantity_type": "percent_equity"}
    size = D(0) if where == "flat" else unit * draw(st.integers(0, 4000)) / 1000
    return fields | {"market_position_size": f"{size:f}"}


@given(
    data=st.data(),
    world=worlds(PAIRS[:2]),
    leverage=st.booleans(),
    opened=st.sampled_from([D(0), D(1), D(-1), D("0.3")]),
)
@settings(max_examples=examples(400))
def test_a_position_is_gone_to_or_refused_and_never_overshot(data, world, leverage, opened):
    unit = 20 * world.pair.minimum * 20
    if leverage and opened and world.figures().money > 2000:
        world.open(opened * unit / 10)
    fields = data.draw(positions(unit)) | {
        "price": f"{world.pair.price:f}",
        "leverage": "2" if leverage else None,
    }
    before = world.held(leverage)
    answer = world.post(**fields)
    code, after = outcome(answer), world.held(leverage)
    fits = "market_position_size" not in fields and not leverage
    if code == "order_rejected":  # money that is not there, for a fixed size or a margin
        assert too_small(world, answer) or ("Insufficient" in answer["error"] and not fits), (
            answer.document
        )
    if code != "accepted":
        assert after == before
        return
    low, high = span(fields, before, leverage)
    assert low - DUST <= after <= high + DUST


def span(fields, before: Decimal, leverage: bool) -> tuple[Decimal, Decimal]:
    """Between which the position has to be after the order: on spot a sell ends where
    others hold the rest."""
    where = fields.get("market_position")
    if fields["action"] == "close":
        goal = before * (1 - D(fields["percent"]) / 100)
    elif fields["action"] == "reverse":
        goal = -before if leverage else D(0)
    elif "market_position_size" in fields:
        goal = D(fields["market_position_size"]) * {"long": 1, "short": -1, "flat": 0}[where]
    elif where != "flat" and (leverage or where == "long"):  # of that sign, whatever it is worth
        return (D(0), D(10**9)) if where == "long" else (D(-(10**9)), D(0))
    else:
        goal = D(0)
    goal = goal if leverage else max(goal, D(0))
    return (goal, goal) if leverage else (min(before, goal), max(before, goal))
