"""The nested message of many public scripts: an object ``strategy``, and the passphrase."""

from __future__ import annotations

from typing import Any

from webhook_core.intake.dialects import shorts
from webhook_core.intake.dialects.dialect import Dialect, Fields
from webhook_core.intake.dialects.names import Names, framing, table

_ROWS = table(
    mapped="time timenow ticker strategy fired_at strategy_name validate",
    idle="exchange interval bar",
)
_STRATEGY = table(
    mapped="order_action order_contracts order_price market_position market_position_size "
    "prev_market_position prev_market_position_size position_size",
    idle="order_id order_comment",
)


_POSITIONS = {**shorts.AS_OURS, "position_size": "position_size"}


def _recognises(fields: Fields) -> bool:
    strategy = fields.get("strategy")
    return isinstance(strategy, dict) and "order_action" in strategy and "ticker" in fields


def _read(names: Names) -> dict[str, Any]:
    strategy = names.inner("strategy", _STRATEGY)
    around = shorts.around(strategy, _POSITIONS)
    side, size = strategy.raw("order_action"), (strategy, "order_contracts")
    return {
        **names.ours(symbol="ticker", time="time", timenow="timenow"),
        **framing(names),
        **strategy.ours(side="order_action", contracts="order_contracts", price="order_price"),
        **strategy.ours(**_POSITIONS),
        **shorts.long_part(strategy, side, around, size),
    }


DIALECT = Dialect("the nested format", _recognises, ("passphrase",), _ROWS, _read)
