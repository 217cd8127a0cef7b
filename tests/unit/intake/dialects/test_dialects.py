"""A table per dialect: what a body written for it becomes, or the exact name that
it is refused for."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.support.dialects import BY_TITLE
from tests.support.intake import ALL_CREDENTIALS, NOW, TOKEN, request, x_signature
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed
from webhook_core.intake.authentication import VerifiedBody, verify
from webhook_core.intake.other_tools import in_ours
from webhook_core.intake.parse import parse
from webhook_core.sending.firing import Firing
from webhook_core.settings.reading import read_settings
from webhook_core.trading.intent import is_of_own

OFF = (None, "", False, "false", 0, "0", "0.0", [], {})


def read(message) -> VerifiedBody:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    verified = verify(
        request(body, x_signature(body)), ALL_CREDENTIALS, NOW, anonymous_allowed=False
    )
    return in_ours(verified)


def said(message) -> dict[str, object]:
    """In our fields. Signed, so that tools without a secret are read too."""
    found = read(message)
    assert found.translated is not None
    parse(found)
    return {
        name: f"{value:f}" if isinstance(value, Decimal) else value
        for name, value in found.fields.items()
    }


def notes(message) -> str:
    return " ".join(read(message).translated.notes)


def refused(message) -> AlertMalformed:
    with pytest.raises(AlertMalformed) as caught:
        said(message)
    assert TOKEN not in caught.value.message
    return caught.value


def of(title, **changes):
    """The document's message of that tool with other values; None takes a name out."""
    message = json.loads(BY_TITLE[title].body()) | changes
    return {name: value for name, value in message.items() if value is not None}


def text_of(title, *lines):
    return b"\n".join([BY_TITLE[title].body(), *(line.encode() for line in lines)])


def nested(**inner):
    message = of("The nested format")
    return {**message, "strategy": {**message["strategy"], **inner}}


TP = "TradersPost"
FLAT = {"quantity": "0.01", "stopLoss": None, "sentiment": "flat", "action": "sell"}
PREV = {"prev_market_position": "long", "prev_market_position_size": "10"}
SHORT = {"action": "sell", "sentiment": "short", "quantity": "15", "stopLoss": None}
OKX, SIGNAL, DCA = "OKX signal bot", "3Commas Signal bot", "3Commas DCA bot"
PMT, WT, ALTRADY = "PickMyTrade", "WunderTrading", "Altrady's signal bot"
TV, FIN = "TV-Hub", "Finandy"


READ = [
    ("a nested sell", nested(order_action="sell"), {"side": "sell", "contracts": "0.01"}),
    ("a nested signed size", nested(position_size=-0.01), {"position_size": "-0.01"}),
    ("flat is an exit", of(TP, **FLAT), {"action": "close", "symbol": "BTCUSD"}),
    ("exit is a close", of(TP, **FLAT | {"action": "exit", "quantity": None}), {"action": "close"}),
    (
        "a part of the position",
        of(TP, **FLAT | {"action": "exit", "quantityType": "percent_of_position", "quantity": 50}),
        {"action": "close", "percent": "50"},
    ),
    ("cancel is the strategy's",
        of(TP, action="cancel", quantity=None, stopLoss=None, sentiment=None),
     {"action": "cancel", "scope": "strategy"}),
    ("long stays a part", of(TP, **FLAT | {"sentiment": "long", "quantityType": "fixed_quantity"}),
     {"action": "sell", "contracts": "0.01"}),
    ("a reversal says how much", of(TP, **SHORT, **PREV, quantityType="fixed_quantity"),
     {"action": "sell", "contracts": "15", "market_position": "short", **PREV}),
    ("dollars are quote", of(TP, quantityType="dollar_amount", quantity=100),
     {"volume": "100", "quantity_type": "quote"}),
    ("percent of equity", of(TP, quantityType="percent_of_equity", quantity=5),
     {"volume": "5", "quantity_type": "percent_equity"}),
    ("a stop buys above", of(TP, orderType="stop", stopPrice=61000, stopLoss=None),
     {"order_type": "stop-loss", "stop_price": "61000", "price": "60000"}),
    ("a stop with a limit",
        of(TP, orderType="stop_limit", stopPrice=61000, limitPrice=61100, stopLoss=None),
     {"order_type": "stop-loss-limit", "stop_price": "61000", "price": "61100"}),
    ("a trail in percent",
        of(TP, action="sell", sentiment=None, orderType="trailing_stop", trailPercent=2,
            stopLoss=None),
     {"order_type": "trailing-stop", "trail": "2%"}),
    ("a profit by distance", of(TP, stopLoss={}, takeProfit={"amount": 500}),
        {"take_profit": "+500"}),
    ("a stop by price", of(TP, stopLoss={"stopPrice": 55000}), {"stop_loss": "55000"}),
    ("enter_long", of(SIGNAL, action="enter_long", order=None), {"action": "buy"}),
    ("exit_long", of(SIGNAL, action="exit_long", order=None), {"action": "close"}),
    ("half of it",
        of(SIGNAL, action="exit_long", order={"amount": 50, "currency_type": "position_percent"}),
     {"action": "close", "percent": "50"}),
    ("a signal in quote", of(SIGNAL, order={"amount": 100, "currency_type": "quote"}),
     {"volume": "100", "quantity_type": "quote"}),
    ("a deal without a size", of(DCA, action=None, volume=None),
        {"action": "buy", "symbol": "BTC/USD"}),
    ("a deal that ends", of(DCA, action="close_at_market_price", volume=None), {"action": "close"}),
    ("a strategy's placeholders",
        of(OKX, action="buy", id="Long", investmentType="base", amount="0.1",
     marketPosition="long", prevMarketPosition="flat"),
     {"action": "buy", "contracts": "0.1", "market_position": "long",
         "prev_market_position": "flat"}),
    ("EXIT_LONG", of(OKX, action="EXIT_LONG", investmentType="percentage_position", amount="25"),
     {"action": "close", "percent": "25"}),
    ("of the balance", of(OKX, investmentType="percentage_balance"),
        {"quantity_type": "percent_balance"}),
    ("a close", of(ALTRADY, action="close", quote_amount=None), {"action": "close"}),
    ("a test", of(ALTRADY, test=True, symbol="BTCUSD"), {"validate": True, "symbol": "BTCUSD"}),
    ("a limit", of(PMT, order_type="LMT", percentage_sl=0),
        {"order_type": "limit", "price": "60000"}),
    ("a risk", of(PMT, quantity=0, risk_percentage=1),
        {"volume": "1", "quantity_type": "risk_percent"}),
    ("data close", of(PMT, data="close", percentage_sl=0), {"action": "close"}),
    ("one account",
        of(PMT, multiple_accounts=[{"token": "x", "account_id": "A", "quantity_multiplier": 1}]),
     {"action": "buy"}),
    ("sumUsd itself", of(FIN, open={"sumUsd": 70}), {"volume": "70", "quantity_type": "quote"}),
    ("base", of(FIN, open={"amountType": "amount", "amount": "0.1"}),
        {"volume": "0.1", "quantity_type": "base"}),
    ("sell closes beside an entry that is off",
        of(FIN, side="sell", open={"enabled": False}), {"action": "close"}),
    ("buy opens beside an exit that is off",
        of(FIN, open={"sumUsd": 70}, close={"enabled": False}), {"volume": "70"}),
    ("sell closes", of(FIN, side="sell", open=None, close={"enabled": True}), {"action": "close"}),
    ("units", of(TV, unitsType=None, unitsPercent=None, units="0.1"), {"volume": "0.1"}),
    ("fixed", of(TV, unitsType=None, unitsPercent=None, useFixedSize=True, fixedQuoteSize=80),
     {"volume": "80", "quantity_type": "quote"}),
    ("isClose", of(TV, isBuy=False, isClose=True, unitsPercent=None, unitsType=None),
        {"action": "close"}),
    ("a part", of(TV, isBuy=False, isClose=True, unitsType="percentPosition"), {"percent": "10"}),
    ("isLimit", of(TV, isMarket=False, isLimit=True, price=59000, postOnly=True),
     {"order_type": "limit", "price": "59000", "post_only": True}),
    ("EXIT-ALL", b"EXIT-ALL_KRAKEN_BTC-USD_MYBOT_1H_8e34479cfe49",
        {"action": "close", "symbol": "BTC-USD"}),
    ("ENTER-LONG alone", b"ENTER-LONG_KRAKEN_BTCUSD_MY BOT_1_1H_8e34",
        {"action": "buy", "symbol": "BTCUSD"}),
    ("one profit", of(WT, stopLoss=None, takeProfits=[{"priceDeviation": 0.015, "portfolio": 1}]),
     {"take_profit": "1.500%"}),
    ("apart by semicolons", BY_TITLE["OctoBot"].body().replace(b"\n", b";"), {"action": "buy"}),
    ("of what is free", text_of("OctoBot").replace(b"5%", b"5a%"),
        {"quantity_type": "percent_balance"}),
    ("limit and exit", text_of("OctoBot", "ORDER_TYPE=LIMIT", "PRICE=59000", "STOP_PRICE=55000"),
     {"order_type": "limit", "price": "59000", "stop_loss": "55000"}),
    ("a sell that only reduces", text_of("OctoBot", "REDUCE_ONLY=true").replace(b"BUY", b"SELL"),
        {"action": "sell"}),
    ("a buy that may open", text_of("OctoBot", "REDUCE_ONLY=false"), {"action": "buy"}),
    ("CANCEL", b"SYMBOL=BTCUSD\nSIGNAL=cancel", {"action": "cancel", "scope": "strategy"}),
    ("a crosstrade limit", (
        b"key=k;command=place;instrument=BTCUSD;action=sell;qty=1;"
        b"order_type=LIMIT;limit_price=61000;tif=GTC;"
    ),
     {"action": "sell", "order_type": "limit", "price": "61000"}),
    ("CLOSEPOSITION", b"key=k;command=CLOSEPOSITION;account=a;instrument=BTCUSD;",
        {"action": "close"}),
    ("a template's stop says nothing of its exit", of(TP, action="sell", sentiment="flat"),
     {"action": "close", "stop_loss": None}),
    ("an exit with a limit", of(TP, **FLAT | {"orderType": "limit", "limitPrice": 61000}),
     {"action": "sell", "order_type": "limit", "contracts": "0.01"}),
    ("nor of a sell", of(PMT, data="sell"), {"action": "sell", "stop_loss": None}),
    ("flat closes", of(FIN, side="sell", open=None, positionSide="flat"), {"action": "close"}),
    ("what is off asks for nothing",
        of(FIN, side="sell", positionSide="long", open={"enabled": False, "sumUsd": 5}),
     {"action": "close"}),
    ("an exit's positions", of(TP, **FLAT, **PREV), {"action": "close", **PREV}),
    ("an exit's references", of(TP, **FLAT, price=60000), {"action": "close", "price": "60000"}),
    ("a crosstrade template's close",
        b"key=k;command=CLOSEPOSITION;instrument=BTCUSD;order_type=MARKET;tif=DAY;price=60000;"
        b"market_position=flat;prev_market_position=long;",
     {"action": "close", "price": "60000", "market_position": "flat",
         "prev_market_position": "long"}),
    ("nor of a crosstrade sell",
        text_of("CrossTrade").replace(b"=buy", b"=sell") + b"stop_loss=2%;",
     {"action": "sell", "stop_loss": None}),
]  # fmt: skip

REFUSED = [
    ("a stop beside a sell", text_of("OctoBot", "STOP_PRICE=1").replace(b"BUY", b"SELL"),
        "STOP_PRICE", "its own"),
    ("an inner name", nested(comment="x"), "strategy.comment", "remove it"),
    ("a top name", of("The nested format", foo=1), "foo", "remove it"),
    ("sell and short", of(TP, **SHORT, quantityType="fixed_quantity"), "sentiment",
     "add prev_market_position and its size, or trade long only"),
    ("buy and flat", of(TP, sentiment="flat"), "sentiment", "trade long only"),
    ("add", of(TP, action="add"), "action", "send buy"),
    ("breakeven", of(TP, action="breakeven"), "action", "amend"),
    ("delay", of(TP, delay=5), "delay", "can't wait"),
    ("extras", of(TP, extras={"a": 1}), "extras", "leave it out"),
    ("two profits", of(TP, takeProfit={"percent": 1, "amount": 2}, stopLoss=None),
        "takeProfit.amount", "send one"),
    ("an unknown exit", of(TP, takeProfit={"level": 1}), "takeProfit.level", "remove it"),
    ("a limit without a price", of(TP, orderType="limit", signalPrice=None), "limitPrice",
        "is missing"),
    ("a part of what", of(TP, **FLAT | {"action": "exit"}), "quantity", "percent_of_position"),
    ("a part that is empty", of(TP, **FLAT | {"action": "exit", "quantity": "",
        "quantityType": "percent_of_position"}), "quantity", "says what it counts"),
    ("enter_short", of(SIGNAL, action="enter_short"), "action", "long only"),
    ("a percentage of margin", of(SIGNAL, order={"amount": 5, "currency_type": "margin_percent"}),
     "order.currency_type", "base or quote"),
    ("delay_seconds", of(DCA, delay_seconds=30), "delay_seconds", "can't wait"),
    ("no pair", of(DCA, pair=None), "pair", "USD_BTC"),
    ("a bot", of(DCA, action="stop_bot"), "action", "no bot"),
    ("ENTER_SHORT", of(OKX, action="ENTER_SHORT"), "action", "long only"),
    ("contracts", of(OKX, investmentType="contract"), "investmentType", "no contracts"),
    ("a swap", of(OKX, instrument="BTC-USDT-SWAP"), "instrument", "swap"),
    ("an offset", of(OKX, orderPriceOffset="0.1"), "orderPriceOffset", "price"),
    ("short", of(ALTRADY, side="short"), "side", "long only"),
    ("ladders", of(ALTRADY, dca_orders=[{"a": 1}]), "dca_orders", "one entry"),
    ("several accounts", of(PMT, multiple_accounts=[{"token": "x"}, {"token": "y"}]),
        "multiple_accounts", "several"),
    ("no pyramid", of(PMT, pyramid=False), "pyramid", "write true"),
    ("a trail", of(PMT, trail=5), "trail", "leave it out"),
    ("dollars", of(PMT, dollar_tp=5), "dollar_tp", "tp and sl"),
    ("exits as objects", of(FIN, sl={"enabled": True}), "sl", "stop_loss or take_profit"),
    ("a short", of(FIN, positionSide="short"), "positionSide", "long only"),
    ("sell opens", of(FIN, side="sell"), "open", "short"),
    ("an entry that is off", of(FIN, open={"enabled": False, "sumUsd": 70}), "open.enabled",
        "leave the alert out"),
    ("an entry that is off in words", of(FIN, open={"enabled": "false"}, positionSide="both"),
        "open.enabled", "leave the alert out"),
    ("an exit that is off", of(FIN, side="sell", open=None, close={"enabled": False}),
        "close.enabled", "leave the alert out"),
    ("all that is off", of(FIN, side="sell", open={"enabled": False}, close={"enabled": "false"}),
        "close.enabled", "leave the alert out"),
    ("a part of nothing", of(TV, isBuy=False, isClose=True, unitsType="percentPosition",
        unitsPercent=0), "unitsPercent", "says what it counts"),
    ("a percentage of nothing", of(TV, unitsPercent=None), "unitsPercent", "says what it counts"),
    ("both ways", of(TV, isSell=True), "isBuy", "isBuy and isSell"),
    ("no way", of(TV, isBuy=False), "isBuy", "none of"),
    ("leverage", of(TV, leverage=5), "leverage", "spot only"),
    ("ENTER-SHORT", of(WT, code="ENTER-SHORT_KRAKEN_BTCUSD_B_1H_8e"), "code", "long only"),
    ("several profits", of(WT, takeProfits=[{"price": 1}, {"price": 2}]), "takeProfits",
        "list of one"),
    ("percents", of(WT, amountPerTradeType="percents"), "amountPerTradeType", "fraction"),
    ("a buy that only reduces", text_of("OctoBot", "REDUCE_ONLY=true"), "REDUCE_ONLY", "long only"),
    ("several exits", text_of("OctoBot", "TAKE_PROFIT_PRICE_1=1"), "TAKE_PROFIT_PRICE_1",
        "one exit"),
    ("of some holdings", text_of("OctoBot").replace(b"5%", b"5t%"), "VOLUME", "what is free"),
    ("a line twice", text_of("OctoBot", "SIGNAL=SELL"), "SIGNAL", "twice"),
    ("FLATTEN", b"key=k;command=FLATTEN;account=a;instrument=BTCUSD;", "command", "CLOSEPOSITION"),
    ("a day order", text_of("CrossTrade").replace(b"MARKET", b"LIMIT") + b"limit_price=1;", "tif",
        "no day orders"),
    ("accounts", text_of("CrossTrade").replace(b"main", b"a,b"), "account", "several"),
    ("a limit of a close", of(TV, isBuy=False, isClose=True, unitsType=None, unitsPercent=None,
        isMarket=False, isLimit=True, price=1), "isLimit", "leave it out"),
    ("a maker's market order", of(TV, postOnly=True), "postOnly", "leave it out"),
    ("a close that turns", of(FIN, side="sell", open=None, close={"action": "reverse"}),
        "close.action", "no short"),
    ("a close of a part", of(FIN, side="sell", open=None, close={"action": "decrease"}),
        "close.action", "percent"),
    ("a close with a limit", of(FIN, side="sell", open=None, close={"type": "limit"}),
        "close.type", "limit order"),
    ("flat and buy", of(FIN, positionSide="flat"), "positionSide", "closes a short"),
    ("a limit that closes", b"key=k;command=CLOSEPOSITION;instrument=BTCUSD;order_type=LIMIT;",
        "order_type", "leave it out"),
    ("a bot without a pair", of(DCA, action="stop_bot", pair=None), "action", "no bot"),
    ("a secret elsewhere", of("The nested format", secret="x"), "secret", "stands in passphrase"),
    ("a secret where none is", of(WT, secret="x"), "secret", "scoped token into the URL"),
    ("a size that is none", nested(order_contracts="many"), "volume",
     "In this message of the nested format it is strategy.order_contracts"),
]  # fmt: skip


@row_by_row
@pytest.mark.parametrize(("what", "message", "expected"), READ, ids=[row[0] for row in READ])
def test_a_body_that_is_written_for_it_becomes_the_order_that_it_means(what, message, expected):
    found = said(message)
    assert {name: found.get(name) for name in expected} == expected


@row_by_row
@pytest.mark.parametrize(
    ("what", "message", "field", "advice"), REFUSED, ids=[row[0] for row in REFUSED]
)
def test_what_can_not_be_done_is_refused_by_name_with_what_to_change(what, message, field, advice):
    error = refused(message)
    assert (error.field, advice in error.message) == (field, True), error.message


@row_by_row
@pytest.mark.parametrize("value", OFF, ids=repr)
def test_a_refused_name_that_is_off_says_nothing(value):
    message = {**of(TP), "delay": value}
    assert said(message) == said(of(TP))


def test_a_size_that_decides_nothing_is_said_so():
    assert "quantity is not used" in notes(of(TP, **FLAT))
    assert "stopLoss of a sell is not used" in notes(of(TP, action="sell", sentiment="flat"))


CLOSES = [(what, message) for what, message, becomes in READ if becomes.get("action") == "close"]


@pytest.mark.parametrize(("what", "message"), CLOSES, ids=[row[0] for row in CLOSES])
@pytest.mark.parametrize(("says", "own"), [("", True), ("own", True), ("all", False)])
def test_a_close_is_of_what_its_strategy_bought_unless_that_says_otherwise(
    tmp_path, what, message, says, own
):
    path = tmp_path / "strategies.toml"
    path.write_text(f'[default]\nclose = "{says}"\n' if says else "", "utf-8")
    settings = read_settings({"WEBHOOK_TOKEN": TOKEN, "STRATEGIES_FILE": str(path)})
    found = read(message)
    firing = Firing.of(found, parse(found), NOW, settings)
    assert [is_of_own(intent) for intent in firing.wants.intents] == [own]


def test_a_close_and_an_entry_need_no_word():
    assert (notes(of(OKX)), notes(CLOSES[4][1])) == ("", "")


def test_every_fault_is_told_at_once():
    error = refused(of(TP, delay=5, foo=1, extras={"a": 1}))
    assert all(name in error.message for name in ("delay", "foo", "extras"))


def test_a_long_name_is_not_repeated():
    error = refused({**of(TP), "x" * 40: 1})
    assert "x" * 16 not in error.message


PASTED = [
    ("b=short s=btcusd q=1 t=market", "{{strategy.order.action}}", "BTCUSD", ()),
    ("b=buy s=btcusd q=1 t=limit p=59000 sl=2%", "buy", "BTCUSD", ("t", "p", "sl")),
    ("kraken(BTCUSD) { limit(side=buy, amount=1); }", "buy", "BTCUSD", ("limit",)),
    (
        "continue(if=flat);\nkraken(BTCUSD) { market(side=sell, amount=1); }\n#a",
        "sell",
        "BTCUSD",
        (),
    ),
    (
        "trade:ftx:short symbol=BTC-PERP size=1 price=5",
        "{{strategy.order.action}}",
        "{{ticker}}",
        ("price",),
    ),
    ("60123456789, buy, BTCUSD, risk=1, sl=20", "buy", "BTCUSD", ("risk", "sl")),
    ("60123456789,closeshort,BTCUSD", "{{strategy.order.action}}", "BTCUSD", ()),
    ("60123456789,closelongpct,BTCUSD,pct=50", "{{strategy.order.action}}", "BTCUSD", ("pct",)),
    ("60123456789,closeall", "close", "{{ticker}}", ()),
    ("60123456789,eaoff", "{{strategy.order.action}}", "{{ticker}}", ()),
    ("kraken short BTC/USD 100$", "{{strategy.order.action}}", "BTC/USD", ()),
    ("// my remark\ne=kraken s=btcusd b=buy q=1 t=market", "buy", "BTCUSD", ()),
    ("e=kraken s=btcusd c=position t=market", "close", "BTCUSD", ()),
    (
        "e=kraken s=btcusd c=order\ne=kraken s=btcusd b=buy q=1",
        "{{strategy.order.action}}",
        "BTCUSD",
        (),
    ),
    ("myKraken ETH/USD buy 300$ x3", "buy", "ETH/USD", ()),
    ("ETH/USD position -50 x3 myKraken", "target", "ETH/USD", ()),
    ("myKraken BTCUSD pos 0.5 3x", "target", "BTCUSD", ()),
    ("myKraken ETH/USD close 33.33%", "close", "ETH/USD", ("percent",)),
    ("myKraken ETH/USD close", "close", "ETH/USD", ()),
    ("myKraken ETH/USD buy 300$ x3 limit:myid002:1012", "buy", "ETH/USD", ("limit",)),
    ("myKraken ETH/USD cancel:myid002", "cancel", "ETH/USD", ("customID",)),
    ("myKraken ETH/USD cancel:all", "cancel", "ETH/USD", ()),
    ("// two orders\nA ETH/USD buy 1\nB ETH/USD buy 2", "buy", "ETH/USD", ()),
    ("myKraken ETHUSDT.P sell 5@ reduceonly", "sell", "ETHUSDT", ("reduceonly",)),
    ("myKraken BTC/USDT:USDT buy 10% collateral", "buy", "BTC/USDT", ("collateral",)),
    ("frosty:buy symbol=BTC/USD size=100%", "buy", "BTC/USD", ()),
    ("e=kraken s=btcusd b=long q=5% t=limit fpx=1% u=currency", "buy", "BTCUSD", ("t", "fpx", "u")),
    ("E=kraken A=main S=btcusd C=position B=long T=market", "close", "BTCUSD", ()),
    ("e=kraken s=btcusd c=position b=long q=50%", "close", "BTCUSD", ("q",)),
    ("60123456789,closelongsell,BTCUSD,risk=1", "{{strategy.order.action}}", "BTCUSD", ("risk",)),
    ("60123456789,eaon", "{{strategy.order.action}}", "{{ticker}}", ()),
    (
        "trade:kraken:stoploss symbol=BTC/USD stoptrigger=1",
        "{{strategy.order.action}}",
        "BTC/USD",
        ("stoptrigger",),
    ),
    ("trade:kraken:close symbol=BTC/USD", "close", "BTC/USD", ()),
    ("trade:kraken:close symbol=BTC/USD size=50%", "close", "BTC/USD", ("size",)),
    ("60123456789,sell,BTCUSD,vol_lots=0.1,sl=20", "sell", "BTCUSD", ("vol_lots", "sl")),
    (
        "60123456789,buylimit,BTCUSD,price=59000,risk=1",
        "{{strategy.order.action}}",
        "BTCUSD",
        ("price", "risk"),
    ),
    (
        "kraken(XBTUSD) { cancel(which=all); limit(side=sell, amount=1, offset=1%); } #bot",
        "sell",
        "XBTUSD",
        ("cancel", "limit"),
    ),
]


def test_a_position_is_pasted_as_the_target_that_it_is():
    message = refused(b"myKraken BTCUSD pos 0.5 x3").message.partition(": {")[2]
    pasted = json.loads("{" + message)
    assert pasted["market_position_size"] == "{{strategy.market_position_size}}"
    assert "volume" not in pasted


FREE = (
    "a=1 b=2",
    "e=kraken b=buy q=1 foo=2",
    "60123456789,hello,BTCUSD",
    "buy BTCUSD now 5 please",
    "BTCUSD crossing 60000",
    "BTC/USD 5",
    "buy 5",
    "kraken buy BTC/USD",
    "a b buy BTC/USD 5",
    "kraken BTC/USD ETH/USD buy 5",
    "kraken BTC/USD buy 5 6",
)


@row_by_row
@pytest.mark.parametrize("text", FREE)
def test_free_text_that_is_anything_else_is_nobodys(text):
    with pytest.raises(AlertMalformed, match="not valid JSON"):
        said(text.encode())


@row_by_row
@pytest.mark.parametrize(
    ("text", "action", "symbol", "rest"), PASTED, ids=[row[0][:30] for row in PASTED]
)
def test_what_to_paste_says_what_the_text_is_sure_of_and_names_the_rest(text, action, symbol, rest):
    """A short is no sell of what is held, and a limit none at the market."""
    before, _, message = refused(text.encode()).message.partition(": {")
    pasted = json.loads("{" + message)
    assert (pasted["action"], pasted["symbol"]) == (action, symbol)
    assert f"without {', '.join(rest)}," in before if rest else "without" not in before
