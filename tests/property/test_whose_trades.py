"""Over any orders, amendments, cancels and closes of two strategies: each trade is of the alert
that placed its order, or left its exit, and a close of one's own leaves nothing of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tests.support.examples import examples
from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import OTHER, STRATEGIES, TREND
from tests.support.paper import KEY, SECRET
from webhook_core.bootstrap import build
from webhook_core.kraken.paper.desk import MarketRules

D = Decimal
NO_ORDER = dict.fromkeys(("symbol", "side", "volume", "price"))
OWNERS = {TREND: "trend", OTHER: "other"}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("limit", "limit", "amend", "cancel", "cancel own", "buy", "stop")),
        st.sampled_from((TREND, TREND, OTHER)),
        st.sampled_from((58_000, 60_000, 62_000)),
        st.sampled_from(("1", "0.5")),
    ),
    min_size=6,
    max_size=10,
)


class Traders:
    """Two strategies at one account; ``placed``: by order id the strategy and alert of it."""

    def __init__(self, kraken: KrakenServer, home: Path, clock: FakeClock) -> None:
        self.kraken, self.clock, self.placed = kraken, clock, dict[str, tuple[str, str]]()
        (home / "strategies.toml").write_text(
            STRATEGIES.replace("token =", 'close = "own"\ntoken ='), "utf-8"
        )
        env = {
            "TRADING_MODE": "live", "KRAKEN_API_URL": kraken.url, "KRAKEN_API_KEY": KEY,
            "KRAKEN_API_SECRET": SECRET, "ALLOWED_SYMBOLS": "*", "MAX_ORDER_COST": "none",
            "STRATEGIES_FILE": str(home / "strategies.toml"), "LOG_LEVEL": "CRITICAL",
            "LEDGER_URL": f"sqlite:///{home}/ledger.db",
        }  # fmt: skip
        self.function = Function(env=env, clock=clock)
        self.function.application = build(self.function.settings(), clock)
        self.number = 0

    def alert(self, token: str, **fields: Any) -> Any:
        self.number += 1
        name = f"a-{self.number}"
        alert = self.function.alert(id=name, token=token, **fields)
        answer = self.function.post(alert)
        for _ in range(5):  # a machine that is busy does not read Kraken within the budget
            if answer.status != 503:
                break
            self.clock.sleep(5)
            answer = self.function.post(alert)
        for row in answer["orders"]:
            if row["order_id"] and "type" in row["request"]:
                self.placed[row["order_id"]] = (OWNERS[token], name)
        self.clock.sleep(300)
        return answer

    def resting(self) -> list[dict[str, Any]]:
        rows = (row for row in self.kraken.orders() if row["status"] == "open")
        return [row for row in rows if row["descr"]["ordertype"] == "limit"]

    def step(self, what: str, token: str, price: int, share: str) -> None:
        self.kraken.engine.market = MarketRules(fill=(D(share),))
        steps: dict[str, Callable[[], Any]] = {
            "buy": lambda: self.alert(token, volume="0.02", price=str(price)),
            "limit": lambda: self.alert(
                token,
                volume="0.04",
                price=str(price - 500),
                order_type="limit",
                fee_currency="base",
            ),
            "stop": lambda: self.alert(token, volume="0.02", stop_loss=str(price - 300)),
            "amend": lambda: self._change(token, action="amend", price=str(price + 100)),
            "cancel": lambda: self._change(token, action="cancel"),
            "cancel own": lambda: self.alert(
                token, **NO_ORDER | {"action": "cancel", "scope": "strategy"}
            ),
        }
        steps[what]()
        self.kraken.engine.mark_price("XBTUSD", D(price))
        self.clock.sleep(300)

    def _change(self, token: str, **fields: Any) -> None:
        for row in self.resting()[:1]:
            self.alert(token, **NO_ORDER | fields | {"order_id": row["txid"]})

    def reconcile(self) -> None:
        self.clock.sleep(300)
        assert self.function.operate("POST", "/reconcile").status == 200

    def whose(self, order_id: str, parent: str | None) -> tuple[str, str] | None:
        return self.placed.get(order_id) or self.placed.get(parent or "")


@settings(max_examples=examples(24), deadline=None)
@given(STEPS)
def test_each_trade_is_of_the_alert_that_placed_its_order(steps: list[Any]) -> None:
    clock = FakeClock()
    with (
        tempfile.TemporaryDirectory() as home,
        KrakenServer(
            balances={"USD": D(100_000), "BTC": D(1)},
            nonce_window=10**19, secret=SECRET, clock=clock,
        ) as kraken,
    ):  # fmt: skip
        kraken.engine.mark_price("XBTUSD", D(60000))
        traders = Traders(kraken, Path(home), clock)
        for step in steps:
            traders.step(*step)
        traders.reconcile()
        parents = {row["txid"]: row["refid"] for row in kraken.orders()}
        trades = list(traders.function.application.operators.money.trades({"month": "all"}))
        for trade in trades:
            expected = traders.whose(trade.order_id, parents.get(trade.order_id))
            assert (trade.strategy, trade.alert_id) == expected, trade
        kraken.engine.market = MarketRules()
        for price in (59_000, 63_000):  # what rests at a price that was met is filled to its end
            kraken.engine.mark_price("XBTUSD", D(price))
            clock.sleep(300)
        for token in (TREND, OTHER):
            answer = traders.alert(token, **NO_ORDER | {"action": "close", "symbol": "BTCUSD"})
            assert answer["code"] in ("accepted", "no_action"), answer.document
            traders.alert(token, **NO_ORDER | {"action": "cancel", "scope": "strategy"})
        traders.reconcile()
        report = traders.function.operate("GET", "/report", month="all")["rows"]
        assert {(row["open_volume"], row["beyond_volume"]) for row in report} <= {("0", "0")}
