"""Messages as users of other tools have them in their alerts, with TradingView's values in: what
each becomes, all of it, or the tool's own name that it is refused for and what to change.

The forms are those of the tools' public documents and of public scripts. ``TOKEN`` stands where the
tool has its secret.
"""

from __future__ import annotations

from typing import Any, NamedTuple

NOW = "2026-02-18T14:30:30Z"
FIRED = {"fired_at": NOW}


class Row(NamedTuple):
    """``becomes``: the whole of it in our fields, or the field at fault and a part of the advice.
    ``volume``: of the order that is planned, where that is not the size as it stands."""

    tool: str
    what: str
    body: Any
    becomes: dict[str, Any] | tuple[str, str]
    volume: str | None = None


def _sheet(tool: str, base: dict[str, Any], rows) -> list[Row]:
    """``rows``: what, the names beside the base (None takes one out), the rest of a row."""
    found = []
    for what, names, *rest in rows:
        body = {name: value for name, value in (base | names).items() if value is not None}
        found.append(Row(tool, what, body, *rest))
    return found


def _texts(tool: str, rows) -> list[Row]:
    return [Row(tool, *row) for row in rows]


POSITIONS = {"market_position_size": "0.1", "prev_market_position_size": "0.1"}
SHORT = {"market_position": "short", "prev_market_position": "long"}
TRADING = {"symbol": "BTCUSD", "fired_at": NOW}

NESTED = _sheet("the nested format", {"passphrase": "TOKEN", "ticker": "BTCUSD", "time": NOW}, [
    ("the template of public bots", {"exchange": "KRAKEN", "bar": {
        "time": NOW, "open": 1, "high": 2, "low": 1, "close": 2, "volume": 3},
        "strategy": {"position_size": 0.1, "order_action": "buy", "order_contracts": 0.1,
            "order_price": 60000, "order_id": "Long", "market_position": "long",
            "market_position_size": 0.1, "prev_market_position": "flat",
            "prev_market_position_size": 0}},
     {"symbol": "BTCUSD", "time": NOW, "side": "buy", "contracts": "0.1", "price": "60000",
      "market_position": "long", "market_position_size": "0.1", "prev_market_position": "flat",
      "prev_market_position_size": "0", "position_size": "0.1"}),
    ("a reversal with both sizes", {"strategy": {"order_action": "sell", "order_contracts": 0.2,
        **SHORT, **POSITIONS}},
     {"symbol": "BTCUSD", "time": NOW, "side": "sell", "contracts": "0.2", **SHORT, **POSITIONS},
     "0.1"),
    ("a reversal with one size", {"strategy": {"order_action": "sell", "order_contracts": 0.2,
        **SHORT, "market_position_size": 0.1}},
     {"symbol": "BTCUSD", "time": NOW, "side": "sell", "contracts": "0.2", **SHORT,
      "market_position_size": "0.1"}, "0.1"),
    ("a reversal without sizes", {"strategy": {"order_action": "sell", "order_contracts": 0.2,
        **SHORT}}, ("strategy.market_position", "add prev_market_position and")),
    ("a buy that closes a short", {"strategy": {"order_action": "buy", "order_contracts": 0.2,
        "market_position": "flat"}}, ("strategy.market_position", "trade long only")),
    ("a leverage inside", {"strategy": {"order_action": "buy", "leverage": 5}},
     ("strategy.leverage", "remove it")),
    ("a stop inside", {"strategy": {"order_action": "buy", "stop_loss": 55000}},
     ("strategy.stop_loss", "remove it")),
    ("volume beside it", {"volume": 5, "strategy": {"order_action": "buy"}}, ("volume", "remove")),
    ("an action that is none", {"strategy": {"order_action": "long"}}, ("side", "order_action")),
    ("no size", {"strategy": {"order_action": "buy"}},
     {"symbol": "BTCUSD", "time": NOW, "side": "buy"}),
])  # fmt: skip

TP = {"ticker": "BTCUSD", "action": "buy"}
TRADERSPOST = _sheet("TradersPost", TP, [
    ("its simple example", {"signalPrice": 60000, "quantity": 1, "takeProfit": {"percent": 10}},
     {"symbol": "BTCUSD", "action": "buy", "contracts": "1", "price": "60000",
      "take_profit": "10%"}),
    ("its first example, with both exits", {"signalPrice": 60000, "quantity": 1,
        "takeProfit": {"percent": 10}, "stopLoss": {"type": "stop", "percent": 5}},
     ("stopLoss", "stands beside takeProfit")),
    ("a stop with a limit", {"quantity": 1, "stopLoss": {"type": "stop_limit",
        "stopPrice": 55000, "limitPrice": 54900}},
     {"symbol": "BTCUSD", "action": "buy", "contracts": "1", "stop_loss": "55000",
      "stop_loss_limit": "54900"}),
    ("a stop with a limit that is missing", {"stopLoss": {"type": "stop_limit", "stopPrice": 1}},
     ("stopLoss.limitPrice", "is missing")),
    ("a limit of no stop_limit", {"stopLoss": {"type": "stop", "stopPrice": 2, "limitPrice": 1}},
     ("stopLoss.limitPrice", "type stop_limit")),
    ("a stop that trails", {"stopLoss": {"type": "trailing_stop", "trailPercent": 2}},
     ("stopLoss.trailPercent", "trailing_stop")),
    ("dollars at a limit", {"quantity": 200, "quantityType": "dollar_amount",
        "orderType": "limit", "limitPrice": 59000, "timeInForce": "gtc"},
     {"symbol": "BTCUSD", "action": "buy", "volume": "200", "quantity_type": "quote",
      "order_type": "limit", "price": "59000", "time_in_force": "gtc"}),
    ("a day's market order", {"quantity": 1, "orderType": "market", "timeInForce": "day"},
     {"symbol": "BTCUSD", "action": "buy", "contracts": "1"}),
    ("a day's limit", {"quantity": 1, "orderType": "limit", "limitPrice": 1, "timeInForce": "day"},
     ("time_in_force", "it is timeInForce")),
    ("a limit without its type", {"quantity": 1, "limitPrice": 59000}, ("limitPrice", "market")),
    ("a strategy's exit", {"action": "sell", "sentiment": "flat", "quantity": "0.1",
        "signalPrice": "60000", "interval": "60"},
     {"symbol": "BTCUSD", "action": "close", "price": "60000"}),
    ("a reversal in dollars", {"action": "sell", "sentiment": "short", "quantity": 200,
        "quantityType": "dollar_amount", "prev_market_position": "long",
        "prev_market_position_size": "10"}, ("market_position", "a size in the coin")),
    ("a buy from a short of unknown size", {"sentiment": "long", "quantity": "15",
        "quantityType": "fixed_quantity", "prev_market_position": "short"},
     ("market_position", "prev_market_position_size")),
    ("a buy from a short", {"sentiment": "long", "quantity": "15",
        "quantityType": "fixed_quantity", "prev_market_position": "short",
        "prev_market_position_size": "10"},
     {"symbol": "BTCUSD", "action": "buy", "contracts": "15", "market_position": "long",
      "prev_market_position": "short", "prev_market_position_size": "10",
      "market_position_size": "5"}, "5"),
    ("a sell to a short", {"action": "sell", "sentiment": "short", "quantity": "15",
        "signalPrice": "60000", "prev_market_position": "long", "prev_market_position_size": "10"},
     {"symbol": "BTCUSD", "action": "sell", "contracts": "15", "price": "60000",
      "market_position": "short", "market_position_size": "5", "prev_market_position": "long",
      "prev_market_position_size": "10"}, "10"),
    ("a sell to a short of less than was long", {"action": "sell", "sentiment": "short",
        "quantity": "5", "signalPrice": "60000", "prev_market_position": "long",
        "prev_market_position_size": "10"}, ("market_position", "is not said")),
    ("a reverse", {"action": "reverse", "quantity": 1, "sentiment": "short"},
     ("action", "send exit")),
    ("options", {"optionType": "call", "signalPrice": 1}, ("optionType", "no options")),
])  # fmt: skip

SIGNAL = {"secret": "TOKEN", "max_lag": "300", "timestamp": NOW, "trigger_price": "60000",
    "tv_exchange": "KRAKEN", "tv_instrument": "BTCUSD", "bot_uuid": "2f1a-0b3c"}  # fmt: skip
SAID = {**TRADING, "price": "60000"}
THREECOMMAS = _sheet("3Commas' Signal bot", SIGNAL, [
    ("an entry of its own", {"action": "enter_long"}, {**SAID, "action": "buy"}),
    ("a strategy's entry", {"action": "buy", "order": {"amount": "0.1", "currency_type": "base"},
        "strategy_info": {"market_position": "long", "market_position_size": "0.1",
            "prev_market_position": "flat", "prev_market_position_size": "0"}},
     {**SAID, "action": "buy", "contracts": "0.1", "market_position": "long",
      "market_position_size": "0.1", "prev_market_position": "flat",
      "prev_market_position_size": "0"}),
    ("a reversal", {"action": "sell", "order": {"amount": "0.2", "currency_type": "base"},
        "strategy_info": {**SHORT, **POSITIONS}},
     {**SAID, "action": "sell", "contracts": "0.2", **SHORT, **POSITIONS}, "0.1"),
    ("a reversal without sizes", {"action": "sell", "strategy_info": SHORT,
        "order": {"amount": "0.2", "currency_type": "base"}},
     ("strategy_info.market_position", "prev_market_position_size")),
    ("a reversal in quote", {"action": "sell", "strategy_info": {**SHORT, **POSITIONS},
        "order": {"amount": "200", "currency_type": "quote"}},
     ("strategy_info.market_position", "a size in the coin")),
    ("half an exit", {"action": "exit_long",
        "order": {"amount": "50", "currency_type": "position_percent"}},
     {**SAID, "action": "close", "percent": "50"}),
    ("a market order that says so", {"action": "enter_long",
        "order": {"amount": "100", "currency_type": "quote", "order_type": "market"}},
     {**SAID, "action": "buy", "volume": "100", "quantity_type": "quote"}),
    ("a limit", {"action": "enter_long", "order": {"amount": "1", "currency_type": "quote",
        "order_type": "limit", "price": "59000"}},
     {**SAID, "action": "buy", "volume": "1", "quantity_type": "quote", "order_type": "limit",
      "price": "59000"}),
    ("a limit without a price", {"action": "enter_long", "order": {"order_type": "limit"}},
     ("order.price", "is missing")),
    ("a price without its type", {"action": "enter_long", "order": {"amount": "1",
        "currency_type": "quote", "price": "59000"}}, ("order.price", "order_type limit")),
    ("a limit of an exit", {"action": "exit_long", "order": {"order_type": "limit", "price": 1}},
     ("order.order_type", "must be market")),
    ("exits as public bots send them", {"action": "enter_long", "stop_loss": {"enabled": True,
        "order_type": "market", "trigger_price_percent": 1.5}},
     ("stop_loss", "stop_loss or take_profit")),
    ("what its bot's page gives", {"action": "enter_long", "max_lag": None, "timestamp": None,
        "trigger_price": None}, {"symbol": "BTCUSD", "action": "buy"}),
    ("a time in seconds", {"action": "exit_long", "timestamp": 1771425030, "trigger_price": 60000},
     {**SAID, "fired_at": "1771425030", "action": "close"}),
    ("of the margin", {"action": "enter_long",
        "order": {"amount": "50", "currency_type": "margin_percent"}},
     ("order.currency_type", "'margin_percent'")),
    ("disable", {"action": "disable"}, ("action", "no bot here")),
    ("disable and close", {"action": "disable", "positions_sub_action": "market_close"},
     ("positions_sub_action", "no bot here")),
    ("a short", {"action": "enter_short"}, ("action", "long only")),
    ("leverage of one", {"action": "enter_long", "leverage": 1}, {**SAID, "action": "buy"}),
])  # fmt: skip

DCA = {"message_type": "bot", "bot_id": 4711, "email_token": "TOKEN", "delay_seconds": 0}
THREECOMMAS_DCA = _sheet("3Commas' DCA bot", DCA, [
    ("what the bot's page gives", {}, ("pair", "USD_BTC")),
    ("with a pair", {"pair": "USD_BTC"}, {"symbol": "BTC/USD", "action": "buy"}),
    ("in capitals", {"message_type": "Bot", "pair": "USDT_ETH"},
     {"symbol": "ETH/USDT", "action": "buy"}),
    ("all in capitals", {"message_type": "BOT ", "pair": "USD_BTC",
        "action": "close_at_market_price"}, {"symbol": "BTC/USD", "action": "close"}),
    ("a later start", {"pair": "USD_BTC", "delay_seconds": "30"}, ("delay_seconds", "write 0")),
    ("more money", {"pair": "USD_BTC", "action": "add_funds_in_quote", "volume": "50"},
     {"symbol": "BTC/USD", "action": "buy", "volume": "50", "quantity_type": "quote"}),
    ("more money of no amount", {"pair": "USD_BTC", "action": "add_funds_in_quote"},
     ("volume", "is missing")),
    ("all deals", {"action": "close_at_market_price_all"},
     ("action", "'close_at_market_price_all': send close_at_market_price, once for each pair")),
    ("a canceled deal", {"pair": "USD_BTC", "action": "cancel"}, ("action", "not canceled")),
    ("a bot that starts", {"action": "start_bot"}, ("action", "no bot here")),
    ("a pair the other way", {"pair": "BTC/USD"}, ("pair", "the quote and the base")),
    ("a panic", {"pair": "USD_BTC", "action": "panic_close"}, ("action", "close_at_market_price")),
])  # fmt: skip

OKX_BASE = {"signalToken": "TOKEN", "instrument": "BTC-USD", "timestamp": NOW, "maxLag": "60"}
OKX_SAID = {"symbol": "BTC-USD", "fired_at": NOW}
OKX_SHORT = {"marketPosition": "short", "prevMarketPosition": "long"}
OKX_SIZES = {"marketPositionSize": "0.1", "prevMarketPositionSize": "0.1"}
OKX = _sheet("OKX' signal bot", OKX_BASE, [
    ("a strategy's entry", {"id": "Long", "action": "buy", "marketPosition": "long",
        "prevMarketPosition": "flat", "marketPositionSize": "0.1", "prevMarketPositionSize": "0",
        "investmentType": "base", "amount": "0.1"},
     {**OKX_SAID, "action": "buy", "contracts": "0.1", "market_position": "long",
      "market_position_size": "0.1", "prev_market_position": "flat",
      "prev_market_position_size": "0"}),
    ("a strategy's reversal", {"id": "S", "action": "sell", **OKX_SHORT, **OKX_SIZES,
        "investmentType": "base", "amount": "0.2"},
     {**OKX_SAID, "action": "sell", "contracts": "0.2", **SHORT, **POSITIONS}, "0.1"),
    ("a reversal without sizes", {"action": "sell", **OKX_SHORT, "investmentType": "base",
        "amount": "0.2"}, ("marketPosition", "add prevMarketPosition and prevMarketPositionSize")),
    ("a reversal of the balance", {"action": "sell", **OKX_SHORT, **OKX_SIZES,
        "investmentType": "percentage_balance", "amount": "50"},
     ("marketPosition", "a size in the coin")),
    ("an entry with the margin", {"action": "ENTER_LONG", "orderType": "market",
        "investmentType": "margin", "amount": "100"},
     {**OKX_SAID, "action": "buy", "volume": "100", "quantity_type": "quote"}),
    ("an exit of all", {"action": "EXIT_LONG", "orderType": "market",
        "investmentType": "percentage_position", "amount": "100"},
     {**OKX_SAID, "action": "close", "percent": "100"}),
    ("a perpetual of TradingView's", {"instrument": "BTCUSDT.P", "action": "ENTER_LONG"},
     ("instrument", "only spot")),
    ("a perpetual of ccxt's", {"instrument": "BTC/USDT:USDT", "action": "ENTER_LONG"},
     ("instrument", "only spot")),
    ("a limit by an offset", {"action": "ENTER_LONG", "orderType": "limit",
        "orderPriceOffset": "0.05"}, ("orderPriceOffset", "orderType market")),
    ("of what the bot was given", {"action": "ENTER_LONG", "amount": "50",
        "investmentType": "percentage_investment"},
     ("investmentType", "'percentage_investment': what the bot was given")),
    ("exits of another tool", {"action": "ENTER_LONG", "tpPrice": "65000"}, ("tpPrice", "remove")),
    ("a short's exit", {"action": "EXIT_SHORT"}, ("action", "long only")),
])  # fmt: skip

ALTRADY = _sheet("Altrady's signal bot", {
    "api_key": "k-1", "api_secret": "TOKEN", "exchange": "KRKN", "symbol": "KRKN_USD_BTC",
}, [
    ("an open signal", {"action": "open", "side": "long"}, {"symbol": "BTC/USD", "action": "buy"}),
    ("without leverage", {"action": "open", "side": "long", "leverage": 1, "quote_amount": 100},
     {"symbol": "BTC/USD", "action": "buy", "volume": "100", "quantity_type": "quote"}),
    ("with leverage", {"action": "open", "side": "long", "leverage": 3}, ("leverage", "spot only")),
    ("one more entry", {"action": "increase", "side": "long", "quote_amount": "50",
        "signal_price": "60000"},
     {"symbol": "BTC/USD", "action": "buy", "volume": "50", "quantity_type": "quote",
      "price": "60000"}),
    ("a limit", {"action": "open", "side": "long", "order_type": "limit", "signal_price": 1},
     ("order_type", "a limit order in our fields")),
    ("with exits", {"action": "open", "side": "long", "take_profit": [{"price_percentage": 2}],
        "stop_loss": {"stop_percentage": 3}}, ("take_profit", "stop_loss or take_profit")),
    ("a close", {"action": "close", "side": "long"}, {"symbol": "BTC/USD", "action": "close"}),
    ("a short's close", {"action": "close", "side": "short"}, ("side", "long only")),
    ("a part", {"action": "reduce", "side": "long"}, ("action", "close with percent")),
    ("a condition", {"action": "open", "side": "long", "entry_condition": {"price": 1}},
     ("entry_condition", "market order")),
    ("a bot that stops", {"action": "stop_and_close", "symbol": None}, ("action", "no bot here")),
    ("a ticker", {"symbol": "BTCUSD", "action": "open", "side": "buy"}, ("side", "must be long")),
])  # fmt: skip

PMT = {"symbol": "BTCUSD", "date": NOW, "data": "buy", "quantity": 1, "risk_percentage": 0,
    "price": "60000", "tp": 0, "percentage_tp": 0, "dollar_tp": 0, "sl": 0, "dollar_sl": 0,
    "percentage_sl": 0, "trail": 0, "trail_stop": 0, "update_tp": False, "update_sl": False,
    "token": "TOKEN", "pyramid": True, "reverse_order_close": True}  # fmt: skip
BOUGHT = {**TRADING, "action": "buy", "contracts": "1", "price": "60000"}
PICKMYTRADE = _sheet("PickMyTrade", PMT, [
    ("all that its page writes", {}, BOUGHT),
    ("both exits", {"percentage_tp": 10, "percentage_sl": 5, "platform": "RITHMIC"},
     ("percentage_sl", "stands beside percentage_tp")),
    ("exits in two ways", {"tp": 65000, "percentage_tp": 5}, ("percentage_tp", "send one")),
    ("one exit", {"sl": 55000}, {**BOUGHT, "stop_loss": "55000"}),
    ("one account among several", {"multiple_accounts": [{"token": "x", "account_id": "B",
        "connection_name": "R", "risk_percentage": 0, "quantity_multiplier": 1}]}, BOUGHT),
    ("twice the quantity", {"multiple_accounts": [{"quantity_multiplier": 2}]},
     ("multiple_accounts.quantity_multiplier", "the quantity itself")),
    ("a limit", {"order_type": "LMT", "price": "59000"},
     {**BOUGHT, "order_type": "limit", "price": "59000"}),
    ("a sell's trigger", {"data": "sell", "order_type": "STP", "price": "55000"},
     {**TRADING, "action": "sell", "contracts": "1", "order_type": "stop-loss",
      "stop_price": "55000"}),
    ("a close", {"data": "close", "quantity": 0},
     {**TRADING, "action": "close", "price": "60000"}),
    ("a part of it", {"data": "close", "full_closed": False}, ("full_closed", "with percent")),
    ("all of it", {"data": "close", "quantity": 0, "full_closed": True, "comment": "Close entry"},
     {**TRADING, "action": "close", "price": "60000"}),
    ("a date without a zone", {"date": "2026-02-18 14:30:30"}, ("fired_at", "it is date")),
    ("no second buy", {"pyramid": False}, ("pyramid", "write true")),
    ("a trail", {"trail_stop": 5}, ("trail_stop", "leave it out")),
])  # fmt: skip

FINANDY = _sheet("Finandy", {
    "name": "Hook 1", "secret": "TOKEN", "side": "buy", "symbol": "BTCUSD", "positionSide": "long",
}, [
    ("an entry as the hook has it", {}, {"symbol": "BTCUSD", "action": "buy"}),
    ("an entry of dollars", {"open": {"amountType": "sumUsd", "amount": "100"}},
     {"symbol": "BTCUSD", "action": "buy", "volume": "100", "quantity_type": "quote"}),
    ("an amount of nothing", {"open": {"amount": "100"}}, ("open.amountType", "is missing")),
    ("a price", {"open": {"price": 60000}}, ("open.price", "limit order")),
    ("a long's exit", {"side": "sell"}, {"symbol": "BTCUSD", "action": "close"}),
    ("a short's entry", {"side": "sell", "open": {"sumUsd": 100}}, ("open", "opens a short")),
    ("a short's exit", {"positionSide": "short", "close": {}}, ("positionSide", "long only")),
    ("a reversal", {"side": "sell", "close": {"action": "reverse"}}, ("close.action", "no short")),
    ("a part", {"side": "sell", "close": {"action": "decrease"}}, ("close.action", "percent")),
    ("exits", {"sl": {"price": 55000}, "tp": {"orders": [{"price": 65000}]}},
     ("sl", "stop_loss or take_profit")),
    ("a quantity of another tool", {"quantity": 0.1}, ("quantity", "remove it")),
    ("a strategy's side", {"positionSide": "strategy"}, ("positionSide", "send long")),
    ("an average", {"dca": {"enabled": True}}, ("dca", "one entry")),
])  # fmt: skip

HUB = {"exchange": "kraken", "pair": "BTCUSD", "apiKey": "kraken-main", "token": "TOKEN"}
HUB_EXITS = {"stopLossType": "percent", "stopLossPercent": 1.5, "targetType": "percent",
    "targetAmountInPercent": True, "targets": [{"takeProfitPercent": 1, "amount": 50}]}  # fmt: skip
TVHUB = _sheet("TV-Hub", HUB, [
    ("its minimal market buy", {"isBuy": True, "units": 0.01, "unitsType": "absolute"},
     {"symbol": "BTCUSD", "action": "buy", "volume": "0.01"}),
    ("its realistic entry", {"isBuy": True, "isMarket": True, "unitsType": "percent",
        "unitsPercent": 5, **HUB_EXITS}, ("stopLossType", "stop_loss or take_profit")),
    ("targets alone", {"isBuy": True, "targets": [1], "targetAmountInPercent": True},
     ("targets", "targets, targetAmountInPercent: exits are not read")),
    ("five percent", {"isBuy": True, "unitsType": "percent", "unitsPercent": 5, "leverage": 1},
     {"symbol": "BTCUSD", "action": "buy", "volume": "5", "quantity_type": "percent_balance"}),
    ("leverage", {"isBuy": True, "units": 1, "leverage": 10, "marginType": "isolated"},
     ("leverage", "spot only")),
    ("flags as texts", {"isBuy": "true", "isSell": "false", "units": "0.01"},
     {"symbol": "BTCUSD", "action": "buy", "volume": "0.01"}),
    ("half a close", {"isClose": True, "unitsType": "percentPosition", "unitsPercent": 50},
     {"symbol": "BTCUSD", "action": "close", "percent": "50"}),
    ("a close and a cancel", {"isClose": True, "cancelAllOrders": True},
     ("cancelAllOrders", "action cancel")),
    ("a strategy's template", {"orderType": "buy", "units": "0.01"},
     ("orderType", 'side "{{strategy.order.action}}"')),
    ("a limit of a maker", {"isBuy": True, "isLimit": True, "price": 59000, "units": 0.01,
        "postOnly": True},
     {"symbol": "BTCUSD", "action": "buy", "volume": "0.01", "order_type": "limit",
      "price": "59000", "post_only": True}),
    ("of the wallet", {"isBuy": True, "unitsType": "percentWallet", "unitsPercent": 5},
     ("unitsType", "percentBalance")),
    ("a hedge's close", {"isClose": True, "closeLong": True}, ("closeLong", "spot only")),
])  # fmt: skip

CODE = "ENTER-LONG_KRAKEN_BTCUSD_BOT-NAME-5r8x_1M_744bde7b7594b117"
EXIT = CODE.replace("ENTER", "EXIT")
ENTERED = {"symbol": "BTCUSD", "action": "buy"}
WUNDER = [
    *_texts("WunderTrading", [
        ("its entry code", CODE, ENTERED),
        ("its exit code", EXIT, {"symbol": "BTCUSD", "action": "close"}),
        ("a code and a line break", CODE + "\r\n", ENTERED),
        ("a short's code", CODE.replace("LONG", "SHORT"), ("code", "long only")),
        ("two codes", f"{CODE}\n{CODE.replace('BTC', 'ETH')}", ("code", "an alert of its own")),
        ("an exit and an entry", f"{EXIT}\n\n{CODE}", ("code", "an alert of its own")),
        ("a code twice", f"{CODE}\n{CODE}", ("code", "an alert of its own")),
        ("a remark behind the code", f"{CODE}\nprice 60000", ("code", "an alert of its own")),
        ("a bot without a pair", CODE.replace("BTCUSD", "NONE"), ("code", "names no pair")),
        ("a bot of many pairs", CODE.replace("BTCUSD", "MULTIPLE-PAIRS"), ("code", "no pair")),
    ]),
    *_sheet("WunderTrading", {"code": CODE, "orderType": "market"}, [
        ("its JSON", {"amountPerTradeType": "quote", "amountPerTrade": 150, "leverage": 1,
            "takeProfits": [{"priceDeviation": 0.01, "portfolio": 1}], "reduceOnly": False},
         {**ENTERED, "volume": "150", "quantity_type": "quote", "take_profit": "1.00%"}),
        ("both exits", {"stopLoss": {"priceDeviation": 0.02},
            "takeProfits": [{"priceDeviation": 0.01, "portfolio": 1}]},
         ("stopLoss", "stands beside takeProfits")),
        ("an exit's JSON", {"code": EXIT, "reduceOnly": True, "leverage": 1},
         {"symbol": "BTCUSD", "action": "close"}),
        ("an entry that only reduces", {"reduceOnly": True}, ("reduceOnly", "closes a short")),
        ("dollars", {"amountPerTradeType": "$", "amountPerTrade": 100},
         ("amountPerTradeType", "send quote")),
        ("several codes", {"code": f"{CODE}\n{EXIT}"}, ("code", "an alert of its own")),
        ("a list of codes", {"code": [CODE, EXIT]}, ("code", "an alert of its own")),
        ("names of another script", {"sl": "120.00", "tp": "130.00", "type": "ENTRY"},
         ("sl", "sl, tp, type: is no name")),
    ]),
]  # fmt: skip

OCTO = "EXCHANGE=KRAKEN\nSYMBOL=BTCUSD\nSIGNAL=BUY\nTOKEN=TOKEN"
OCTOBOT = _texts("OctoBot", [
    ("its minimal alert", OCTO, ENTERED),
    ("a sell on one line", OCTO.replace("\n", ";").replace("BUY", "SELL") + ";VOLUME=0.1",
     {"symbol": "BTCUSD", "action": "sell", "volume": "0.1", "quantity_type": "base"}),
    ("a remark", f"// my alert\n{OCTO}", ENTERED),
    ("blanks around the signs", OCTO.replace("=", " = "), ENTERED),
    ("its full example", OCTO + "\nORDER_TYPE=LIMIT\nVOLUME=0.01\nPRICE=42000\nSTOP_PRICE=38000\n"
        "TAKE_PROFIT_PRICE=55000\nREDUCE_ONLY=false", ("STOP_PRICE", "beside TAKE_PROFIT_PRICE")),
    ("a limit below the market", OCTO + "\nORDER_TYPE=LIMIT\nVOLUME=0.01\nPRICE=-2%",
     {**ENTERED, "volume": "0.01", "quantity_type": "base", "order_type": "limit",
      "price": "-2%"}),
    ("a delta", OCTO + "\nORDER_TYPE=LIMIT\nPRICE=-200d", ("price", "it is PRICE")),
    ("a stop in percent", OCTO + "\nSTOP_PRICE=-5%", ("STOP_PRICE", "a plain decimal number")),
    ("of the pair's holdings", OCTO + "\nVOLUME=12s%", ("VOLUME", "what is free")),
    ("ratios of profits", OCTO + "\nTAKE_PROFIT_PRICE=1\nTAKE_PROFIT_VOLUME_RATIO_1=1",
     ("TAKE_PROFIT_VOLUME_RATIO_1", "one exit")),
    ("leverage", OCTO + "\nLEVERAGE=3", ("LEVERAGE", "spot only")),
    ("leverage of one", OCTO + "\nLEVERAGE=1", ENTERED),
    ("one side's orders", OCTO.replace("BUY", "CANCEL") + "\nPARAM_SIDE=buy",
     ("PARAM_SIDE", "action cancel")),
    ("a signal that is none", OCTO.replace("BUY", "LONG"), ("SIGNAL", "must be buy, sell")),
])  # fmt: skip

PLACE = ("key=TOKEN;command=PLACE;account=sim101;instrument=BTCUSD;action=BUY;qty=1;"
    "order_type=MARKET;tif=DAY;")  # fmt: skip
PLACED = {"symbol": "BTCUSD", "action": "buy", "contracts": "1"}
AROUND = ("market_position=short;prev_market_position=long;market_position_size=0.5;"
    "prev_market_position_size=0.5;")  # fmt: skip
CROSSTRADE = _texts("CrossTrade", [
    ("its market order", PLACE, PLACED),
    ("a line a parameter", PLACE.replace(";", ";\n"), PLACED),
    ("a remark", f"// long entry\n{PLACE}", PLACED),
    ("a strategy's reversal", PLACE.replace("BUY", "SELL") + AROUND,
     {**PLACED, "action": "sell", **SHORT, "market_position_size": "0.5",
      "prev_market_position_size": "0.5"}, "0.5"),
    ("a reversal without sizes", PLACE.replace("BUY", "SELL")
        + "market_position=short;prev_market_position=long;", ("market_position", "is not said")),
    ("a position that is kept up", PLACE + "sync_strategy=true;out_of_sync=flatten;",
     ("sync_strategy", "our target")),
    ("an ATM strategy", PLACE + "strategy=MyATM;", ("strategy", "stops and targets")),
    ("a bracket", PLACE + "take_profit=65000;stop_loss=55000;",
     ("stop_loss", "stands beside take_profit")),
    ("ticks", PLACE + "take_profit=40 ticks;", ("take_profit", "a plain decimal number")),
    ("a limit for good", PLACE.replace("MARKET;tif=DAY", "LIMIT;limit_price=59000;tif=GTC"),
     {**PLACED, "order_type": "limit", "price": "59000"}),
    ("flat before it", PLACE + "flatten_first=true;", ("flatten_first", "CLOSEPOSITION first")),
    ("not flat before it", PLACE + "flatten_first=false;", PLACED),
    ("everything", "key=TOKEN;command=flatteneverything;",
     ("command", "'flatteneverything': send CLOSEPOSITION")),
    ("a part", "key=TOKEN;command=CLOSEPOSITION;instrument=BTCUSD;percent=0.5;",
     ("percent", "close with percent")),
    ("its cancel", "key=TOKEN;command=CANCELORDERS;account=s;instrument=BTCUSD;",
     {"symbol": "BTCUSD", "action": "cancel", "scope": "strategy"}),
])  # fmt: skip

ROWS = [*NESTED, *TRADERSPOST, *THREECOMMAS, *THREECOMMAS_DCA, *OKX, *ALTRADY, *PICKMYTRADE,
    *FINANDY, *TVHUB, *WUNDER, *OCTOBOT, *CROSSTRADE]  # fmt: skip
