"""The words that stand beside those that speak of an order, and the values that are one.

In lower case and without inflection.
"""

from __future__ import annotations

from webhook_core.intake.field_names import word_set

FILLERS = word_set(
    "order orders ord market prev is has do go to my the use set not all only new auto max "
    "min of with price value level loss trade trading account balance equity capital wallet "
    "portfolio pos run exec execution bot env base quote currency ccy fixed initial custom "
    "distance dist offset points ticks ratio trigger last first next open vol volume id tag "
    "name comment note text idx params method style class strategy atr step on half full"
)
"""What stands beside such words in a name that is written together, as in ``closeposition``."""
SAYS_BY_BEING_OFF = word_set("live real enable active armed execute")
"""Where off is an order too: not to trade."""
MEASURED = word_set("long short buy sell bullish bearish live real active")
"""Beside another word a number is a measure of the chart, as in ``ema_long``."""
MEASURES = word_set(
    "changepct changepercent pctchange percentchange pricechangepct pricechangepercent "
    "percentrank percentb pctb percentk percentd percentr macdsignal signalline netprofit "
    "grossprofit openprofit profitfactor ticksize "
)
"""Names of indicators and of the strategy's report, which say nothing of an order as long as they
are numbers."""
OF_A_BAR = word_set(
    "bar candle kline prev previous last price time day daily week weekly month monthly ha"
)
"""What stands beside the close of a bar, as in ``prev_close``."""

VALUES = word_set(
    "buy sell long short flat exit close closed closing flatten liquidate enter entry hold "
    "skip ignore reverse flip cancel canceled cancelled amend modify market mkt limit lmt stop "
    "stopped exited sl tp stoploss takeprofit trail trailing iceberg settle oco bracket "
    "percent percentage pct quote contract contracts lot lots unit units share shares pip "
    "pips risk cash notional leverage margin isolated hedge hedged oneway linear inverse "
    "futures perpetual perp swap paper test testnet demo sandbox simulation simulated dryrun "
    "cover covered unwind squareoff scaleout scalein halt halted partial partially half breakeven "
    "simulate takeprofits notrade notrading donottrade donttrade "
    "backtest live disabled paused gtc gtd ioc fok postonly reduceonly reduce add"
)
"""Values that are an order, alone or with each other and with ``VALUE_FILLERS``."""
VALUE_FILLERS = word_set(
    "all position positions order orders now at on to the my of or and only open price off loss "
    "profit take run dry post with equity balance go trade trading mode signal hit out strong"
)
