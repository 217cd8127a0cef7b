"""OKX' signal bot and its likes (BloFin): ``signalToken`` and ``instrument``.

okx.com/help/signal-bot-alert-message-specifications
"""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import shorts
from webhook_core.intake.dialects.dialect import Dialect, has_all
from webhook_core.intake.dialects.names import NO_SHORTS, Names, framing, table, words
from webhook_core.intake.field_values import order_text

_POSITIONS = {
    "market_position": "marketPosition",
    "market_position_size": "marketPositionSize",
    "prev_market_position": "prevMarketPosition",
    "prev_market_position_size": "prevMarketPositionSize",
}
_ROWS = table(
    mapped="action instrument timestamp orderType investmentType amount fired_at strategy_name "
    "validate " + " ".join(_POSITIONS.values()),
    idle="id maxLag",
    refused={"orderPriceOffset": "a limit is a price here: send orderType market, or our fields"},
)
_ACTIONS = words("buy sell enter_long exit_long", {"enter_short exit_short": NO_SHORTS})
_TYPES = words(
    "market", {"limit": "its price is an offset there: send orderType market, or our fields"}
)
_COUNTS = words(
    "base margin percentage_balance percentage_position",
    {
        "contract": "spot has no contracts: send base, in the coin",
        "percentage_investment": "what the bot was given is not known here: send "
        "percentage_balance",
    },
)
_OURS = {"margin": "quote", "percentage_balance": "percent_balance"}


def _read(names: Names) -> dict[str, Any]:
    action = names.needed("action", _ACTIONS, "send buy, sell, ENTER_LONG or EXIT_LONG")
    names.word("orderType", _TYPES)
    _check_instrument(names)
    about = {**names.ours(symbol="instrument", fired_at="timestamp"), **framing(names)}
    counted = names.word("investmentType", _COUNTS)
    if names.has("amount") and counted is None:
        raise names.missing("investmentType", "it says what amount counts")
    if counted is not None and not names.has("amount"):
        raise names.missing("amount", "investmentType says what it counts")
    around = shorts.around(names, _POSITIONS)
    if action == "exit_long" or (action == "sell" and counted == "percentage_position"):
        return {**about, "action": "close", **_part(names, counted), **around}
    if counted == "percentage_position":
        raise names.fault("investmentType", "percentage_position goes with EXIT_LONG or sell")
    side = "buy" if action == "enter_long" else action
    size = None if counted in _OURS else (names, "amount")
    around = shorts.long_part(names, side, around, size, _POSITIONS)
    asked = {**about, "action": side, **around}
    if counted in _OURS:
        return {**asked, **names.ours(volume="amount"), "quantity_type": _OURS[counted]}
    return {**asked, **names.ours(contracts="amount")}


def _part(names: Names, counted: str | None) -> dict[str, Any]:
    if counted in (None, "percentage_position"):
        return names.ours(percent="amount")
    raise names.fault(
        "investmentType", "with EXIT_LONG must be percentage_position; without it all is closed"
    )


def _check_instrument(names: Names) -> None:
    if not names.has("instrument"):
        raise names.missing("instrument", 'send "{{ticker}}" or a pair such as BTC-USD')
    text = order_text(names.sent("instrument")).upper()
    if text.count("-") > 1 or text.endswith(".P") or "USDT:" in text:
        raise names.fault(
            "instrument", "is a swap or a future; only spot is traded: send one such as BTC-USD"
        )


DIALECT = Dialect(
    "OKX' signal bot", has_all("signalToken", "instrument"), ("signalToken",), _ROWS, _read
)
